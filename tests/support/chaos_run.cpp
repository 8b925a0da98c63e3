#include "support/chaos_run.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/core/warden.hpp"
#include "dummynet/net/network.hpp"
#include "dummynet/net/presets.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/os/pipe.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {

namespace {

std::string scenario(const std::string& kind, const std::string& life) {
  std::string text =
      "name: chaos\n"
      "timeout: 60s\n"
      "nodes: {left: , right: }\n"
      "links:\n  - endpoints: [left, right]\n"
      "processes:\n";
  if (kind == "links") text.replace(text.find("right]\n"), 7, "right]\n    delay: 2ms\n    loss: 0.1%\n");
  if (kind != "traffic" && kind != "links") {
    return text + "  payload: {node: left, command: [" + payload("payload") + ", " + kind + ", " + life + "]}\n";
  }
  // iperf3(1) has a file for an instant; when it is killed just then, that is not ours.
  const std::string elsewhere = ", environment: {TMPDIR: " + life.substr(0, life.rfind('/')) + "}";
  return text + "  server: {node: right, command: [iperf3, --server], daemon: true, ready: {listen: 5201}" + elsewhere +
         "}\n"
         "  client: {node: left, command: [iperf3, --client, right, --time, '60'], depends_on: {server: ready}" +
         elsewhere +
         "}\n"
         "  payload: {node: left, command: [" +
         payload("payload") + ", plain, " + life + "], depends_on: {client: started}}\n";
}

// Until the test says "stop", is gone itself, or the run is over because its warden is lost.
void serve(ProcessMonitor& monitor, const os::Fd& from_test) {
  try {
    for (;;) {
      pollfd watched[] = {{monitor.fd(), POLLIN, 0}, {from_test.get(), POLLIN, 0}};
      ::poll(watched, 2, -1);
      if (watched[1].revents != 0) break;
      if (!monitor.keep_running(0ms)) return;
    }
    monitor.stop(false, 200ms);
  } catch (const Error&) {  // its warden was killed
  }
}

void own_star(const ChaosRun::Setup& setup, const os::Fd& from_test) {
  ProcessMonitor monitor{options_for(Kind::sandbox)};
  net::Network network{monitor, net::star(50)};
  network.up();
  RunOptions far;
  far.place = network.place("h50");
  far.leave_tree = true;
  monitor.run_process_async({payload("payload"), "daemonise", setup.life}, far);
  RunOptions near;
  near.place = network.place("h1");
  monitor.run_process_async({payload("payload"), "plain", setup.life}, near);  // so that the run goes on
  serve(monitor, from_test);
}

void own_host_processes(const ChaosRun::Setup& setup, const os::Fd& from_test) {
  ProcessMonitor monitor{options_for(setup.kind.delegated ? Kind::plain : Kind::no_cgroup)};
  for (const char* what : {"daemonise", "chaser"}) {
    RunOptions options;
    options.leave_tree = true;
    options.account_memory = setup.kind.delegated;
    if (setup.kind.delegated) options.limits.memory_bytes = 256U << 20U;
    monitor.run_process_async({payload("payload"), what, setup.life}, options);
  }
  monitor.run_process_async({payload("payload"), "plain", setup.life});  // so that the run goes on
  serve(monitor, from_test);
}

void be_owner(const ChaosRun::Setup& setup, const std::string& file, const os::Fd& from_test) {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  if (setup.ordinary) become_ordinary();
  for (const char* name : {"TMPDIR", "XDG_RUNTIME_DIR"}) ::setenv(name, setup.folder.c_str(), 1);
  if (setup.kind.is_command) {
    const std::string program = std::string{DUMMYNET_BIN_DIR} + "/dummynet";
    ::execl(program.c_str(), "dummynet", "run", file.c_str(), nullptr);
    os::throw_errno(errno, "execl " + program);
  }
  try {
    setup.kind.name == std::string{"star"} ? own_star(setup, from_test) : own_host_processes(setup, from_test);
  } catch (const std::exception& error) {  // whatever a killed warden means for what is being made
    ::dprintf(2, "%s\n", error.what());
  }
}

}  // namespace

ChaosRun::ChaosRun(Family& family, const Setup& setup, const DelegatedCgroup& delegated)
    : kind_{setup.kind}, output_{os::check(::memfd_create("output", MFD_CLOEXEC), "memfd_create")} {
  auto [from_test, to_owner] = os::make_pipe();
  to_owner_ = std::move(to_owner);
  const std::string file = setup.life + ".yaml";
  if (kind_.is_command) std::ofstream{file} << scenario(kind_.name, setup.life);
  owner_ = family.start([&] {
    to_owner_.reset();
    ::dup2(output_.get(), 1);
    ::dup2(output_.get(), 2);
    delegated.enter();
    be_owner(setup, file, from_test);
  });
}

// The guardian is the first of the warden's program; everything below it is a warden, or about to be one or its child.
pid_t ChaosRun::find(Victim victim) const {
  if (victim == Victim::owner) return owner_;
  std::vector<Family::Member> ours;
  for (const Family::Member& one : Family::members()) {
    if (one.name.starts_with("dummynet-") || one.program.find("dummynet-warden") != std::string::npos) {
      ours.push_back(one);
    }
  }
  const auto below = std::find_if(ours.begin(), ours.end(), [&](const Family::Member& one) {
    return std::any_of(ours.begin(), ours.end(), [&](const Family::Member& other) { return other.pid == one.parent; });
  });
  if (victim == Victim::engine) {
    const auto engine = std::ranges::find(ours, "dummynet-engine", &Family::Member::name);
    return engine == ours.end() ? 0 : engine->pid;
  }
  if (victim == Victim::warden) return below == ours.end() ? 0 : below->pid;
  return ours.empty() ? 0 : ours.front().pid;
}

void ChaosRun::ask_to_stop() {
  if (kind_.is_command) {
    ::kill(owner_, SIGINT);
  } else {
    to_owner_.reset();
  }
}

std::string ChaosRun::output() const {
  std::string text(1U << 16U, '\0');
  const ssize_t length = ::pread(output_.get(), text.data(), text.size(), 0);
  text.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return text;
}

}  // namespace dummynet::test
