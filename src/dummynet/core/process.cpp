#include "dummynet/core/process.hpp"

#include "dummynet/core/deadline.hpp"
#include "dummynet/core/monitor_state.hpp"

namespace dummynet {

using namespace std::chrono_literals;

Process::Process(std::unique_ptr<ProcessRecord> record) : record_{std::move(record)} {}
Process::~Process() = default;

bool Process::is_running() {
  if (record_->monitor != nullptr && !record_->leader_ended && !record_->finished) record_->monitor->pump_quietly(0ns);
  return !record_->leader_ended && !record_->finished;
}

bool Process::is_ready() const { return record_->info.ready.has_value(); }

void Process::stop(std::chrono::nanoseconds timeout) {
  MonitorState* monitor = record_->monitor;
  if (monitor == nullptr || (record_->finished && record_->tree_gone)) return;
  monitor->end(*record_, timeout, true);
  // SIGKILL at the deadline is sure, unless the kernel itself holds the process; stop() of the monitor names those.
  monitor->wait_finished(*record_, deadline_after(timeout) + 5s);
}

bool Process::signal(int number, bool whole_tree) {
  if (record_->monitor == nullptr || record_->tree_gone || (record_->leader_ended && !whole_tree)) return false;
  record_->monitor->signal(*record_, number, whole_tree);
  return true;
}

RunInfo Process::info() const {
  return record_->monitor != nullptr ? record_->monitor->snapshot(*record_) : record_->info;
}

const std::string& Process::name() const { return record_->info.name; }
pid_t Process::pid() const { return record_->info.pid; }

void Process::write_input(std::string_view bytes) {
  if (record_->monitor != nullptr) record_->monitor->write_input(*record_, bytes);
}

void Process::close_input() {
  if (record_->monitor != nullptr) record_->monitor->close_input(*record_);
}

std::vector<std::string> Process::notices() const { return record_->notices; }

}  // namespace dummynet
