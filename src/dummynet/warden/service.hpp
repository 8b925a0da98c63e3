#pragma once

#include <sys/resource.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/os/message_socket.hpp"
#include "dummynet/os/reaper.hpp"
#include "dummynet/os/spawn.hpp"
#include "dummynet/warden/cgroup_pool.hpp"
#include "dummynet/warden/node_namespaces.hpp"
#include "dummynet/warden/protocol.hpp"
#include "dummynet/warden/reply_queue.hpp"
#include "dummynet/warden/trees.hpp"

namespace dummynet::warden {

/// The warden at work: does what the owner asks, tells of every ending, and ends with all it started when the owner
/// does. Single-threaded, one poll(2); never blocks on the owner.
class Service {
 public:
  struct Setup {
    os::Fd socket;
    os::Fd owner;  ///< pidfd; empty where the kernel has none: then the socket's end has to do
    std::unique_ptr<CgroupPool> cgroups;
    bool use_cgroups = true;  ///< false: not even those of v1
    bool own_pid_namespace = false;
    bool can_make_nodes = false;
    bool maps_to_root = false;  ///< see Hello
    std::string run;
    pid_t guardian = 0;  ///< see Split
    os::Fd to_guardian;
    rlimit open_files{};  ///< what processes get: the owner's
  };
  explicit Service(Setup setup);

  void say_hello(std::vector<std::string> notices);
  /// Returns when the owner is gone and everything is cleaned up.
  void run();

 private:
  using Clock = std::chrono::steady_clock;

  bool receive_one();
  void handle(const Header& header, os::FdList& fds);
  void start(std::uint32_t id, const Start& request, os::FdList& fds);
  void refuse(std::uint32_t id, const Refusal& refusal);
  void refuse(std::uint32_t id, const std::exception& error);
  void make_nodes(std::uint32_t id, MakeNodes request);
  void set_sysctls(std::uint32_t id, const SetSysctls& request);
  void drop_node(std::uint32_t id, std::int32_t index);
  template <typename Message>
  void tell_guardian(Type type, std::uint32_t id, const Message& message);
  void open_socket(std::uint32_t id, const SocketRequest& request);
  void find_socket(std::uint32_t id, std::uint64_t inode);
  NodeNamespaces& node(std::int32_t index);
  NodeNamespaces& prepared_node(std::int32_t index);  // for a process to live in

  bool read_signals();
  void tell(const std::vector<os::Reaper::Ending>& endings);
  void look_after_lingering();
  bool may_look() const { return Clock::now() >= next_look_; }
  Orphans look_for_orphans();
  void look_after_kill_all();
  void shut_down();

  template <typename Message>
  void reply(Type type, std::uint32_t id, const Message& message, std::vector<os::Fd> fds = {},
             std::optional<pid_t> about = {}) {
    replies_.put(type, id, message, std::move(fds), about);
  }
  int poll_timeout_ms() const;

  Setup setup_;
  ReplyQueue replies_;
  os::Fd signals_;
  os::Spawner spawner_;
  Trees trees_;
  Defaults defaults_;
  std::vector<const char*> default_environment_;
  std::optional<NodeMaker> node_maker_;  // with the first node
  std::vector<std::unique_ptr<NodeNamespaces>> nodes_;
  std::string buffer_;
  os::Reaper reaper_;
  pid_t signalled_child_ = 0;
  std::optional<std::uint32_t> kill_all_id_;
  Clock::time_point next_look_{};
  bool look_put_off_ = false;
  Clock::time_point kill_all_since_{};
  int kill_all_refused_ = 0;
};

}  // namespace dummynet::warden
