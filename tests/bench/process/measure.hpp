#pragma once

#include <sys/mman.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>
#include <vector>

/// What the measuring programs share. Each is asked `PROGRAM MEASUREMENT ARGUMENTS` and prints its figures, blank
/// between them, on one line.
namespace bench {

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>{Clock::now() - start}.count();
}

/// Microseconds for each of `count` runs.
template <typename Run>
double microseconds_each(std::size_t count, Run&& run) {
  const Clock::time_point start = Clock::now();
  run();
  return seconds_since(start) * 1e6 / static_cast<double>(count);
}

inline timespec now() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return time;
}

/// From the time that a child has written as its last act, in µs.
inline double microseconds_since_stamp(std::string_view stamp, const timespec& now) {
  timespec then{};
  if (stamp.size() != sizeof then) {
    std::fprintf(stderr, "a child that writes the time wrote %zu bytes\n", stamp.size());
    std::exit(1);
  }
  std::memcpy(&then, stamp.data(), sizeof then);
  return static_cast<double>(now.tv_sec - then.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec - then.tv_nsec) * 1e-3;
}

/// GB/s of the second of two runs, each of which returns its bytes: in a virtual machine, memory that is touched for
/// the first time is the host's work, and ten times slower than afterwards.
template <typename Run>
void print_second_rate(Run&& run) {
  run();
  const Clock::time_point start = Clock::now();
  const std::size_t bytes = run();
  std::printf("%.3f\n", static_cast<double>(bytes) / seconds_since(start) / 1e9);
}

/// "p50 p99".
inline void print_percentiles(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  std::printf("%.3f %.3f\n", values[values.size() / 2], values[values.size() * 99 / 100]);
}

/// Memory that a fork(2) would have to copy the page tables of; it stays.
inline void fill_heap(std::size_t mebibytes) {
  const std::size_t bytes = mebibytes << 20U;
  void* const memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) std::exit(1);
  ::madvise(memory, bytes, MADV_NOHUGEPAGE);
  for (std::size_t offset = 0; offset < bytes; offset += 4096) static_cast<char*>(memory)[offset] = 1;
}

inline void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

inline std::size_t number(const std::vector<std::string>& words, std::size_t index) {
  return index < words.size() ? static_cast<std::size_t>(std::strtoull(words[index].c_str(), nullptr, 10)) : 0;
}

}  // namespace bench
