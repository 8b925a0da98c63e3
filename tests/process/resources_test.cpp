// What RunInfo says a process tree has used, against what it says itself.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "dummynet/core/monitor.hpp"
#include "support/monitor_test.hpp"

namespace dummynet::test {

namespace {

constexpr std::uint64_t kMib = 1U << 20U;
constexpr int kTries = 10;

class ResourcesTest : public EveryMonitorTest {
 protected:
  // The kernel knows whole trees where a cgroup of our own can be had.
  static bool has_cgroup() {
    if (GetParam() == Kind::no_cgroup) return false;
    ProcessMonitor monitor;
    return monitor.containment() == Containment::cgroup;
  }
  static Source whole_tree() { return has_cgroup() ? Source::cgroup_v2 : Source::rusage; }
};

struct CpuFigures {
  std::chrono::microseconds told;  // by RunInfo
  std::chrono::microseconds own;   // by the process itself, just before it ends
};

CpuFigures use_cpu(ProcessMonitor& monitor, const char* what, int ms, Source source) {
  const RunInfo info = monitor.run_process({payload("consume"), what, std::to_string(ms)}, {.drain = kPatience});
  const Resources& used = info.resources;
  EXPECT_EQ(used.cpu_source, source);
  const std::chrono::microseconds split = used.cpu_user + used.cpu_system;
  EXPECT_LE(std::chrono::abs(used.cpu - split), 10us);
  return {used.cpu, std::chrono::microseconds{std::stol(std::string{info.out.text()})}};
}

// Ending costs CPU time too, which nobody can say of himself: some 0.1 ms, on an emulated machine a hundred times that,
// and now and then (interrupts, cold caches) more. What counts is that the figure can be right: a wrong one never is.
void expect_cpu(ProcessMonitor& monitor, const char* what, int ms, Source source) {
  std::chrono::microseconds ending = 300us;
  for (int i = 0; i < 3; ++i) {
    const CpuFigures nothing = use_cpu(monitor, what, 0, source);
    ending = std::max(ending, nothing.told - nothing.own);
  }
  std::string tries;
  for (int i = 0; i < kTries; ++i) {
    const CpuFigures used = use_cpu(monitor, what, ms, source);
    ASSERT_GE(used.own, std::chrono::milliseconds{ms});
    if (std::chrono::abs(used.told - used.own) <= used.own / 20 + ending) return;
    tries += std::to_string(used.told.count()) + " us for " + std::to_string(used.own.count()) + "; ";
  }
  ADD_FAILURE() << what << ' ' << ms << " ms: " << tries;
}

TEST_P(ResourcesTest, CpuTimeIsWhatTheProcessUsed) {
  ProcessMonitor monitor{options_for(GetParam())};
  const Source source = whole_tree();
  expect_cpu(monitor, "cpu", 5, source);
  expect_cpu(monitor, "cpu", 50, source);
  expect_cpu(monitor, "cpu", 5, source);  // a cgroup that is used again counts from zero
}

TEST_P(ResourcesTest, CpuTimeOfADaemonisedGrandchildCounts) {
  if (!has_cgroup()) GTEST_SKIP() << "only a cgroup knows of those that nobody waited for";
  ProcessMonitor monitor{options_for(GetParam())};
  expect_cpu(monitor, "cpu-daemon", 5, Source::cgroup_v2);
  expect_cpu(monitor, "cpu-daemon", 50, Source::cgroup_v2);
}

TEST_P(ResourcesTest, MemoryPeakIsWhatTheProcessTouched) {
  ProcessMonitor monitor{options_for(GetParam())};
  const RunInfo info = monitor.run_process({payload("consume"), "memory", "200"});
  EXPECT_EQ(info.resources.memory_peak_source, Source::rusage);
  EXPECT_GT(info.resources.memory_peak_bytes, 200 * kMib);
  EXPECT_LT(info.resources.memory_peak_bytes, 210 * kMib);
  EXPECT_EQ(info.resources.leader_max_rss_bytes, info.resources.memory_peak_bytes);
}

TEST_P(ResourcesTest, MemoryPeakOfTheWholeTreeWithAnAccountOfItsOwn) {
  ProcessMonitor monitor{options_for(GetParam())};
  for (const char* what : {"memory", "memory-child"}) {
    const RunInfo info =
        monitor.run_process({payload("consume"), what, "200"}, {.account_memory = true, .drain = kPatience});
    const Resources& used = info.resources;
    if (GetParam() == Kind::no_cgroup) {
      EXPECT_EQ(used.memory_peak_source, Source::rusage);
    }
    if (used.memory_peak_source == Source::rusage) GTEST_SKIP() << "no memory cgroup of our own here";
    EXPECT_TRUE(used.memory_peak_source == Source::cgroup_v2 || used.memory_peak_source == Source::cgroup_v1);
    EXPECT_GT(used.memory_peak_bytes, 200 * kMib) << what;
    EXPECT_LT(used.memory_peak_bytes, 210 * kMib) << what;
  }
  // The next one starts from nothing.
  const RunInfo small = monitor.run_process({payload("consume"), "memory", "1"}, {.account_memory = true});
  EXPECT_LT(small.resources.memory_peak_bytes, 20 * kMib);
}

TEST_P(ResourcesTest, AreThoseOfTheProcessAndNotOfItsOwner) {
  in_child([] {
    void* const large =
        ::mmap(nullptr, 1024 * kMib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (large == MAP_FAILED) GTEST_SKIP() << "no memory for a large owner";
    ProcessMonitor monitor{options_for(GetParam())};
    const RunInfo info = monitor.run_process({payload("consume"), "cpu", "0"});
    EXPECT_GT(info.resources.memory_peak_bytes, 50'000U);
    EXPECT_LT(info.resources.memory_peak_bytes, 20 * kMib);
    EXPECT_LT(info.resources.cpu, 1s);
  });
}

TEST_P(ResourcesTest, AreKnownWhileItRunsAndFinalAfterwards) {
  ProcessMonitor monitor{options_for(GetParam())};
  std::string said;
  RunOptions options;
  options.input = InputPipe{};
  options.on_line = [&said](const OutputLine& line) { said = line.text; };
  const ProcessHandle handle = monitor.run_process_async({payload("consume"), "memory", "100"}, options);
  serve_until(monitor, [&said] { return said == "touched"; });

  const Resources running = handle->info().resources;
  EXPECT_EQ(running.cpu_source, has_cgroup() ? Source::cgroup_v2 : Source::sampled);
  EXPECT_NE(running.memory_now_source, Source::none);
  EXPECT_GT(running.memory_now_bytes, 100 * kMib);
  EXPECT_LT(running.memory_now_bytes, 110 * kMib);
  EXPECT_EQ(running.leader_max_rss_bytes, 0U);

  handle->close_input();
  serve_to_the_end(monitor);
  const Resources ended = handle->info().resources;
  EXPECT_EQ(ended.cpu_source, whole_tree());
  EXPECT_GE(ended.cpu, running.cpu);
  EXPECT_GT(ended.leader_max_rss_bytes, 100 * kMib);
  monitor.stop();
  EXPECT_EQ(handle->info().resources, ended);
}

INSTANTIATE_TEST_SUITE_P(Every, ResourcesTest, every_kind(), kind_name);

}  // namespace

}  // namespace dummynet::test
