// One process of ours is killed at a random moment of a run's life, 200 times: the owner (the command or a program with
// the library in it), the warden, the guardian, or the link engine; in set-up, at work, or while it stops. Within a
// second nothing is left on the machine. Looked at from outside.
//
// $DUMMYNET_CHAOS_SEED repeats a run of this test; $DUMMYNET_CHAOS_ROUND does one round of it.
#include <gtest/gtest.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "dummynet/os/check.hpp"
#include "dummynet/os/proc_scan.hpp"
#include "support/aftermath.hpp"
#include "support/chaos_run.hpp"
#include "support/family.hpp"
#include "support/life.hpp"
#include "support/monitor_test.hpp"
#include "support/temporary_folder.hpp"

namespace dummynet::test {

namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

using Victim = ChaosRun::Victim;
enum class Phase { set_up, work, stop };

std::string to_string(Victim victim) {
  constexpr std::array kNames{"owner", "warden", "guardian", "engine"};
  return kNames.at(static_cast<std::size_t>(victim));
}
std::string to_string(Phase phase) {
  return phase == Phase::set_up ? "set-up" : phase == Phase::work ? "work" : "stop";
}

double in_ms(SteadyClock::duration time) { return std::chrono::duration<double, std::milli>(time).count(); }

// What makes everything slower than it is: sanitizers, an emulated processor.
double slowness() {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 10;
#else
  const char* emulated = std::getenv("DUMMYNET_EMULATED");
  return emulated != nullptr && *emulated == '1' ? 20 : 1;
#endif
}

// How many processes there are for a processor, as far as they want one: now, or over the last minute.
double business() {
  std::ifstream file{"/proc/loadavg"};
  double minute = 0;
  double others = 0;
  int running = 1;
  file >> minute >> others >> others >> running;
  return std::max(minute, running - 1.0) / static_cast<double>(::sysconf(_SC_NPROCESSORS_ONLN));
}

std::string interfaces() {
  std::string names;
  struct if_nameindex* all = ::if_nameindex();
  for (auto* one = all; one != nullptr && one->if_index != 0; ++one) names += std::string{one->if_name} + ' ';
  ::if_freenameindex(all);
  return names;
}

// Where nobody else makes interfaces or mounts, if we may have such a place.
void go_aside() {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET | CLONE_NEWNS) != 0) return;
  os::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount / private");
}

std::uint32_t chosen_seed() {
  const char* given = std::getenv("DUMMYNET_CHAOS_SEED");
  return given != nullptr ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10)) : std::random_device{}();
}

/// Rounds with one kind of run.
class Chaos {
 public:
  Chaos(const ChaosKind& kind, bool ordinary, std::string folder)
      : kind_{kind},
        ordinary_{ordinary},
        folder_{std::move(folder)},
        delegated_{ordinary && kind.delegated && ::geteuid() == 0} {}

  void run();

 private:
  struct Plan {
    Victim victim = Victim::owner;
    Phase phase = Phase::set_up;
    SteadyClock::duration moment{};  // after the begin of the phase
  };
  Plan plan(int round) const;
  void measure();
  void round(int number, const Plan& plan);
  pid_t kill(const Plan& plan, const ChaosRun& run);
  std::string left(const Aftermath& aftermath, pid_t owner);
  bool goes_on(const ChaosRun& run, Victim kind, pid_t victim);
  bool wait_for_owner(const ChaosRun& run);
  ChaosRun start(const Life& life) {
    return ChaosRun{family_, {kind_, ordinary_, folder_ + "/tmp", life.path()}, delegated_};
  }

  ChaosKind kind_;
  bool ordinary_;
  std::string folder_;
  DelegatedCgroup delegated_;
  Family family_;
  std::string interfaces_ = interfaces();
  std::uint32_t seed_ = chosen_seed();
  SteadyClock::duration set_up_{};  // how long that takes when nobody is killed
  SteadyClock::duration stop_{};
  SteadyClock::duration longest_{};
};

void Chaos::run() {
  ASSERT_NO_FATAL_FAILURE(measure());
  std::printf("%s, %s: seed %u; set-up takes %.0f ms, stop %.0f ms\n", kind_.detail, ordinary_ ? "ordinary" : "root",
              seed_, in_ms(set_up_), in_ms(stop_));
  const char* only = std::getenv("DUMMYNET_CHAOS_ROUND");
  for (int number = 0; number < kind_.rounds; ++number) {
    if (only == nullptr || std::atoi(only) == number) round(number, plan(number));
  }
  std::printf("%d rounds, gone after at most %.1f ms\n", kind_.rounds, in_ms(longest_));
}

// Each round for itself, so that it can be repeated alone. Victims and phases come in turn: none is left out by chance.
Chaos::Plan Chaos::plan(int round) const {
  std::seed_seq seeds{seed_, static_cast<std::uint32_t>(round), static_cast<std::uint32_t>(ordinary_)};
  std::mt19937 random{seeds};
  Plan plan;
  const int victims = kind_.has_engine ? 4 : 3;
  plan.victim = static_cast<Victim>(round % victims);
  plan.phase = static_cast<Phase>(round / victims % 3);
  const SteadyClock::duration longest = plan.phase == Phase::set_up ? set_up_ * 11 / 10
                                        : plan.phase == Phase::stop ? stop_ * 11 / 10
                                                                    : SteadyClock::duration{milliseconds{30}};
  plan.moment = SteadyClock::duration{std::uniform_int_distribution<long>{0, longest.count()}(random)};
  return plan;
}

// A run of which nobody is killed. It leaves nothing either.
void Chaos::measure() {
  Life life{folder_ + "/life"};
  const Aftermath aftermath{folder_ + "/tmp"};
  const auto begin = SteadyClock::now();
  ChaosRun run = start(life);
  ASSERT_TRUE(life.wait_up(kind_.bytes)) << "the run did not come up\n" << run.output();
  set_up_ = SteadyClock::now() - begin;
  run.ask_to_stop();
  ASSERT_TRUE(wait_for_owner(run)) << "the run does not stop\n" << run.output();
  stop_ = SteadyClock::now() - begin - set_up_;
  EXPECT_TRUE(eventually([&] { return left(aftermath, run.owner()).empty(); }))
      << left(aftermath, run.owner()) << run.output();
}

// 0: there was none any more.
pid_t Chaos::kill(const Plan& plan, const ChaosRun& run) {
  for (;;) {
    const pid_t pid = run.find(plan.victim);
    if (pid > 0 && !family_.status(pid) && ::kill(pid, SIGKILL) == 0) return pid;
    // Not there yet, unless the whole run is over.
    if (family_.is_gone() || family_.status(run.owner())) return 0;
  }
}

// Without its guardian a run goes on, and without the process that has just made the warden; it ends as any other then.
bool Chaos::goes_on(const ChaosRun& run, Victim kind, pid_t victim) {
  const auto is_there = [&] {
    const auto stat = victim > 0 ? os::read_process(victim) : std::nullopt;
    return stat && stat->state != 'Z' && stat->state != 'X';
  };
  EXPECT_TRUE(eventually([&] { return family_.is_gone() || !is_there(); }));
  return run.find(kind) > 0;  // the next one of that kind; without a guardian the warden stands first
}

bool Chaos::wait_for_owner(const ChaosRun& run) {
  return eventually([&] { return family_.is_gone() || family_.status(run.owner()); });
}

std::string Chaos::left(const Aftermath& aftermath, pid_t owner) {
  std::string found = family_.is_gone() ? std::string{} : "processes " + Family::names() + "; ";
  found += aftermath.found(owner);
  if (const std::string now = interfaces(); now != interfaces_) found += "interfaces " + now;
  return found;
}

void Chaos::round(int number, const Plan& plan) {
  Life life{folder_ + "/life"};
  Aftermath aftermath{folder_ + "/tmp"};
  const double busy_before = business();
  ChaosRun run = start(life);
  if (plan.phase != Phase::set_up) {
    ASSERT_TRUE(life.wait_up(kind_.bytes)) << "round " << number << " did not come up\n" << run.output();
    const pid_t warden = run.find(Victim::warden);
    if (warden > 0) aftermath.remember_namespaces(warden, run.owner());
  }
  if (plan.phase == Phase::stop) run.ask_to_stop();
  std::this_thread::sleep_for(plan.moment);  // not to wait for something: this is the random moment
  const pid_t victim = kill(plan, run);
  std::set<pid_t> known{victim};
  for (const Family::Member& one : Family::members()) known.insert(one.pid);
  auto begin = SteadyClock::now();
  if (plan.victim != Victim::owner && goes_on(run, plan.victim, victim)) {
    run.ask_to_stop();
    EXPECT_TRUE(wait_for_owner(run)) << "the run does not stop";
    begin = SteadyClock::now();
  }

  // The promise is one second. Who shares the machine with N others for a processor gets an Nth of it.
  std::string left_over = left(aftermath, run.owner());
  std::string left_late;
  // Somebody killed who waits uninterruptibly for one of the kernel's locks ("D") is nothing that we could hasten.
  const auto allowed = [&] {
    if (left_over.find(", D") != std::string::npos) return std::chrono::duration<double>{60};
    return std::chrono::duration<double>{slowness() * std::max({1.0, busy_before, business()})};
  };
  const auto is_over = [&] { return left_over.empty() || SteadyClock::now() - begin >= allowed(); };
  const auto look_again = [&] {
    if (is_over()) return true;
    // `dummynet run` whose first warden was killed before it could do anything tries once more.
    if (const pid_t next = run.find(Victim::guardian); next > 0 && !known.contains(next)) {
      run.ask_to_stop();
      EXPECT_TRUE(wait_for_owner(run)) << "the run does not stop";
      begin = SteadyClock::now();
      known.insert(next);
    }
    const bool late = SteadyClock::now() - begin > milliseconds{1000};
    if (late && left_late.empty()) left_late = left_over;
    left_over = left(aftermath, run.owner());
    return is_over();
  };
  eventually(look_again, std::chrono::hours{1});  // allowed() is its deadline
  const auto took = SteadyClock::now() - begin;
  longest_ = std::max(longest_, took);
  const std::string what = std::string{kind_.name} + (ordinary_ ? ", ordinary" : ", root") + ", seed " +
                           std::to_string(seed_) + ", round " + std::to_string(number) + ": SIGKILL of the " +
                           to_string(plan.victim) + " (" + std::to_string(victim) + ") " +
                           std::to_string(in_ms(plan.moment)) + " ms into " + to_string(plan.phase);
  EXPECT_EQ(left_over, "") << what << "; still there after " << in_ms(took) << " ms\n" << run.output();
  if (left_over.empty() && took > milliseconds{1000}) {
    std::printf("%s: %.0f ms, accepted: a busy machine, a sanitizer, or the kernel. After a second: %s\n", what.c_str(),
                in_ms(took), left_late.c_str());
  }
  EXPECT_TRUE(family_.kill_all());
  const int status = family_.status(run.owner()).value_or(0);
  const bool own_end = WIFEXITED(status) || (WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
  EXPECT_TRUE(own_end || plan.victim == Victim::owner) << what << "; the owner's status is " << status << '\n'
                                                       << run.output();
}

class ChaosTest : public testing::TestWithParam<std::tuple<ChaosKind, bool>> {};

TEST_P(ChaosTest, LeavesNothing) {
  const auto& [kind, ordinary] = GetParam();
  if (!ordinary && ::geteuid() != 0) GTEST_SKIP() << "needs root; the ordinary user has his own test";
  const TemporaryFolder folder;
  ASSERT_EQ(::mkdir((folder / "tmp").c_str(), 0777), 0);
  ::chmod((folder / "tmp").c_str(), 0777);  // whatever the umask says
  in_child([&, &chaos_kind = kind, as_ordinary = ordinary] {
    go_aside();
    Chaos{chaos_kind, as_ordinary, folder.path()}.run();
  });
}

INSTANTIATE_TEST_SUITE_P(Every, ChaosTest, testing::Combine(testing::ValuesIn(kChaosKinds), testing::Bool()),
                         [](const auto& one) {
                           return std::string{std::get<0>(one.param).name} +
                                  (std::get<1>(one.param) ? "_ordinary" : "_root");
                         });

}  // namespace

}  // namespace dummynet::test
