#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <thread>

#include "dummynet/net/network.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::test {

/// virtio_net_hdr, which each frame begins with: linux/virtio_net.h, which is no C++.
constexpr std::size_t kVirtioHeaderBytes = 10;

/// Carries frames between the ends of a link that is cut, as they are, as long as it lives.
class Carrier {
 public:
  Carrier(net::Network& network, std::size_t link);
  ~Carrier();
  Carrier(const Carrier&) = delete;
  Carrier& operator=(const Carrier&) = delete;

  /// The longest so far, from its Ethernet header on.
  std::size_t longest_frame() const noexcept { return longest_; }
  void forget_longest() noexcept { longest_ = 0; }

 private:
  void run();
  void carry(const os::Fd& from, const os::Fd& to);

  std::array<os::Fd, 2> ends_;
  os::Fd stop_;
  std::atomic<std::size_t> longest_{0};
  std::thread thread_;
};

}  // namespace dummynet::test
