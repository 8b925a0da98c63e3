#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstdint>
#include <span>

namespace dummynet::os {

/// What a new process was doing when the kernel refused.
enum class SpawnStep : std::uint8_t {
  none,
  clone,
  cgroup,
  namespaces,
  limits,
  identity,
  working_directory,
  input_output,
  execute,
};

struct ResourceLimit {
  int resource;  ///< RLIMIT_…: getrlimit(2)
  rlim_t soft;
  rlim_t hard;
};

/// Everything a child needs, ready-made: between clone and exec nothing is allocated. All pointers borrow.
struct SpawnRequest {
  const char* const* argv = nullptr;        ///< null-terminated
  const char* const* envp = nullptr;        ///< null-terminated
  const char* const* candidates = nullptr;  ///< paths to execute, tried in order as execvp(3) does; null-terminated
  /// Paths that must lead to a program (or script with an interpreter that exists) before `candidates` are tried: for
  /// a shell line, so that its program's absence is told as for a vector. Null: no such look.
  const char* const* must_exist = nullptr;
  const char* cwd = nullptr;
  std::array<int, 3> standard_fds{-1, -1, -1};  ///< become 0, 1, 2; none may be below 3
  int network_namespace = -1;
  int mount_namespace = -1;
  int cgroup_directory = -1;     ///< an O_DIRECTORY descriptor of a cgroup v2
  int memory_cgroup_procs = -1;  ///< cgroup.procs of a v1 memory cgroup, open for writing; the child joins it
  bool change_identity = false;  ///< to `uid` and `gid`, with these supplementary groups and no others
  uid_t uid = 0;
  gid_t gid = 0;
  std::span<const gid_t> groups;
  /// Lines for /proc/self/uid_map and gid_map: the child goes to a user namespace of its own once it has joined the
  /// others, user_namespaces(7). Null: it does not.
  const char* uid_map = nullptr;
  const char* gid_map = nullptr;
  bool controlling_terminal = false;  ///< standard input becomes the terminal of its session: tty_ioctl(4)
  int death_signal = 0;               ///< PR_SET_PDEATHSIG
  std::span<const ResourceLimit> limits;
};

struct SpawnResult {
  pid_t pid = -1;                    ///< > 0: it runs; exec(2) has succeeded
  SpawnStep step = SpawnStep::none;  ///< what failed
  int error_number = 0;
  int candidate = -1;                ///< the index in `must_exist` or `candidates` that the error is about
  bool interpreter_missing = false;  ///< the program is there, what its #! line names is not
};

/// Which of the kernel's ways a Spawner uses. Detected; a test forces the older ones.
enum class CloneMethod {
  clone3,  ///< Linux 5.7: straight into the cgroup, handlers cleared
  clone,   ///< clone(2); the child moves itself into the cgroup
};

/// Starts processes for a single-threaded program that has no signal handlers and ignores nothing: clone3(2) with
/// CLONE_VM | CLONE_VFORK on a stack of its own, so that the cost does not grow with the caller.
class Spawner {
 public:
  Spawner();
  ~Spawner();
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;

  /// The child: session of its own, descriptors 0 to 2 and no others, no signal ignored or blocked. Returns after
  /// exec(2).
  SpawnResult spawn(const SpawnRequest& request);

  /// Whether a child can be cloned straight into this cgroup and live; if not, children move themselves from now on.
  /// It cannot where the caller's own cgroup was killed once and Linux is 6.14 or later; see CgroupPool.
  bool try_cgroup(int directory);

  CloneMethod method() const noexcept { return method_; }
  void set_method(CloneMethod method) noexcept { method_ = method; }

 private:
  struct Shared;
  void* stack_ = nullptr;
  Shared* shared_ = nullptr;  // MAP_SHARED: a child that changes its identity does not share our memory
  CloneMethod method_ = CloneMethod::clone3;
};

}  // namespace dummynet::os
