#pragma once

#include <chrono>
#include <string>

#include "dummynet/os/fd.hpp"

namespace dummynet::test {

/// Sees from outside whether anything of a payload (tests/payload/payload.cpp) lives: a FIFO that every process of it
/// holds open for writing, and which ends with the last one.
class Life {
 public:
  /// Makes the FIFO, for everybody to write to. Throws std::system_error.
  explicit Life(std::string path);
  /// Removes it, and kills who still holds it.
  ~Life();
  Life(const Life&) = delete;
  Life& operator=(const Life&) = delete;

  const std::string& path() const noexcept { return path_; }
  /// Until that many processes said that they are up. False when that does not come, within a minute.
  bool wait_up(int processes);
  /// True as soon as nothing lives, false at the deadline.
  bool wait_gone(std::chrono::steady_clock::time_point deadline);
  /// Kills what lives, as far as we may. True when nothing is left.
  bool kill_rest();

 private:
  bool read_to_end(std::chrono::steady_clock::time_point deadline, int stop_after);

  std::string path_;
  os::Fd fifo_;
  int said_ = 0;
};

}  // namespace dummynet::test
