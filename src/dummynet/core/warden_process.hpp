#pragma once

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "dummynet/core/error.hpp"
#include "dummynet/core/monitor.hpp"
#include "dummynet/core/warden.hpp"
#include "dummynet/os/message_socket.hpp"
#include "dummynet/warden/protocol.hpp"

namespace dummynet {

/// The owner's end of a warden: starts it, talks to it, and knows when it is gone.
class WardenProcess final : public Warden {
 public:
  struct Message {
    warden::Type type{};
    std::uint32_t id = 0;
    std::string body;
    os::FdList fds;
    bool truncated = false;  ///< not all descriptors could be received
    pid_t about = 0;         ///< the process it speaks of, as this program sees it; 0: the number in the body is right
  };
  /// Starts the program that shall have the other end of the socket: launch_warden, or sudo(8).
  using Launcher = std::function<void(os::Fd socket)>;

  /// Blocks until the warden is at work. Throws StartError with its refusal.
  WardenProcess(const MonitorOptions& options, std::string run, const Launcher& launch);
  /// Ends it and waits until it, and with it everything it started, is gone.
  ~WardenProcess() override;
  WardenProcess(const WardenProcess&) = delete;
  WardenProcess& operator=(const WardenProcess&) = delete;

  void make_nodes(std::size_t count, const std::function<NodeSetup(std::size_t)>& setup,
                  const std::function<void(std::size_t, Node)>& made) override;
  void set_node_file(int node, const std::string& path, const std::string& content) override;
  std::vector<Sysctl> set_sysctls(int node, const std::vector<Sysctl>& sysctls) override;
  void drop_node(int node) override;
  std::uint32_t keep_undo(const Undo& undo) override;
  void forget_undo(std::uint32_t number) override;
  os::Fd open_socket(int node, int domain, int type, int protocol) override;
  pid_t pid() const override { return pid_; }
  Containment containment() const override;
  const warden::Hello& hello() const noexcept { return hello_; }

  /// For questions; processes have numbers without the highest bit.
  std::uint32_t next_id() noexcept { return 0x8000'0000U | ++last_id_; }
  /// Tells the warden what processes inherit, when that has changed: this program's directory and environment.
  void refresh_defaults();
  const std::string& default_cwd() const noexcept { return defaults_.cwd; }

  /// False: the warden is gone.
  template <typename Body>
  bool send(warden::Type type, std::uint32_t id, const Body& body, std::span<const int> fds = {}) {
    write(writer_.begin(type, id), body);
    return send_written(type, id, fds);
  }
  bool send(warden::Type type, std::uint32_t id) {
    writer_.begin(type, id);
    return send_written(type, id, {});
  }
  /// Sends and waits for the answer (or its refusal, which is thrown); everything else that comes is kept for take().
  template <typename Reply, typename Body>
  Reply ask(warden::Type type, const Body& body, warden::Type reply, std::uint32_t id, os::FdList* fds = nullptr,
            pid_t* about = nullptr);
  /// Throws what the warden refused, as std::system_error.
  static void throw_if_refused(const Message& answer);
  /// Waits for one of these answers. Throws StartError when the warden is lost.
  Message await(std::uint32_t id, warden::Type reply);

  /// Writes a request that is not a fixed message.
  warden::Writer& writer(warden::Type type, std::uint32_t id) { return writer_.begin(type, id); }
  bool send_written(warden::Type type, std::uint32_t id, std::span<const int> fds);

  int fd() const noexcept { return socket_.get(); }
  /// The next message, kept or new; does not wait.
  std::optional<Message> take();
  bool has_kept() const noexcept { return !kept_.empty(); }
  bool is_lost() const noexcept { return lost_; }

  /// Ends what a killed warden could not end itself: waits for its namespace, kills and removes its cgroup, looks for
  /// marked processes. Returns what is still there.
  Message await_hello();
  void remove_unannounced_cgroup() const noexcept;
  void clean_up_after_it() noexcept;

 private:
  std::optional<Message> receive(bool wait);
  bool send_large(warden::Type type, std::uint32_t id, std::span<const int> fds);
  void sweep_marked() const noexcept;

  os::Fd socket_;
  os::Fd pidfd_;
  os::Fd guardian_pidfd_;
  std::string run_;
  warden::Hello hello_;
  pid_t pid_ = 0;
  std::uint32_t last_id_ = 0;
  warden::Defaults defaults_;
  bool defaults_sent_ = false;
  warden::Writer writer_;
  std::string buffer_;
  std::deque<Message> kept_;
  bool lost_ = false;
  bool cleaned_ = false;
};

/// A refusal of the warden in this library's words.
StartError to_start_error(const warden::Refusal& refusal, const std::string& command);

}  // namespace dummynet
