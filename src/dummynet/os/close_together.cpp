#include "dummynet/os/close_together.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <system_error>
#include <thread>

namespace dummynet::os {

namespace {

constexpr std::size_t kMostThreads = 64;

}  // namespace

void close_together(std::vector<Fd> all) noexcept {
  std::atomic<std::size_t> next = 0;
  const auto close_some = [&] {
    for (std::size_t i = next++; i < all.size(); i = next++) all[i].reset();
  };
  std::vector<std::jthread> threads;
  try {
    threads.reserve(kMostThreads);
    while (threads.size() + 1 < std::min(all.size(), kMostThreads)) threads.emplace_back(close_some);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): then fewer do it, this one at the least
  }
  close_some();
}

}  // namespace dummynet::os
