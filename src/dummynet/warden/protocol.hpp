#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/os/bytes.hpp"

/// What owner and warden say to each other over one SOCK_SEQPACKET socket. Each message is one datagram:
/// type (u8), id (u32), body; numbers in the machine's order, since both ends are one build on one machine; strings
/// with their length before them. The reader trusts nothing: every length is checked, and a message that is too short,
/// too long or of an unknown type is no message at all.
namespace dummynet::warden {

/// Both sides must name the same.
inline constexpr std::uint32_t kProtocolVersion = 3;
/// A body beyond this travels in a memfd, whose descriptor comes last.
inline constexpr std::size_t kMaxInlineBytes = 48U << 10U;
/// Beyond this a request is refused; the kernel's own limit for arguments and environment is below: execve(2).
inline constexpr std::size_t kMaxBodyBytes = 64U << 20U;

enum class Type : std::uint8_t {
  // owner → warden
  configure = 1,
  defaults,
  start,
  signal,
  kill_tree,
  kill_all,
  usage,
  make_nodes,
  set_node_file,
  open_socket,
  find_socket,
  set_sysctls,
  drop_node,
  keep_undo,
  forget_undo,
  // warden → owner
  hello = 64,
  refused,
  started,
  ended,
  tree_gone,
  all_gone,
  usage_is,
  nodes_made,
  done,
  socket_opened,
  socket_owner,
  sysctls_were,
};

/// The same numbers as dummynet::Containment and dummynet::Source, which this layer does not know; core asserts it.
enum class Containment : std::uint8_t { none, subreaper, cgroup, pid_namespace };
enum class Source : std::uint8_t { none, cgroup_v2, cgroup_v1, rusage, sampled };

/// How the v2 cgroup of a run is named, which lies beside or below that of its owner.
inline std::string cgroup_name(const std::string& run) { return "dummynet." + run; }
/// How the v1 memory cgroups of a run are named, which lie side by side: the tree's number follows.
inline std::string memory_cgroup_prefix(const std::string& run) { return "dummynet." + run + '.'; }

/// What a step was about; the same words for every refusal.
struct Refusal {
  std::uint8_t step = 0;  ///< os::SpawnStep
  std::int32_t error_number = 0;
  std::string object;
  bool interpreter_missing = false;
};

struct Configure {
  std::uint32_t version = kProtocolVersion;
  bool sandbox = false;       ///< all namespaces, nodes possible
  bool host_network = false;  ///< all but the network: that of a sandbox is the machine's own
  bool isolate = false;       ///< user (identity-mapped) and PID namespace only
  bool use_cgroups = true;
  std::string run;  ///< names this run: cgroup folder, environment marker
  /// Goes, with the files in it, when everything else has ended; empty: none.
  std::string directory;
};

struct Hello {
  std::uint32_t version = kProtocolVersion;
  Containment containment{};
  bool own_pid_namespace = false;
  bool accounts_cpu = false;  ///< a cgroup for each process tree
  bool accounts_memory = false;
  bool maps_to_root = false;  ///< the owner's user is uid 0 inside, and there is no other
  pid_t pid = 0;              ///< in its own terms
  pid_t guardian = 0;         ///< the process above it, which ends last of all, as the owner sees it; 0: there is none
  std::string cgroup;         ///< path of the run's cgroup as the owner sees it; empty: none
  std::vector<std::string> notices;
};

/// What a start inherits unless it says otherwise.
struct Defaults {
  std::string cwd;
  std::vector<std::string> environment;  ///< "NAME=value"
};

struct Limit {
  std::int32_t resource = 0;
  std::uint64_t value = 0;
};

struct Start {
  std::vector<std::string> arguments;
  std::string program;     ///< what to look up in PATH; usually arguments[0]
  std::string must_exist;  ///< also to be found there first; see os::SpawnRequest
  std::string cwd;         ///< empty: the default; else absolute, or relative to the default
  bool clear_environment = false;
  std::vector<std::string> environment;  ///< "NAME=value", replacing defaults of the same name
  std::int32_t node = -1;
  bool change_identity = false;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
  std::vector<std::uint32_t> groups;  ///< supplementary ones, with change_identity
  bool own_user_namespace = false;    ///< uid and gid are what the warden's own are called in one more user namespace
  bool controlling_terminal = false;  ///< standard input is a terminal, to become that of its session
  bool leave_tree = false;
  std::vector<Limit> limits;          ///< setrlimit(2)
  bool account_memory = false;        ///< a memory cgroup of its own, where one can be had
  std::uint64_t memory_bytes = 0;     ///< cgroup limits; 0: none
  std::uint64_t cpu_thousandths = 0;  ///< of one CPU
  std::uint64_t processes = 0;
  // descriptors: standard input, output, error
};

struct Signal {
  std::int32_t number = 0;
  bool whole_tree = false;
};

struct Usage {
  std::uint64_t cpu_us = 0, cpu_user_us = 0, cpu_system_us = 0;
  Source cpu_source{};
  std::uint64_t memory_now_bytes = 0;
  Source memory_now_source{};
  std::uint64_t memory_peak_bytes = 0;
  Source memory_peak_source{};
  std::uint64_t max_rss_bytes = 0;
};

struct Started {
  pid_t pid = 0;  ///< in the warden's terms
  std::vector<std::string> notices;
};

struct Ended {
  std::int32_t code = 0;  ///< CLD_EXITED, CLD_KILLED, CLD_DUMPED: waitid(2)
  std::int32_t status = 0;
  bool tree_empty = true;  ///< false: tree_gone follows some day
  Usage usage;
};

struct Member {
  pid_t pid = 0;
  std::string command;
};

struct TreeGone {
  std::vector<Member> killed;  ///< what kill_tree found
  Usage usage;
};

struct AllGone {
  std::vector<Member> stuck;  ///< cannot be killed: uninterruptible, or another user's
};

/// "net.ipv4.ip_forward" = "1": see os/sysctl.hpp.
struct Sysctl {
  std::string name;
  std::string value;
};

/// A file that a node shall have in the place of the machine's own.
struct NewFile {
  std::string path;
  bool if_there = false;     ///< false: refused when there is no such file to be replaced
  std::uint32_t shared = 0;  ///< 0: the node's own. Else a number for this content, which nodes then share read-only
  bool has_content = true;   ///< false: the content that came with this number before
  std::string content;
};

struct NewNode {
  std::string name;  ///< for refusals
  std::vector<NewFile> files;
  std::vector<Sysctl> sysctls;
};

/// All of them or, when one is refused, none.
struct MakeNodes {
  static constexpr std::size_t kMax = 64;  ///< two descriptors each come back in one message
  std::vector<NewNode> nodes;
};

struct NodesMade {
  std::int32_t first = -1;  ///< their numbers follow each other
  std::uint32_t count = 0;
  // descriptors: for each its network namespace and an rtnetlink socket in it
};

struct SetSysctls {
  std::int32_t node = -1;
  std::vector<Sysctl> sysctls;
};

/// What they were before, in the same order.
struct SysctlsWere {
  std::vector<std::string> values;
};

struct DropNode {
  std::int32_t node = -1;
};

/// What the guardian does when everything else has ended, however that came about; the last first. For what the kernel
/// does not take away by itself. What is no longer there to be undone is left alone.
struct Undo {
  enum class Kind : std::uint8_t {
    netlink,  ///< `object`: one rtnetlink request, as it is sent
    sysctl,   ///< `object`: its name, `value`
    cgroup,   ///< `object`: the directory, to be removed; who is in it goes to the one above
  };
  Kind kind{};
  std::uint32_t number = 0;  ///< the owner's, for forget_undo
  std::string object;
  std::string value;
};

struct ForgetUndo {
  std::uint32_t number = 0;
};

struct NodeFile {
  std::int32_t node = -1;
  std::string path;
  std::string content;
};

struct SocketRequest {
  std::int32_t node = -1;
  std::int32_t domain = 0, type = 0, protocol = 0;
};

struct SocketOwner {
  bool in_tree = false;
  pid_t holder = 0;  ///< somebody else's process, as the warden sees it; 0: not to be seen
  std::string command;
};

/// Puts a message together. Reusable: begin() starts anew and keeps the memory.
class Writer {
 public:
  Writer& begin(Type type, std::uint32_t id, bool body_in_memfd = false);
  /// Where the message goes on.
  os::ByteWriter& body() noexcept { return bytes_; }
  std::string_view bytes() const noexcept { return bytes_.bytes(); }

 private:
  os::ByteWriter bytes_;
};

struct Header {
  Type type{};
  std::uint32_t id = 0;
  bool body_in_memfd = false;
  std::string_view body;
};
/// Nothing for fewer than five bytes or an unknown type.
std::optional<Header> parse_header(std::string_view message);

void write(Writer&, const Configure&);
void write(Writer&, const Hello&);
void write(Writer&, const Defaults&);
void write(Writer&, const Start&);
void write(Writer&, const Signal&);
void write(Writer&, const Refusal&);
void write(Writer&, const Started&);
void write(Writer&, const Ended&);
void write(Writer&, const Usage&);
void write(Writer&, const TreeGone&);
void write(Writer&, const AllGone&);
void write(Writer&, const MakeNodes&);
void write(Writer&, const NodesMade&);
void write(Writer&, const SetSysctls&);
void write(Writer&, const SysctlsWere&);
void write(Writer&, const DropNode&);
void write(Writer&, const Undo&);
void write(Writer&, const ForgetUndo&);
void write(Writer&, const NodeFile&);
void write(Writer&, const SocketRequest&);
void write(Writer&, const SocketOwner&);

/// Reads a whole body as `Message`; nothing when it is malformed in any way.
template <typename Message>
std::optional<Message> parse(std::string_view body);

}  // namespace dummynet::warden
