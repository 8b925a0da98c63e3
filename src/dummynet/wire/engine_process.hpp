#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/wire/control_socket.hpp"
#include "dummynet/wire/counters.hpp"

namespace dummynet::wire {

/// The owner's side of the link engine: starts its process under the monitor's warden, where it outlives all others in
/// ProcessMonitor::stop(), and talks to it. Its calls block for one round trip and throw std::runtime_error with the
/// engine's refusal, or with its last words when it has ended.
class EngineProcess {
 public:
  /// `configuration`: without its version and `log_packets`. `packet_log`: where to write it; empty: none. The monitor
  /// must outlive this.
  EngineProcess(ProcessMonitor& monitor, control::Configure configuration, os::Fd packet_log);
  /// Ends it, when it has written what there is to be written.
  ~EngineProcess();
  EngineProcess(const EngineProcess&) = delete;
  EngineProcess& operator=(const EngineProcess&) = delete;

  /// The packet sockets of both ends; see Pump::add_link().
  void add_link(std::uint32_t position, std::array<std::vector<os::Fd>, 2> ends,
                const std::array<Impairment, 2>& directions);
  /// Frames pass from now on.
  void begin();
  void set(const control::Set& changes);
  /// One for each link, also those from the engine's end if ProcessMonitor::stop() ended it.
  std::vector<LinkCounters> counters();
  /// See LinkEngine::on_end().
  void on_end(std::function<void(const std::string& why)> callback);
  pid_t pid() const { return process_->pid(); }

 private:
  struct Door;  // through which the monitor finds this object, or that it is gone

  explicit EngineProcess(ProcessMonitor& monitor);

  ControlMessage ask(control::Type type, const std::string& body, control::Type reply, std::span<const int> fds = {});
  void take_news();
  void note_counters(const control::Counters& counters);
  void ended(const RunInfo& info);
  std::string last_words() const;

  ProcessMonitor& monitor_;
  std::shared_ptr<Door> door_;
  ControlSocket control_;
  Poller::Id watch_ = 0;
  os::Fd words_;
  ProcessHandle process_;
  std::vector<LinkCounters> counters_;  // as told last
  std::size_t told_ = 0;                // of them, since they were asked for
  std::string why_ended_;               // empty: it runs
  bool was_stopped_ = false;
  std::function<void(const std::string&)> on_end_;
};

}  // namespace dummynet::wire
