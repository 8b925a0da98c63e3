#pragma once

#include <array>
#include <deque>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/core/process_record.hpp"
#include "dummynet/core/user.hpp"
#include "dummynet/core/warden_process.hpp"

namespace dummynet {

class SudoSession;

/// What the warden measured, in our words.
Resources to_resources(const warden::Usage& usage);

/// What a ProcessMonitor is inside: the events of all processes, their order, and what they mean.
///
/// Events come from one Poller: the wardens' sockets, the pipes, deadlines. Handlers change records; the program's own
/// callbacks are called through call_back(), never while another one runs.
class MonitorState {
 public:
  using ProcessPtr = std::shared_ptr<Process>;

  explicit MonitorState(MonitorOptions options);
  ~MonitorState();
  MonitorState(const MonitorState&) = delete;
  MonitorState& operator=(const MonitorState&) = delete;

  enum class Role { async, blocking, probe };
  /// Throws StartError.
  ProcessPtr start(const Command& command, const RunOptions& options, Role role);

  /// Handles what is there, waiting for at most `timeout` (negative: until something comes).
  void pump(std::chrono::nanoseconds timeout);
  /// The same inside a callback, or where none may run: theirs wait until the next pump().
  void pump_quietly(std::chrono::nanoseconds timeout);
  /// Pumps until `done` holds or the time is over; true when it holds.
  template <typename Predicate>
  bool pump_until(Predicate done, Clock::time_point deadline);

  const MonitorOptions& options() const noexcept { return options_; }

  /// Throws std::logic_error inside of a callback.
  void require_outside_callback(const char* function) const;
  bool in_callback() const noexcept { return pump_depth_ > 0; }
  /// Now, or only when the next pump() is at it: callbacks run between events, not inside of calls that start
  /// something.
  bool may_call_back() const noexcept { return !calling_back_ && quiet_depth_ == 0 && (pump_depth_ > 0 || stopping_); }
  /// Throws what a callback threw, then all failures not yet told.
  void throw_pending();
  bool has_failures() const noexcept { return !failures_.empty(); }
  bool has_callback_error() const noexcept { return callback_error_ != nullptr; }
  /// There is something to throw: whoever would throw it must not wait.
  bool has_news() const noexcept { return has_failures() || has_callback_error(); }
  std::vector<std::exception_ptr> take_failures();
  void add_failure(const ProcessRecord& record, std::exception_ptr failure) {
    failures_[record.order] = std::move(failure);
  }
  void rethrow_callback_error();

  // One process.
  void signal(ProcessRecord& record, int number, bool whole_tree);
  void kill_tree(ProcessRecord& record);
  /// What follows is no failure, unless it failed before.
  static void mark_stopped(ProcessRecord& record);
  /// Its stop signal now, SIGKILL after `grace`; what follows is no failure if `wanted`.
  void end(ProcessRecord& record, std::chrono::nanoseconds grace, bool wanted);
  bool wait_finished(ProcessRecord& record, Clock::time_point deadline);
  void write_input(ProcessRecord& record, std::string_view bytes);
  void close_input(ProcessRecord& record);
  RunInfo snapshot(const ProcessRecord& record);
  std::exception_ptr failure_of(const ProcessRecord& record) const;

  // Readiness.
  void became_ready(ProcessRecord& record);
  void failed_to_be_ready(ProcessRecord& record, const std::string& why);

  /// Two phases on one clock; see ProcessMonitor::stop.
  void stop_all(std::chrono::nanoseconds timeout);

  WardenProcess& warden();
  /// Starts the warden.
  Standing standing();
  WardenProcess& sudo_warden(const Command& command);
  Poller& poller() noexcept { return poller_; }
  void log(const std::string& message) const;
  /// Makes fd() readable.
  void wake() noexcept;
  ProcessPtr find(std::uint32_t id) const;
  /// A number that no process has had.
  std::uint32_t take_id() noexcept { return ++last_id_; }

  int live_clients = 0;
  int clients_started = 0;
  int daemons_started = 0;
  bool stop_requested = false;

 private:
  class CallbackScope;
  void watch(WardenProcess& warden, Poller::Id& id);

  ProcessPtr start_now(const Command& command, const RunOptions& options, Role role);
  void check_arguments(const Command& command, const RunOptions& options) const;
  warden::Start make_request(const ProcessRecord& record) const;
  Identity identity_for(const Command& command, const RunOptions& options);
  struct StandardStreams {
    std::array<int, 3> numbers{-1, -1, -1};
    std::array<os::Fd, 3> owned;
  };
  StandardStreams open_standard_streams(ProcessRecord& record);
  void forget(ProcessRecord& record, Role role);
  void has_started(ProcessRecord& record, const WardenProcess::Message& message);

  void handle_messages(WardenProcess& warden);
  void handle(WardenProcess::Message& message);
  void on_refused(ProcessRecord& record, const warden::Refusal& refusal);
  void on_ended(ProcessRecord& record, const warden::Ended& ended);
  void on_tree_gone(ProcessRecord& record, const warden::TreeGone& gone);
  void on_lost(WardenProcess& warden);
  void on_timeout(ProcessRecord& record);
  void on_drain(ProcessRecord& record);

  void watch_output(ProcessRecord& record, OutputChannel& channel);
  void read_output(ProcessRecord& record, OutputChannel& channel, std::uint32_t events);
  /// When something was read: what callbacks are told of it.
  struct ReadMark {
    std::uint64_t wake_up;
    Clock::time_point read_at;
  };
  static void look_for_readiness(ProcessRecord& record, OutputChannel& channel, std::string_view bytes, bool at_end);
  void deliver(ProcessRecord& record, OutputChannel& channel, std::string_view bytes, ReadMark mark);
  void deliver_lines(ProcessRecord& record, OutputChannel& channel, std::string_view bytes, bool at_end, ReadMark mark);
  void deliver_end(ProcessRecord& record, OutputChannel& channel, ReadMark mark);
  void close_output(ProcessRecord& record, OutputChannel& channel);
  void drain_now(ProcessRecord& record, OutputChannel& channel);
  void flush_input(ProcessRecord& record);

  void arm_drain(ProcessRecord& record);
  void finish_if_over(ProcessRecord& record);
  void finish(ProcessRecord& record);
  void bury(ProcessRecord& record);
  void cancel(Poller::Id& id);
  template <typename Function>
  void call_back(Function function);
  /// For when callbacks may run again; in this order.
  void defer(std::function<void()> work);
  void run_deferred();

  std::vector<ProcessPtr> live_in_order(bool daemons) const;
  void stop_clients(Clock::time_point until);
  void stop_daemons(Clock::time_point from, Clock::time_point until);
  void stop_last(Clock::time_point until);
  void kill_everything();

  MonitorOptions options_;
  Poller poller_;
  os::Fd null_;  // /dev/null, for reading
  os::Fd wake_;  // eventfd: there is something to do that no descriptor tells
  std::unique_ptr<WardenProcess> warden_;
  std::unique_ptr<SudoSession> sudo_;
  std::unique_ptr<WardenProcess> sudo_warden_;  // its sudo lives in warden_, which must outlive it
  std::vector<std::unique_ptr<WardenProcess>> lost_wardens_;
  Poller::Id warden_watch_ = 0;
  Poller::Id sudo_watch_ = 0;
  std::unordered_map<std::uint32_t, ProcessPtr> live_;
  std::vector<ProcessPtr> ended_;  // until the pump() is over in which they ended: a callback of theirs may be at work
  std::map<std::uint64_t, std::exception_ptr> failures_;  // by the order of starting
  std::deque<std::function<void()>> deferred_;
  std::exception_ptr callback_error_;
  std::string buffer_;
  std::uint64_t last_order_ = 0;
  std::uint32_t last_id_ = 0;
  int pump_depth_ = 0;
  int quiet_depth_ = 0;
  bool calling_back_ = false;
  bool delivering_ = false;  // something that was read is told, which must not be interrupted by what came later
  bool stopping_ = false;
};

template <typename Predicate>
bool MonitorState::pump_until(Predicate done, Clock::time_point deadline) {
  while (!done()) {
    const auto now = Clock::now();
    if (now >= deadline) return false;
    const auto rest = deadline - now;
    if (in_callback()) {
      pump_quietly(rest);
    } else {
      pump(rest);
    }
  }
  return true;
}

template <typename Function>
void MonitorState::call_back(Function function) {
  if (!may_call_back()) return defer([this, function] { call_back(function); });
  run_deferred();  // what came before goes first
  calling_back_ = true;
  try {
    function();
  } catch (...) {
    if (!callback_error_) callback_error_ = std::current_exception();
  }
  calling_back_ = false;
}

}  // namespace dummynet
