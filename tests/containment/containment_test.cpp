// Every kind of payload, every way in which a run can end, every kind of monitor, as root and as an ordinary user: what
// is left? Looked at from outside.
#include <gtest/gtest.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "dummynet/core/monitor.hpp"
#include "dummynet/core/warden.hpp"
#include "support/aftermath.hpp"
#include "support/life.hpp"
#include "support/monitor_test.hpp"
#include "support/ordinary_user.hpp"
#include "support/owner_process.hpp"
#include "support/temporary_folder.hpp"

namespace dummynet::test {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr auto kDeadline = 30s;

struct Payload {
  const char* kind;
  int processes;  // that say they are up
};
constexpr Payload kPayloads[] = {{"plain", 1},  {"daemonise", 1}, {"deaf-grandchild", 1}, {"stopped", 1},
                                 {"chaser", 8}, {"bomb", 1},      {"sleepers", 200},      {"setuid", 1}};

enum class Ending {
  stop,             // the owner calls stop()
  unwind,           // an exception leaves the block where the monitor is
  exit,             // exit(3) without stop()
  abort,            // abort(3)
  kill_owner,       // SIGKILL
  interrupt_owner,  // SIGINT
  kill_warden,      // SIGKILL; the owner serves its monitor
  end_warden,       // SIGTERM
  kill_both,        // owner and warden, SIGKILL
};
constexpr Ending kEndings[] = {Ending::stop,        Ending::unwind,     Ending::exit,
                               Ending::abort,       Ending::kill_owner, Ending::interrupt_owner,
                               Ending::kill_warden, Ending::end_warden, Ending::kill_both};

std::string to_string(Ending ending) {
  static const char* const kNames[] = {
      "stop", "unwind", "exit", "abort", "kill_owner", "interrupt_owner", "kill_warden", "end_warden", "kill_both"};
  return kNames[static_cast<std::size_t>(ending)];
}

// What nothing can reach without a cgroup or a PID namespace: a set-uid program that took on its owner's identity for
// good. Neither the ordinary user nor the warden, which has no more rights, may kill it. See Containment::subreaper.
bool is_out_of_reach(const Payload& what, bool ordinary, dummynet::Containment containment) {
  return containment == dummynet::Containment::subreaper && ordinary && std::string{what.kind} == "setuid";
}

using Case = std::tuple<Kind, bool, Ending>;  // the monitor; an ordinary user?; the ending

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const auto& [kind, ordinary, ending] = info.param;
  return to_string(kind) + (ordinary ? "_ordinary_" : "_root_") + to_string(ending);
}

// ---- the owner's side

// Serves the monitor until the test says go (true) or for ever, whatever becomes of its processes.
void serve(ProcessMonitor& monitor, const OwnerProcess::Talk& talk) {
  for (;;) {
    pollfd watched[] = {{monitor.fd(), POLLIN, 0}, {talk.from_test.get(), POLLIN, 0}};
    ::poll(watched, 2, -1);
    if (watched[1].revents != 0) return;
    try {
      monitor.keep_running(0ms);
    } catch (const Error&) {  // what a killed warden does to its processes is told here
    }
  }
}

void own_and_end(const OwnerProcess::Talk& talk, Kind kind, Ending ending, const Command& command) {
  ProcessMonitor monitor{options_for(kind)};
  RunOptions options;
  options.leave_tree = true;
  options.account_memory = command.arguments()[1] == "daemonise";  // perhaps a cgroup of v1 beside that of v2
  if (kind == Kind::sandbox) options.place.node = monitor.warden().make_node().id;
  monitor.run_process_async(command, options);
  talk.say(std::to_string(static_cast<int>(monitor.containment())) + ' ' + std::to_string(monitor.warden().pid()));
  serve(monitor, talk);
  if (ending == Ending::stop) {
    monitor.stop(false, 100ms);
    talk.say("stopped");
    talk.wait();
  }
  if (ending == Ending::unwind) throw std::runtime_error{"unwound"};
  if (ending == Ending::exit) std::exit(0);
  if (ending == Ending::abort) std::abort();
}

// ---- the test's side

class ContainmentTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    if (ordinary() && ::geteuid() != 0) GTEST_SKIP() << "already covered: this is an ordinary user";
  }

  static Kind kind() { return std::get<0>(GetParam()); }
  static bool ordinary() { return std::get<1>(GetParam()); }
  static Ending ending() { return std::get<2>(GetParam()); }
  const std::string& folder() const { return folder_.path(); }

  // A set-uid-root copy of the payload; empty where none can be.
  std::string set_uid_copy() const {
    struct statvfs where {};
    if (::geteuid() != 0 || ::statvfs(folder().c_str(), &where) != 0 || (where.f_flag & ST_NOSUID) != 0) return {};
    std::string copy = folder_ / "set-uid";
    std::filesystem::copy_file(payload("payload"), copy);
    return ::chmod(copy.c_str(), 04755) == 0 ? copy : std::string{};
  }

  void run(const Payload& what, const std::string& copy);
  static void end(OwnerProcess& owner, pid_t warden);

 private:
  TemporaryFolder folder_;
};

void ContainmentTest::end(OwnerProcess& owner, pid_t warden) {
  switch (ending()) {
    case Ending::stop:
    case Ending::unwind:
    case Ending::exit:
    case Ending::abort:
      return owner.go();
    case Ending::kill_owner:
      return owner.kill(SIGKILL);
    case Ending::interrupt_owner:
      return owner.kill(SIGINT);
    case Ending::kill_both:
      owner.kill(SIGSTOP);  // so that it cannot notice the warden's end before its own
      ::kill(warden, SIGKILL);
      return owner.kill(SIGKILL);
    case Ending::kill_warden:
      ::kill(warden, SIGKILL);
      return;
    case Ending::end_warden:
      ::kill(warden, SIGTERM);
      return;
  }
}

void ContainmentTest::run(const Payload& what, const std::string& copy) {
  SCOPED_TRACE(what.kind);
  const DelegatedCgroup delegated{ordinary() && kind() == Kind::plain};
  Life life{folder() + "/life"};
  Aftermath aftermath{folder()};
  OwnerProcess owner{OwnerProcess::Terminal::none, [&](const OwnerProcess::Talk& talk) {
                       const rlimit none{0, 0};
                       ::setrlimit(RLIMIT_CORE, &none);
                       delegated.enter();
                       if (ordinary()) become_ordinary();
                       ::setenv("TMPDIR", folder().c_str(), 1);
                       own_and_end(talk, kind(), ending(), {payload("payload"), what.kind, life.path(), copy});
                     }};
  const pid_t owner_pid = owner.pid();
  std::istringstream said{owner.line()};
  int containment = 0;
  pid_t warden = 0;
  said >> containment >> warden;
  ASSERT_GT(warden, 0) << said.str();
  ASSERT_TRUE(life.wait_up(what.processes)) << "the payload did not come up";
  aftermath.remember_namespaces(warden, owner_pid);

  const auto held_by = static_cast<dummynet::Containment>(containment);
  const bool survives = is_out_of_reach(what, ordinary(), held_by);
  const auto begin = SteadyClock::now();
  end(owner, warden);
  if (ending() == Ending::stop || ending() == Ending::unwind) {
    owner.line();  // from here on it claims that nothing is left
    EXPECT_TRUE(survives || life.wait_gone(SteadyClock::now())) << "alive after the owner was told that all is gone";
  }
  const bool gone = life.wait_gone(begin + (survives ? 300ms : kDeadline));
  const std::chrono::duration<double, std::milli> took = SteadyClock::now() - begin;
  std::printf("%-9s %-8s %-15s %-15s %s %s %.1f ms\n", to_string(kind()).c_str(), ordinary() ? "ordinary" : "root",
              to_string(ending()).c_str(), what.kind, std::string{to_string(held_by)}.c_str(),
              gone       ? "gone after"
              : survives ? "stays, as documented"
                         : "SURVIVES",
              took.count());
  std::fflush(stdout);  // the next owner is a copy of this program
  EXPECT_EQ(gone, !survives);
  if (!gone) {
    EXPECT_TRUE(life.kill_rest());
  }
  std::string left;
  do {  // the warden or its guardian end a moment later
    left = aftermath.found(owner_pid);
  } while (!left.empty() && SteadyClock::now() < begin + kDeadline);
  EXPECT_EQ(left, "");
}

TEST_P(ContainmentTest, LeavesNothing) {
  const std::string copy = set_uid_copy();
  for (const Payload& one : kPayloads) {
    if (std::string{one.kind} == "setuid" && copy.empty()) continue;
    run(one, copy);
  }
}

INSTANTIATE_TEST_SUITE_P(Every, ContainmentTest,
                         testing::Combine(testing::ValuesIn(kKinds), testing::Bool(), testing::ValuesIn(kEndings)),
                         case_name);

}  // namespace

}  // namespace dummynet::test
