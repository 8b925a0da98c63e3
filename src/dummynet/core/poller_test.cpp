#include "dummynet/core/poller.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/epoll.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <system_error>

#include "dummynet/os/check.hpp"
#include "support/waiting.hpp"

namespace dummynet {
namespace {

using namespace std::chrono_literals;

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    os::check(::pipe2(ends, O_CLOEXEC | O_NONBLOCK), "pipe2");
    read_end = os::Fd{ends[0]};
    write_end = os::Fd{ends[1]};
  }
  void put() const { os::check(::write(write_end.get(), "x", 1), "write"); }
  void get() const {
    char byte = 0;
    os::check(::read(read_end.get(), &byte, 1), "read");
  }
  os::Fd read_end;
  os::Fd write_end;
};

bool is_readable(int fd) { return test::becomes_readable(fd, 0ms); }

TEST(Poller, CallsBackWhileADescriptorIsReady) {
  Poller poller;
  const Pipe pipe;
  std::uint32_t seen = 0;
  poller.add(pipe.read_end.get(), EPOLLIN, [&](std::uint32_t events) { seen = events; });

  EXPECT_EQ(poller.poll(0ns), 0U);
  pipe.put();
  EXPECT_EQ(poller.poll(0ns), 1U);
  EXPECT_EQ(poller.poll(-1ns), 1U);  // level-triggered: the byte is still there
  EXPECT_EQ(seen, static_cast<std::uint32_t>(EPOLLIN));
  pipe.get();
  EXPECT_EQ(poller.poll(0ns), 0U);
}

TEST(Poller, CountsAWakeUpForWhatIsFoundTogether) {
  Poller poller;
  const Pipe first;
  const Pipe second;
  std::vector<std::uint64_t> wake_ups;
  for (const Pipe* pipe : {&first, &second}) {
    poller.add(pipe->read_end.get(), EPOLLIN, [&wake_ups, &poller, pipe](std::uint32_t) {
      wake_ups.push_back(poller.wake_up());
      pipe->get();
    });
    pipe->put();
  }

  poller.poll(0ns);
  first.put();
  poller.poll(0ns);

  ASSERT_EQ(wake_ups.size(), 3U);
  EXPECT_EQ(wake_ups[0], wake_ups[1]);
  EXPECT_NE(wake_ups[1], wake_ups[2]);
}

TEST(Poller, LetsACallbackRemoveItself) {
  Poller poller;
  const Pipe pipe;
  pipe.put();
  Poller::Id id = 0;
  std::string captured = "what the callback holds must outlive its own removal";
  std::string seen;
  id = poller.add(pipe.read_end.get(), EPOLLIN, [&poller, &id, &seen, captured](std::uint32_t) {
    poller.remove(id);
    seen = captured;
  });

  EXPECT_EQ(poller.poll(0ns), 1U);
  EXPECT_EQ(poller.poll(0ns), 0U);
  EXPECT_EQ(seen, captured);
}

/// Two descriptors are found ready in one pass, and each callback does `act` to the other one: how many are called?
int calls_in_a_pass(const std::function<void(Poller& poller, Poller::Id other)>& act) {
  Poller poller;
  const Pipe pipes[2];
  Poller::Id ids[2] = {};
  int calls = 0;
  for (const std::size_t i : {0U, 1U}) {
    pipes[i].put();
    ids[i] = poller.add(pipes[i].read_end.get(), EPOLLIN, [&, other = 1 - i](std::uint32_t) {
      ++calls;
      act(poller, ids[other]);
    });
  }
  EXPECT_EQ(poller.poll(0ns), 1U);
  return calls;
}

TEST(Poller, LetsACallbackRemoveAnotherThatIsReadyInTheSamePass) {
  EXPECT_EQ(calls_in_a_pass([](Poller& poller, Poller::Id other) { poller.remove(other); }), 1);
}

TEST(Poller, DoesNotTellANewDescriptorWhatWasFoundForTheOldOneOfItsNumber) {
  Poller poller;
  Pipe pipes[2];
  Poller::Id ids[2] = {};
  int stale_calls = 0;
  Pipe fresh;
  for (const std::size_t i : {0U, 1U}) {
    pipes[i].put();
    ids[i] = poller.add(pipes[i].read_end.get(), EPOLLIN, [&, i, other = 1 - i](std::uint32_t) {
      const int number = pipes[other].read_end.get();
      poller.remove(ids[other]);
      poller.remove(ids[i]);
      os::check(::dup3(fresh.read_end.get(), number, O_CLOEXEC), "dup3");  // the same number, another pipe
      poller.add(number, EPOLLIN, [&](std::uint32_t) { ++stale_calls; });
    });
  }

  EXPECT_EQ(poller.poll(0ns), 1U);
  EXPECT_EQ(stale_calls, 0);
  fresh.put();
  EXPECT_EQ(poller.poll(0ns), 1U);
  EXPECT_EQ(stale_calls, 1);
}

TEST(Poller, KeepsADescriptorWithoutEventsSilentEvenWhenItHangsUp) {
  Poller poller;
  Pipe pipe;
  int calls = 0;
  const Poller::Id id = poller.add(pipe.read_end.get(), EPOLLIN, [&](std::uint32_t) { ++calls; });
  poller.modify(id, 0);
  pipe.write_end.reset();

  EXPECT_EQ(poller.poll(0ns), 0U);
  EXPECT_FALSE(is_readable(poller.fd()));
  poller.modify(id, EPOLLIN);
  EXPECT_EQ(poller.poll(0ns), 1U);
  EXPECT_EQ(calls, 1);
}

TEST(Poller, AppliesAModificationToWhatThePassHasAlreadyFound) {
  EXPECT_EQ(calls_in_a_pass([](Poller& poller, Poller::Id other) { poller.modify(other, 0); }), 1);
}

TEST(Poller, RunsADeadlineOnceAndNeverEarly) {
  Poller poller;
  const Clock::time_point due = Clock::now() + 20ms;
  std::vector<Clock::time_point> ran;
  poller.add_deadline(due, [&] { ran.push_back(Clock::now()); });

  EXPECT_FALSE(is_readable(poller.fd()));
  while (ran.empty()) poller.poll(-1ns);
  EXPECT_GE(ran.front(), due);
  EXPECT_FALSE(is_readable(poller.fd()));
  EXPECT_EQ(poller.poll(0ns), 0U);
}

TEST(Poller, MakesItsDescriptorReadableWhenADeadlineIsDue) {
  Poller poller;
  bool ran = false;
  poller.add_deadline(Clock::now() + 1h, [] { FAIL() << "an hour early"; });
  poller.add_deadline(Clock::now() + 5ms, [&] { ran = true; });

  ASSERT_TRUE(test::becomes_readable(poller.fd()));
  EXPECT_EQ(poller.poll(0ns), 1U);
  EXPECT_TRUE(ran);
}

TEST(Poller, RunsDeadlinesInTheOrderOfTheirTimes) {
  Poller poller;
  const Clock::time_point past = Clock::now() - 1s;
  std::string order;
  poller.add_deadline(past + 2ms, [&] { order += 'c'; });
  poller.add_deadline(past, [&] { order += 'a'; });
  poller.add_deadline(past + 1ms, [&] { order += 'b'; });

  EXPECT_EQ(poller.poll(10s), 3U);
  EXPECT_EQ(order, "abc");
}

TEST(Poller, RunsADeadlineBeforeTheEpochOfTheClock) {
  Poller poller;
  bool ran = false;
  poller.add_deadline(Clock::time_point::min(), [&] { ran = true; });

  EXPECT_EQ(poller.poll(10s), 1U);
  EXPECT_TRUE(ran);
}

TEST(Poller, LeavesWhatADeadlineAddsToTheNextPass) {
  Poller poller;
  int runs = 0;
  std::function<void()> again = [&] {
    ++runs;
    poller.add_deadline(Clock::now() - 1ms, again);
  };
  again();

  EXPECT_EQ(poller.poll(10s), 1U);
  EXPECT_EQ(poller.poll(10s), 1U);
  EXPECT_EQ(runs, 3);
}

TEST(Poller, ForgetsARemovedDeadline) {
  Poller poller;
  const Clock::time_point due = Clock::now() + 10ms;
  const Poller::Id removed = poller.add_deadline(due, [] { FAIL() << "it was removed"; });
  bool ran = false;
  poller.add_deadline(due, [&] { ran = true; });
  poller.remove(removed);
  poller.remove(removed);

  while (!ran) poller.poll(-1ns);
}

TEST(Poller, LetsADeadlineRemoveAnotherThatIsDueInTheSamePass) {
  Poller poller;
  const Clock::time_point past = Clock::now() - 1s;
  Poller::Id second = 0;
  poller.add_deadline(past, [&] { poller.remove(second); });
  second = poller.add_deadline(past + 1ms, [] { FAIL() << "it was removed"; });

  EXPECT_EQ(poller.poll(10s), 1U);
}

TEST(Poller, FinishesThePassAndRethrowsTheFirstException) {
  Poller poller;
  const Pipe pipes[2];
  int calls = 0;
  for (const Pipe& pipe : pipes) {
    pipe.put();
    poller.add(pipe.read_end.get(), EPOLLIN, [&](std::uint32_t) {
      pipe.get();
      throw std::runtime_error{std::to_string(++calls)};
    });
  }
  bool deadline_ran = false;
  poller.add_deadline(Clock::now() - 1ms, [&] { deadline_ran = true; });

  std::string what;
  while (what.empty()) {
    try {
      poller.poll(10s);
    } catch (const std::runtime_error& error) {
      what = error.what();
    }
  }

  EXPECT_EQ(what, "1");
  EXPECT_EQ(calls, 2);
  while (!deadline_ran) poller.poll(10s);
}

TEST(Poller, WaitsNoLongerThanItsTimeout) {
  Poller poller;
  const Clock::time_point start = Clock::now();

  EXPECT_EQ(poller.poll(3ms), 0U);
  EXPECT_GE(Clock::now() - start, 3ms);
}

TEST(Poller, CallsOutABusyWaitOnADeadDescriptor) {
  Poller poller;
  Pipe pipe;
  poller.add(pipe.read_end.get(), EPOLLIN, [](std::uint32_t) {});
  pipe.write_end.reset();

  for (int pass = 0; pass < 1000; ++pass) ASSERT_EQ(poller.poll(0ns), 1U);
  EXPECT_THROW(poller.poll(0ns), std::logic_error);
}

TEST(Poller, ServesMoreDescriptorsThanOnePassTakes) {
  constexpr std::size_t kMany = 300;
  Poller poller;
  std::vector<Pipe> pipes(kMany);
  std::size_t served = 0;
  for (const Pipe& pipe : pipes) {
    poller.add(pipe.read_end.get(), EPOLLIN, [&](std::uint32_t) {
      pipe.get();
      ++served;
    });
    pipe.put();
  }

  while (poller.poll(0ns) > 0) {
  }
  EXPECT_EQ(served, kMany);
}

TEST(Poller, MayBeAskedFromACallback) {
  Poller poller;
  const Pipe outer;
  const Pipe inner;
  std::string order;
  outer.put();
  poller.add(outer.read_end.get(), EPOLLIN, [&](std::uint32_t) {
    outer.get();
    order += '(';
    inner.put();
    poller.poll(10s);
    order += ')';
  });
  poller.add(inner.read_end.get(), EPOLLIN, [&](std::uint32_t) {
    inner.get();
    order += 'i';
  });

  EXPECT_EQ(poller.poll(10s), 1U);
  EXPECT_EQ(order, "(i)");
}

TEST(Poller, NamesTheDescriptorThatTheKernelRefuses) {
  Poller poller;
  try {
    poller.add(99'999, EPOLLIN, [](std::uint32_t) {});
    FAIL() << "there is no such descriptor";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EBADF);
    EXPECT_NE(std::string{error.what()}.find("99999"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace dummynet
