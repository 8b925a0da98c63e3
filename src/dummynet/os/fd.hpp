#pragma once

#include <unistd.h>

#include <utility>

namespace dummynet::os {

/// Owns one file descriptor.
class Fd {
 public:
  Fd() noexcept = default;
  explicit Fd(int number) noexcept : number_{number} {}
  Fd(Fd&& other) noexcept : number_{std::exchange(other.number_, -1)} {}
  Fd& operator=(Fd&& other) noexcept {
    Fd incoming{std::move(other)};
    std::swap(number_, incoming.number_);
    return *this;
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  // close(2): on Linux the number is free again even after EINTR, so never retry.
  ~Fd() {
    if (number_ >= 0) ::close(number_);
  }

  int get() const noexcept { return number_; }
  explicit operator bool() const noexcept { return number_ >= 0; }
  int release() noexcept { return std::exchange(number_, -1); }
  void reset() noexcept { Fd{std::move(*this)}; }

 private:
  int number_ = -1;
};

}  // namespace dummynet::os
