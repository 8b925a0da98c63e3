#include "dummynet/os/reaper.hpp"

#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>

namespace dummynet::os {
namespace {

/// A child that has exited with `code` and has not been reaped.
pid_t ended_child(int code) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(code);
  siginfo_t info{};
  EXPECT_EQ(::waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
  return child;
}

class LivingChild {
 public:
  LivingChild() : pid_{::fork()} {
    if (pid_ == 0) {
      for (;;) ::pause();
    }
  }
  ~LivingChild() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  LivingChild(const LivingChild&) = delete;
  LivingChild& operator=(const LivingChild&) = delete;

  pid_t pid() const { return pid_; }

 private:
  pid_t pid_;
};

std::vector<int> codes(const std::vector<Reaper::Ending>& endings) {
  std::vector<int> found;
  for (const Reaper::Ending& ending : endings) found.push_back(ending.info.si_status);
  std::sort(found.begin(), found.end());
  return found;
}

TEST(Reaper, TakesTheChildThatTheSignalNames) {
  Reaper reaper;
  const pid_t child = ended_child(3);

  const std::vector<Reaper::Ending> endings = reaper.take(child);

  ASSERT_EQ(endings.size(), 1U);
  EXPECT_EQ(endings[0].info.si_pid, child);
  EXPECT_EQ(endings[0].info.si_code, CLD_EXITED);
  EXPECT_EQ(endings[0].info.si_status, 3);
  EXPECT_GT(endings[0].usage.ru_maxrss, 0);
  EXPECT_TRUE(reaper.no_children());
}

TEST(Reaper, TakesThoseWhoseSignalWasSwallowed) {
  Reaper reaper{std::chrono::hours{1}};
  ended_child(1);
  const pid_t named = ended_child(2);
  ended_child(3);

  EXPECT_EQ(codes(reaper.take(named)), (std::vector{1, 2, 3}));
}

TEST(Reaper, FindsTheSwallowedOnesLaterWhenAWalkIsLong) {
  Reaper reaper{std::chrono::nanoseconds{0}};  // every walk counts as long
  reaper.take_all();
  ended_child(1);
  std::vector<int> found = codes(reaper.take(ended_child(2)));

  EXPECT_EQ(std::count(found.begin(), found.end(), 2), 1);
  while (found.size() < 2) {
    ASSERT_GE(reaper.timeout_ms(), 0) << "it would never look again";
    ::poll(nullptr, 0, reaper.timeout_ms());  // as its owner would
    if (!reaper.is_due()) continue;
    for (const int code : codes(reaper.take_all())) found.push_back(code);
  }
  EXPECT_EQ(reaper.timeout_ms(), -1);
}

TEST(Reaper, LeavesTheLivingAlone) {
  Reaper reaper;
  const LivingChild living;

  EXPECT_TRUE(reaper.take(living.pid()).empty());
  EXPECT_FALSE(reaper.no_children());
}

TEST(Reaper, BearsASignalThatNamesNobody) {
  Reaper reaper;

  EXPECT_TRUE(reaper.take(::getpid()).empty());
  EXPECT_TRUE(reaper.no_children());
}

}  // namespace
}  // namespace dummynet::os
