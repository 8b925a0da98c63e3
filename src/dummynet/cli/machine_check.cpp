#include "dummynet/cli/machine_check.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <functional>
#include <system_error>

#include "dummynet/cli/kernel_probe.hpp"
#include "dummynet/core/monitor.hpp"
#include "dummynet/core/user.hpp"
#include "dummynet/net/network.hpp"

namespace dummynet::cli {
namespace {

constexpr rlim_t kFewFiles = 4'096;

/// Tries one thing after the other.
class Examination {
 public:
  std::vector<MachineCheck> run();

 private:
  using Trial = std::function<std::string()>;  // what was found; throws the refusal
  bool attempt(const std::string& name, const Trial& trial);
  void not_tried(const std::string& name);
  void refused(const std::string& name, const RefusedStep& step) { checks_.push_back(explain(name, step, facts_)); }
  void found(const std::string& name, const std::string& detail);

  bool try_runs();
  void try_in_node();
  void try_inside(const std::string& name, const std::string& user);
  void try_host_processes();
  void try_here();

  const MachineFacts facts_ = read_machine_facts();
  ProcessMonitor monitor_{MonitorOptions{.sandbox = true}};
  net::Network network_{monitor_};
  std::vector<MachineCheck> checks_;
};

void Examination::found(const std::string& name, const std::string& detail) {
  checks_.push_back(explain(name, {}, facts_));
  MachineCheck& check = checks_.back();
  check = {name, MachineCheck::State::ok, check.required, detail, {}, {}, {}};
}

void Examination::not_tried(const std::string& name) {
  const bool required = explain(name, {}, facts_).required;
  checks_.push_back({name, MachineCheck::State::unknown, required, "not tried", {}, {}, {}});
}

bool Examination::attempt(const std::string& name, const Trial& trial) {
  try {
    found(name, trial());
    return true;
  } catch (const StartError& error) {
    refused(name, {error.object(), error.error_number()});
    checks_.back().detail = error.what();
  } catch (const std::system_error& error) {
    refused(name, {error.what(), error.code().value()});
    checks_.back().detail = error.what();
  } catch (const std::exception& error) {
    refused(name, {error.what(), 0});
  }
  return false;
}

bool Examination::try_runs() {
  const bool sandbox = attempt("sandbox", [&] {
    monitor_.warden();
    return std::string{"user, PID, mount, network, IPC and UTS namespaces, an own /proc"};
  });
  const bool network = sandbox && attempt("network", [&] {
                         network_.add_node("left");
                         network_.add_node("right");
                         network_.add_link({"left", "probe-own"}, {"right", ""});
                         network_.up();
                         return std::string{"two nodes and a link"};
                       });
  const bool process = network && attempt("process", [&] {
                         monitor_.run_process({"true"}, {.place = network_.place("left")});
                         return std::string{"a program on a node"};
                       });
  if (!sandbox) not_tried("network");
  if (!network) not_tried("process");
  return process;
}

// This program itself, on the node; its exit code is the errno.
void Examination::try_inside(const std::string& name, const std::string& user) {
  attempt(name, [&] {
    char path[PATH_MAX];
    const ssize_t length = ::readlink("/proc/self/exe", path, sizeof path);
    const std::string program{path, static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
    RunOptions options;
    options.place = network_.place("left");
    options.user = user;
    try {
      monitor_.run_process({program, "doctor", "--probe", name}, options);
    } catch (const RunInfoError& error) {
      throw std::system_error{error.info().exit_code().value_or(EPROTO), std::system_category(), name};
    }
    return std::string{};
  });
}

void Examination::try_in_node() {
  const std::string ordinary = ::geteuid() == 0 && !monitor_.find_fault_in_user("65534") ? "65534" : "self";
  try_inside("own /sys", "");
  attempt("user: self", [&] {
    monitor_.run_process({"true"}, {.place = network_.place("left"), .user = ordinary});
    return ordinary == "self" ? std::string{"the caller's own uid on a node"} : std::string{"other accounts on a node"};
  });
  for (const char* name : {"low ports", "ping"}) try_inside(name, ordinary);
  for (const char* name : {"nftables", "bridge", "vlan", "vxlan", "macvlan", "netem", "tbf", "packet sockets"}) {
    attempt(name, [&] { return probe_in_node(monitor_.warden(), network_.place("left").node, name); });
  }
  try_inside("tun", "");
}

void Examination::try_host_processes() {
  ProcessMonitor host;
  const bool works = attempt("host processes", [&] {
    host.run_process({"true"});
    return fmt::format("held together by {}", to_string(host.containment()));
  });
  if (!works) return;
  if (host.containment() != Containment::cgroup) return refused("cgroups", {"none can be made here", 0});
  found("cgroups", "one for each process tree");
  RunOptions limited;
  limited.limits.memory_bytes = 256U << 20U;
  const ProcessHandle process = host.run_process_async({"true"}, limited);
  const std::vector<std::string> notices = process->notices();
  host.stop(false);
  notices.empty() ? found("memory limits", "") : refused("memory limits", {notices.front(), 0});
}

void Examination::try_here() {
  for (const char* name : {"clone3", "pidfd", "memfd"}) {
    const int error = probe_here(name);
    error == 0 ? found(name, "") : refused(name, {name, error});
  }
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const std::string detail = fmt::format("{} at most, some {} nodes", limit.rlim_max, limit.rlim_max / 2);
  limit.rlim_max < kFewFiles ? refused("open files", {detail, 0}) : found("open files", detail);
}

std::vector<MachineCheck> Examination::run() {
  if (try_runs()) {
    try_in_node();
  } else {
    for (const char* name : {"own /sys", "user: self", "low ports", "ping", "nftables", "bridge", "vlan", "vxlan",
                             "macvlan", "netem", "tbf", "packet sockets", "tun"}) {
      not_tried(name);
    }
  }
  try_host_processes();
  try_here();
  return std::move(checks_);
}

}  // namespace

std::vector<MachineCheck> check_machine() { return Examination{}.run(); }

}  // namespace dummynet::cli
