#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "dummynet/core/run_info.hpp"

namespace dummynet {

/// What becomes of the bytes of one output stream: kept, cut into lines, never cut inside a character.

/// Keeps what a stream printed: all of it up to a limit, beyond that its first and its last half of the limit.
class CaptureBuffer {
 public:
  explicit CaptureBuffer(std::uint64_t limit_bytes);

  /// Linear in the number of bytes, whatever came before.
  void append(std::string_view bytes);

  /// A copy of what is kept so far.
  CapturedText snapshot() const;
  /// What is kept, without a copy; the buffer is empty afterwards.
  CapturedText take();

 private:
  void grow_for(std::size_t bytes);

  std::size_t head_limit_;
  std::size_t tail_limit_;
  std::string kept_;           // the head, and behind it the tail as a ring
  std::size_t ring_next_ = 0;  // offset in the ring where the next byte goes; the oldest, once something was dropped
  std::uint64_t dropped_bytes_ = 0;
};

/// Cuts a stream of bytes into lines. The callback gets each line without its `\n`; it must not throw.
class LineSplitter {
 public:
  /// A longer line is handed out in pieces of about this size, cut between characters.
  static constexpr std::size_t kLongestLineBytes = std::size_t{1} << 20U;

  /// `complete` is false for a piece of a line that goes on, and for a last line without a line end.
  using Callback = std::function<void(std::string_view line, bool complete)>;

  /// A line that lies within `bytes` is handed out from there, without a copy.
  void feed(std::string_view bytes, const Callback& callback);
  /// The stream has ended: hands out what is left, if anything.
  void finish(const Callback& callback);

 private:
  std::string partial_;  // the beginning of a line whose end has not been seen
};

/// How many bytes at the end (0 to 3) begin a UTF-8 character that is valid so far and not complete: RFC 3629.
std::size_t incomplete_utf8_suffix(std::string_view bytes) noexcept;

}  // namespace dummynet
