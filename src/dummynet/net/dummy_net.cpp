#include "dummynet/net/dummy_net.hpp"

#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "dummynet/core/error.hpp"
#include "dummynet/net/dummy_net_state.hpp"
#include "dummynet/net/name.hpp"

namespace dummynet::net {

namespace {

// What has ended is looked up no more; done now and then, not at each start.
constexpr std::size_t kTidyFrom = 64;

std::unique_ptr<ProcessMonitor> make_monitor(const DummyNetOptions& options) {
  MonitorOptions wanted;
  wanted.log = options.log;
  wanted.sandbox = true;
  wanted.host_network = options.host;
  return std::make_unique<ProcessMonitor>(std::move(wanted));
}

ProcessMonitor& checked(ProcessMonitor& monitor, bool host) {
  if (!monitor.options().sandbox || monitor.options().host_network != host) {
    throw std::invalid_argument{host ? "DummyNet on the host's network needs a monitor with sandbox and host_network"
                                     : "DummyNet needs a monitor with sandbox, without host_network"};
  }
  return monitor;
}

std::string joined(const std::vector<std::string>& lines) {
  std::string text;
  for (const std::string& line : lines) text += (text.empty() ? "" : "\n") + line;
  return text;
}

}  // namespace

DummyNet::State::State(std::unique_ptr<ProcessMonitor> own, ProcessMonitor& used, const DummyNetOptions& options)
    : own_monitor{std::move(own)},
      monitor{checked(used, options.host)},
      warden{used.warden()},
      host{options.host},
      scope{options.uid.value_or(static_cast<std::uint32_t>(::getpid()))},
      log{options.log},
      root{Netns::root(warden)} {}

DummyNet::DummyNet(const DummyNetOptions& options) : is_first_{true} {
  auto own = make_monitor(options);
  ProcessMonitor& used = *own;
  state_ = std::make_shared<State>(std::move(own), used, options);
  here_ = state_->root;
}

DummyNet::DummyNet(ProcessMonitor& monitor, const DummyNetOptions& options)
    : state_{std::make_shared<State>(nullptr, monitor, options)}, here_{state_->root}, is_first_{true} {}

DummyNet::DummyNet(std::shared_ptr<State> state, std::shared_ptr<Netns> here)
    : state_{std::move(state)}, here_{std::move(here)} {}

DummyNet::DummyNet(DummyNet&& other) noexcept
    : state_{std::move(other.state_)},
      here_{std::move(other.here_)},
      is_first_{std::exchange(other.is_first_, false)} {}

DummyNet::~DummyNet() {
  if (!is_first_) return;
  try {
    for (const std::string& failure : state_->clean_up()) {
      if (state_->log) state_->log("not undone: " + failure);
    }
    // Those of netns_use() may live on, but nothing that they could use.
    state_->root->drop();
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): nobody is left who could be told
  }
  state_->own_monitor.reset();
}

Netns& DummyNet::here() const {
  if (!here_) throw std::logic_error{"a DummyNet that was moved away is used"};
  if (here_->is_dropped()) {
    throw std::logic_error{here_->is_root() ? "the first DummyNet is gone"
                                            : "network namespace " + in_quotes(here_->name()) + " was deleted"};
  }
  return *here_;
}

// NOLINTNEXTLINE(readability-make-member-function-const): what runs there may change the network
RunInfo DummyNet::run(const Command& command, const RunOptions& options) { return shell().run(command, options); }

ProcessHandle DummyNet::run_async(const Command& command, const RunOptions& options) {
  Netns& netns = here();
  ProcessHandle handle = shell().run_async(command, options);
  if (netns.started.size() >= kTidyFrom) {
    std::erase_if(netns.started, [](const ProcessHandle& one) { return !one->is_running(); });
  }
  netns.started.push_back(handle);
  return handle;
}

NamespaceShell DummyNet::shell() const { return NamespaceShell{state_->monitor, Place{here().node()}}; }

ProcessMonitor& DummyNet::monitor() const {
  here();
  return state_->monitor;
}

CGroup& DummyNet::add_cgroup(const std::string& name, const CGroupLimits& limits, const std::vector<pid_t>& pids) {
  here();
  State& state = *state_;
  const std::string scoped = state.scope.prefix() + name;
  for (const auto& one : state.cgroups) {
    if (one->name() == scoped) throw std::invalid_argument{"there is a control group " + in_quotes(name) + " already"};
  }
  std::vector<std::uint32_t> kept;
  const auto forget = [&state](const std::vector<std::uint32_t>& numbers) {
    for (const std::uint32_t number : numbers) state.warden.forget_undo(number);
  };
  try {
    state.cgroups.push_back(std::make_unique<CGroup>(scoped, limits, pids, [&](const std::string& directory) {
      kept.push_back(state.warden.keep_undo({Warden::Undo::Kind::cgroup, directory, {}}));
    }));
  } catch (...) {
    forget(kept);
    throw;
  }
  CGroup* const made = state.cgroups.back().get();
  const auto remove = [&state, made] {
    made->remove();
    std::erase_if(state.cgroups, [made](const auto& one) { return one.get() == made; });
  };
  const auto over = [forget, kept] {
    try {
      forget(kept);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the warden is lost, its guardian removes it
    }
  };
  state.rollback.add({"remove control group " + scoped, nullptr, remove, over});
  return *made;
}

std::vector<std::string> DummyNet::cgroup_list() const {
  here();
  std::vector<std::string> names;
  for (const auto& one : state_->cgroups) names.push_back(one->name().substr(state_->scope.prefix().size()));
  return names;
}

void DummyNet::cleanup() {
  here();
  const std::vector<std::string> failures = state_->clean_up();
  if (!failures.empty()) throw Error{"not everything could be undone:\n" + joined(failures)};
}

void DummyNet::State::kill_processes(Netns& netns) {
  // First those that the monitor knows, so that their end is no failure.
  for (const ProcessHandle& one : std::exchange(netns.started, {})) {
    if (one->is_running()) one->stop(std::chrono::nanoseconds{0});
  }
  if (!netns.is_root()) netns.kill_all();
}

std::vector<std::string> DummyNet::State::clean_up() {
  std::vector<std::string> failures;
  const auto attempt = [&](const std::string& what, const auto& action) {
    try {
      action();
    } catch (const std::exception& error) {
      failures.push_back(what + ": " + error.what());
    }
  };
  for (const auto& netns : namespaces) {
    attempt("kill what runs in " + netns->name(), [&] { kill_processes(*netns); });
  }
  attempt("kill what was started", [&] { kill_processes(*root); });
  while (!namespaces.empty()) {
    const auto last = namespaces.back();
    attempt("delete network namespace " + last->name(), [&] { delete_netns(last, failures); });
    std::erase(namespaces, last);
  }
  for (std::string& failure : rollback.undo_all()) failures.push_back(std::move(failure));
  made.clear();
  return failures;
}

}  // namespace dummynet::net
