#include "dummynet/core/monitor_state.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <stdexcept>

#include "dummynet/core/deadline.hpp"
#include "dummynet/core/readiness.hpp"
#include "dummynet/core/sudo.hpp"
#include "dummynet/core/warden_launch.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kReadBytes = 1U << 20U;

std::string new_run_name() {
  std::random_device random;
  char text[32];
  std::snprintf(text, sizeof text, "%d-%08x", static_cast<int>(::getpid()), random());
  return text;
}

}  // namespace

Resources to_resources(const warden::Usage& usage) {
  Resources resources;
  resources.cpu = std::chrono::microseconds{usage.cpu_us};
  resources.cpu_user = std::chrono::microseconds{usage.cpu_user_us};
  resources.cpu_system = std::chrono::microseconds{usage.cpu_system_us};
  resources.cpu_source = static_cast<Source>(usage.cpu_source);
  resources.memory_now_bytes = usage.memory_now_bytes;
  resources.memory_now_source = static_cast<Source>(usage.memory_now_source);
  resources.memory_peak_bytes = usage.memory_peak_bytes;
  resources.memory_peak_source = static_cast<Source>(usage.memory_peak_source);
  resources.leader_max_rss_bytes = usage.max_rss_bytes;
  return resources;
}

// Counts pump() in and out; the outermost one is where the program's callbacks may run.
class MonitorState::CallbackScope {
 public:
  explicit CallbackScope(int& depth) noexcept : depth_{depth} { ++depth_; }
  ~CallbackScope() { --depth_; }
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;

 private:
  int& depth_;
};

MonitorState::MonitorState(MonitorOptions options)
    : options_{std::move(options)}, wake_{os::check(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")} {
  buffer_.resize(kReadBytes + 3);
  poller_.add(wake_.get(), EPOLLIN, [this](std::uint32_t) {
    eventfd_t count = 0;
    ::eventfd_read(wake_.get(), &count);
  });
}

MonitorState::~MonitorState() {
  for (auto& [id, process] : live_) {
    ProcessRecord& record = process->record();
    record.monitor = nullptr;
    record.warden = nullptr;
    record.finished = true;
    record.readiness.reset();
    if (!record.info.ending) record.info.ending = Unknown{"its monitor was destroyed while it ran"};
    record.info.end = Clock::now();
    record.info.out = record.out.kept.take();
    record.info.err = record.err.kept.take();
    record.out.fd.reset();
    record.err.fd.reset();
    record.input.fd.reset();
  }
  sudo_warden_.reset();
  warden_.reset();
}

void MonitorState::wake() noexcept { ::eventfd_write(wake_.get(), 1); }

void MonitorState::log(const std::string& message) const {
  if (options_.log) options_.log(message);
}

// ---- wardens

void MonitorState::watch(WardenProcess& warden, Poller::Id& id) {
  id = poller_.add(warden.fd(), EPOLLIN, [this, &warden](std::uint32_t) { handle_messages(warden); });
}

WardenProcess& MonitorState::warden() {
  if (!warden_) {
    warden_ = std::make_unique<WardenProcess>(options_, new_run_name(), [](os::Fd socket) { launch_warden(socket); });
    for (const std::string& notice : warden_->hello().notices) log(notice);
    watch(*warden_, warden_watch_);
  }
  return *warden_;
}

Standing MonitorState::standing() {
  const bool maps_to_root = options_.sandbox && warden().hello().maps_to_root;
  return {options_.sandbox, maps_to_root, ::geteuid(), ::getegid()};
}

WardenProcess& MonitorState::sudo_warden(const Command& command) {
  if (!sudo_warden_) {
    if (!sudo_) sudo_ = std::make_unique<SudoSession>();
    sudo_warden_ = sudo_->launch(warden(), options_, new_run_name(), command.text());
    for (const std::string& notice : sudo_warden_->hello().notices) log(notice);
    watch(*sudo_warden_, sudo_watch_);
  }
  return *sudo_warden_;
}

void MonitorState::on_lost(WardenProcess& lost) {
  const bool is_sudo = &lost == sudo_warden_.get();
  cancel(is_sudo ? sudo_watch_ : warden_watch_);
  // Others of its messages lie in our caller's hands: it goes when nobody can hold it any more.
  lost_wardens_.push_back(std::move(is_sudo ? sudo_warden_ : warden_));
  log("the warden was lost; all its processes are gone");
  lost.clean_up_after_it();
  for (const ProcessPtr& process : std::vector<ProcessPtr>{[&] {
         std::vector<ProcessPtr> all;
         for (auto& [id, one] : live_) all.push_back(one);
         return all;
       }()}) {
    ProcessRecord& record = process->record();
    if (record.warden != &lost) continue;
    if (!record.leader_ended) {
      record.leader_ended = true;
      record.info.ending = Unknown{"the warden was killed, and it with it"};
      record.info.end = Clock::now();
    }
    record.tree_gone = true;
    drain_now(record, record.out);
    drain_now(record, record.err);
    finish_if_over(record);
  }
}

// ---- events

void MonitorState::pump(std::chrono::nanoseconds timeout) {
  CallbackScope scope{pump_depth_};
  const bool kept = (warden_ && warden_->has_kept()) || (sudo_warden_ && sudo_warden_->has_kept());
  run_deferred();
  if (kept) {
    if (warden_) handle_messages(*warden_);
    if (sudo_warden_) handle_messages(*sudo_warden_);
  }
  try {
    poller_.poll(kept ? 0ns : timeout);
  } catch (...) {
    if (!callback_error_) callback_error_ = std::current_exception();
  }
  run_deferred();
  if ((warden_ && warden_->has_kept()) || (sudo_warden_ && sudo_warden_->has_kept())) wake();
  if (pump_depth_ == 1) {
    lost_wardens_.clear();
    ended_.clear();
  }
}

void MonitorState::pump_quietly(std::chrono::nanoseconds timeout) {
  CallbackScope scope{quiet_depth_};
  pump(timeout);
  // Inside a callback somebody outside comes back to it anyway.
  if (!in_callback() && (!deferred_.empty() || !failures_.empty())) wake();
}

void MonitorState::require_outside_callback(const char* function) const {
  if (in_callback()) {
    throw std::logic_error{std::string{"ProcessMonitor::"} + function +
                           " was called inside a callback; request_stop() is for callbacks"};
  }
}

void MonitorState::defer(std::function<void()> work) {
  deferred_.push_back(std::move(work));
  if (!in_callback()) wake();
}

void MonitorState::run_deferred() {
  if (delivering_) return;
  delivering_ = true;
  while (!deferred_.empty() && may_call_back()) {
    const auto next = std::move(deferred_.front());
    deferred_.pop_front();
    next();
  }
  delivering_ = false;
}

void MonitorState::rethrow_callback_error() {
  if (callback_error_) std::rethrow_exception(std::exchange(callback_error_, nullptr));
}

std::vector<std::exception_ptr> MonitorState::take_failures() {
  std::vector<std::exception_ptr> all;
  for (auto& [order, failure] : failures_) all.push_back(failure);
  failures_.clear();
  return all;
}

void MonitorState::throw_pending() {
  rethrow_callback_error();
  if (failures_.empty()) return;
  pump(0ns);  // what was found together is told together
  rethrow_callback_error();
  throw GroupError{take_failures()};
}

MonitorState::ProcessPtr MonitorState::find(std::uint32_t id) const {
  const auto found = live_.find(id);
  return found == live_.end() ? nullptr : found->second;
}

// ---- one process

void MonitorState::cancel(Poller::Id& id) {
  if (id != 0) poller_.remove(id);
  id = 0;
}

void MonitorState::signal(ProcessRecord& record, int number, bool whole_tree) {
  if (record.warden != nullptr && !record.tree_gone) {
    record.warden->send(warden::Type::signal, record.id, warden::Signal{number, whole_tree});
  }
}

void MonitorState::kill_tree(ProcessRecord& record) {
  if (record.tree_gone || std::exchange(record.kill_sent, true)) return;
  if (record.warden != nullptr) record.warden->send(warden::Type::kill_tree, record.id);
}

void MonitorState::mark_stopped(ProcessRecord& record) {
  if (!record.leader_ended && !record.info.timed_out && record.ready_failure.empty()) record.info.stopped = true;
}

void MonitorState::end(ProcessRecord& record, std::chrono::nanoseconds grace, bool wanted) {
  if (record.tree_gone) return;
  if (wanted) mark_stopped(record);
  cancel(record.timeout);
  signal(record, record.options.stop_signal, true);
  signal(record, SIGCONT, true);  // a stopped process hears nothing but SIGKILL
  cancel(record.escalation);
  record.escalation = poller_.add_deadline(deadline_after(grace), [this, &record] {
    record.escalation = 0;
    kill_tree(record);
  });
}

bool MonitorState::wait_finished(ProcessRecord& record, Clock::time_point deadline) {
  return pump_until([&record] { return record.finished && record.tree_gone; }, deadline);
}

RunInfo MonitorState::snapshot(const ProcessRecord& record) {
  RunInfo info = record.info;
  if (record.finished) return info;
  info.out = record.out.kept.snapshot();
  info.err = record.err.kept.snapshot();
  if (record.started && !record.leader_ended && record.warden != nullptr && !record.warden->is_lost()) {
    record.warden->send(warden::Type::usage, record.id);
    const auto answer = record.warden->await(record.id, warden::Type::usage_is);
    if (const auto usage = warden::parse<warden::Usage>(answer.body)) info.resources = to_resources(*usage);
    if (record.warden->has_kept()) wake();
  }
  return info;
}

void MonitorState::became_ready(ProcessRecord& record) {
  record.info.ready = std::min(Clock::now(), record.info.end.value_or(Clock::time_point::max()));
  if (!record.options.on_ready) return;
  call_back([keep = find(record.id), this] { keep->record().options.on_ready(snapshot(keep->record())); });
}

void MonitorState::failed_to_be_ready(ProcessRecord& record, const std::string& why) {
  record.ready_failure = why;
  end(record, record.options.grace, false);
}

}  // namespace dummynet
