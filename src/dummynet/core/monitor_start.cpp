// MonitorState, part: from a command and its options to a running process.

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "dummynet/core/deadline.hpp"
#include "dummynet/core/monitor_state.hpp"
#include "dummynet/core/readiness.hpp"
#include "dummynet/core/shell_word.hpp"

namespace dummynet {

namespace {

using namespace std::chrono_literals;

[[noreturn]] void refuse(const Command& command, const std::string& object, const std::string& why) {
  throw StartError{StartError::Step::argument, object, EINVAL, command.text(), why};
}

bool has_nul(const std::string& text) { return text.find('\0') != std::string::npos; }

std::string program_name(const Command& command) {
  const std::string program =
      command.is_shell_line() ? leading_program(command.shell_line()).value_or("sh") : command.arguments().front();
  return program.substr(program.rfind('/') + 1);
}

}  // namespace

void MonitorState::check_arguments(const Command& command, const RunOptions& options) const {
  const std::vector<std::string> arguments = command.arguments();
  if (arguments.empty() || arguments.front().empty()) refuse(command, "command", "it is empty");
  if (command.is_shell_line() && command.shell_line().empty()) refuse(command, "command", "it is empty");
  if (std::any_of(arguments.begin(), arguments.end(), has_nul)) refuse(command, "command", "an argument holds a NUL");
  if (has_nul(options.cwd)) refuse(command, "cwd", "it holds a NUL");
  for (const auto& [name, value] : options.env) {
    if (name.empty() || name.find('=') != std::string::npos || has_nul(name) || has_nul(value)) {
      refuse(command, "env", "'" + name + "' is no name of a variable, or its value holds a NUL");
    }
  }
  if (options.timeout && *options.timeout <= 0ns) refuse(command, "timeout", "it must be above zero");
  if (options.grace < 0ns || options.drain < 0ns) refuse(command, "grace, drain", "they must not be negative");
  if (options.limits.cpus && !(*options.limits.cpus > 0)) refuse(command, "limits.cpus", "it must be above zero");
  if (has_nul(options.user)) refuse(command, "user", "it holds a NUL");
  if (options.sudo && !options.user.empty()) refuse(command, "user", "sudo makes it root already");
  if (options.sudo && options_.sandbox) refuse(command, "sudo", "it is for host processes, not for a sandbox");
  if (options.place.node >= 0 && !options_.sandbox) refuse(command, "place", "nodes need MonitorOptions::sandbox");
  if (options.stop_signal < 1 || options.stop_signal > 64) refuse(command, "stop_signal", "there is no such signal");
  for (const ProcessHandle& needed : options.depends_on) {
    if (!needed) refuse(command, "depends_on", "an empty handle");
  }
}

warden::Start MonitorState::make_request(const ProcessRecord& record) const {
  const RunOptions& options = record.options;
  warden::Start request;
  request.arguments = record.info.command.arguments();
  request.program = request.arguments.front();
  if (record.info.command.is_shell_line()) {
    // Its program's absence shall be told as for a vector, and not by the shell's 127.
    request.must_exist = leading_program(record.info.command.shell_line()).value_or("");
  }
  request.cwd = options.cwd;
  request.clear_environment = options.clear_env;
  for (const auto& [name, value] : options.env) {
    request.environment.push_back(name);
    request.environment.back().append("=").append(value);
  }
  if (record.readiness) {
    for (std::string& one : record.readiness->environment()) request.environment.push_back(std::move(one));
  }
  request.node = options.place.node;
  request.leave_tree = options.leave_tree;
  if (options.descriptors) request.controlling_terminal = options.descriptors->terminal;
  const Account& account = record.identity.account;
  request.own_user_namespace = record.identity.kind == Identity::Kind::nested;
  request.change_identity = record.identity.kind == Identity::Kind::changed;
  request.uid = account.uid;
  request.gid = account.gid;
  request.groups.assign(account.groups.begin(), account.groups.end());
  const std::pair<const char*, const std::string*> facts[] = {
      {"HOME", &account.home}, {"USER", &account.name}, {"LOGNAME", &account.name}, {"SHELL", &account.shell}};
  for (const auto& [name, value] : facts) {
    if (!value->empty() && !options.clear_env && !options.env.contains(name))
      request.environment.push_back(name + ('=' + *value));
  }
  request.account_memory = options.account_memory;
  const auto limit = [&request](int resource, const std::optional<std::uint64_t>& value) {
    if (value) request.limits.push_back({resource, *value});
  };
  limit(RLIMIT_NOFILE, options.limits.open_files);
  limit(RLIMIT_CORE, options.limits.core_bytes);
  request.memory_bytes = options.limits.memory_bytes.value_or(0);
  request.processes = options.limits.processes.value_or(0);
  if (options.limits.cpus)
    request.cpu_thousandths = static_cast<std::uint64_t>(std::lround(*options.limits.cpus * 1000));
  return request;
}

Identity MonitorState::identity_for(const Command& command, const RunOptions& options) {
  if (options.user.empty()) return {};
  try {
    return resolve_user(options.user, standing());
  } catch (const std::invalid_argument& error) {
    refuse(command, "user", error.what());
  }
}

MonitorState::ProcessPtr MonitorState::start(const Command& command, const RunOptions& options, Role role) {
  try {
    return start_now(command, options, role);
  } catch (const std::system_error& error) {
    // A file that cannot be opened, or no descriptor left for a pipe, is told like what goes wrong in the warden.
    std::string object = error.what();
    const std::string words = ": " + error.code().message();
    if (object.ends_with(words)) object.resize(object.size() - words.size());
    throw StartError{StartError::Step::input_output, object, error.code().value(), command.text()};
  }
}

MonitorState::ProcessPtr MonitorState::start_now(const Command& command, const RunOptions& options, Role role) {
  check_arguments(command, options);
  if (stopping_) refuse(command, "monitor", "it is being stopped");
  Identity identity = identity_for(command, options);
  WardenProcess& its_warden = options.sudo ? sudo_warden(command) : warden();
  its_warden.refresh_defaults();

  auto process = std::make_shared<Process>(std::make_unique<ProcessRecord>(*this, its_warden, options));
  ProcessRecord& record = process->record();
  record.id = take_id();
  record.order = ++last_order_;
  record.blocking = role == Role::blocking;
  record.identity = std::move(identity);
  record.internal = role == Role::probe;
  RunInfo& info = record.info;
  info.command = command;
  info.name = options.name.empty() ? program_name(command) : options.name;
  info.cwd = options.cwd.empty()            ? its_warden.default_cwd()
             : options.cwd.starts_with('/') ? options.cwd
                                            : its_warden.default_cwd() + '/' + options.cwd;
  info.async = role == Role::async;
  info.daemon = options.daemon;
  info.sudo = options.sudo;
  info.containment = its_warden.containment();
  if (options.ready) record.readiness = std::make_unique<Readiness>(*this, record, *options.ready);

  {
    StandardStreams theirs = open_standard_streams(record);
    info.start = Clock::now();
    if (!its_warden.send(warden::Type::start, record.id, make_request(record), theirs.numbers)) {
      on_lost(its_warden);
      throw StartError{StartError::Step::warden, "warden", 0, command.text(), "the warden was lost"};
    }
  }
  live_[record.id] = process;
  if (role != Role::probe) ++(options.daemon ? daemons_started : clients_started);
  if (role != Role::probe && !options.daemon) ++live_clients;
  // While the warden is at it.
  watch_output(record, record.out);
  watch_output(record, record.err);

  if (options.await_start || role == Role::probe) {
    WardenProcess::Message answer;
    try {
      answer = its_warden.await(record.id, warden::Type::started);
    } catch (const StartError&) {
      forget(record, role);
      on_lost(its_warden);
      throw;
    }
    if (answer.type == warden::Type::refused) {
      const auto refusal = warden::parse<warden::Refusal>(answer.body).value_or(warden::Refusal{});
      forget(record, role);
      throw to_start_error(refusal, command.text());
    }
    has_started(record, answer);
    if (its_warden.has_kept()) wake();
  }
  return process;
}

void MonitorState::forget(ProcessRecord& record, Role role) {
  if (role != Role::probe) --(record.options.daemon ? daemons_started : clients_started);
  if (role != Role::probe && !record.options.daemon) --live_clients;
  record.readiness.reset();
  cancel(record.out.watch);
  cancel(record.err.watch);
  record.finished = true;
  bury(record);
}

void MonitorState::has_started(ProcessRecord& record, const WardenProcess::Message& message) {
  const auto started = warden::parse<warden::Started>(message.body);
  if (!started) return;
  record.started = true;
  record.info.pid = message.about != 0 ? message.about : started->pid;
  // With `await_start` off, its output may have come before this news.
  record.info.start = std::min(Clock::now(), record.info.ready.value_or(Clock::time_point::max()));
  for (const std::string& notice : started->notices) {
    record.notices.push_back(notice);
    log(record.info.name + ": " + notice);
  }
  if (record.options.timeout) {
    record.timeout = poller_.add_deadline(deadline_after(*record.options.timeout, record.info.start),
                                          [this, &record] { on_timeout(record); });
  }
  if (record.readiness) {
    record.readiness->begin();
  } else {
    record.info.ready = record.info.start;
    if (record.options.on_ready) became_ready(record);
  }
}

}  // namespace dummynet
