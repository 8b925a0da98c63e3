#include "dummynet/core/capture.hpp"

#include <sys/mman.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

namespace dummynet {
namespace {

/// From here on a buffer grows eightfold: memory that is never touched costs only addresses, while each move of a large
/// buffer costs a copy and the page faults of its new place.
constexpr std::size_t kLargeBytes = std::size_t{1} << 20U;
constexpr std::size_t kLargeGrowth = 8;

/// One page fault for 2 MiB instead of 512: filling memory for the first time is what capturing spends its time on.
void prefer_huge_pages(std::string& buffer) {
  constexpr std::uintptr_t kHugePage = std::uintptr_t{2} << 20U;
  const auto data = reinterpret_cast<std::uintptr_t>(buffer.data());
  const std::uintptr_t begin = (data + kHugePage - 1) / kHugePage * kHugePage;
  const std::uintptr_t end = (data + buffer.capacity()) / kHugePage * kHugePage;
  // A mere hint: where the kernel has no huge pages, nothing is lost.
  if (begin < end) static_cast<void>(::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE));
}

/// Takes from `line` all pieces that are too long to be kept together.
void emit_long_pieces(std::string_view& line, const LineSplitter::Callback& callback) {
  while (line.size() > LineSplitter::kLongestLineBytes) {
    std::string_view piece = line.substr(0, LineSplitter::kLongestLineBytes);
    piece.remove_suffix(incomplete_utf8_suffix(piece));
    callback(piece, false);
    line.remove_prefix(piece.size());
  }
}

}  // namespace

CaptureBuffer::CaptureBuffer(std::uint64_t limit_bytes) {
  const std::size_t limit = static_cast<std::size_t>(std::min<std::uint64_t>(limit_bytes, kept_.max_size()));
  tail_limit_ = limit / 2;
  head_limit_ = limit - tail_limit_;
}

void CaptureBuffer::grow_for(std::size_t bytes) {
  const std::size_t needed = kept_.size() + bytes;
  if (needed <= kept_.capacity() || needed < kLargeBytes) return;  // std::string's own doubling does
  const std::size_t limit = head_limit_ + tail_limit_;
  try {
    kept_.reserve(needed > limit / kLargeGrowth ? limit : needed * kLargeGrowth);
    prefer_huge_pages(kept_);
  } catch (const std::bad_alloc&) {  // addresses are limited here; then append() asks for less
  }
}

void CaptureBuffer::append(std::string_view bytes) {
  const std::size_t limit = head_limit_ + tail_limit_;
  const std::string_view fitting = bytes.substr(0, limit - kept_.size());
  if (!fitting.empty()) {
    grow_for(fitting.size());
    kept_.append(fitting);
    bytes.remove_prefix(fitting.size());
  }
  if (bytes.empty()) return;
  dropped_bytes_ += bytes.size();  // each byte that is new in the full ring pushes one out
  if (tail_limit_ == 0) return;
  if (bytes.size() > tail_limit_) {
    ring_next_ = (ring_next_ + (bytes.size() - tail_limit_) % tail_limit_) % tail_limit_;
    bytes.remove_prefix(bytes.size() - tail_limit_);
  }
  const std::string_view before_wrap = bytes.substr(0, tail_limit_ - ring_next_);
  const std::string_view after_wrap = bytes.substr(before_wrap.size());
  char* const ring = kept_.data() + head_limit_;
  std::copy(before_wrap.begin(), before_wrap.end(), ring + ring_next_);
  std::copy(after_wrap.begin(), after_wrap.end(), ring);
  ring_next_ = (ring_next_ + bytes.size()) % tail_limit_;
}

CapturedText CaptureBuffer::snapshot() const { return CaptureBuffer{*this}.take(); }

CapturedText CaptureBuffer::take() {
  const std::uint64_t dropped = std::exchange(dropped_bytes_, 0);
  const auto oldest = static_cast<std::ptrdiff_t>(std::exchange(ring_next_, 0));
  if (kept_.empty()) return CapturedText{nullptr, 0, dropped};
  if (oldest != 0) {
    const auto ring = kept_.begin() + static_cast<std::ptrdiff_t>(head_limit_);
    std::rotate(ring, ring + oldest, kept_.end());
  }
  const std::size_t head = dropped == 0 ? kept_.size() : head_limit_;
  return CapturedText{std::make_shared<const std::string>(std::exchange(kept_, {})), head, dropped};
}

void LineSplitter::feed(std::string_view bytes, const Callback& callback) {
  while (!bytes.empty()) {
    const std::size_t newline = bytes.find('\n');
    std::string_view line = bytes.substr(0, newline);
    const bool from_before = !partial_.empty();
    if (from_before) line = partial_.append(line);
    emit_long_pieces(line, callback);
    if (newline == bytes.npos) {
      if (from_before) {
        partial_.erase(0, partial_.size() - line.size());
      } else {
        partial_ = line;
      }
      return;
    }
    callback(line, true);
    partial_.clear();
    bytes.remove_prefix(newline + 1);
  }
}

void LineSplitter::finish(const Callback& callback) {
  if (!partial_.empty()) callback(partial_, false);
  partial_.clear();
}

std::size_t incomplete_utf8_suffix(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t from_end) { return static_cast<unsigned char>(bytes[bytes.size() - from_end]); };
  for (std::size_t length = 1; length <= std::min<std::size_t>(3, bytes.size()); ++length) {
    const unsigned lead = at(length);
    if ((lead & 0xC0U) == 0x80U) continue;  // a continuation byte: its lead is further left
    const std::size_t whole = lead >= 0xC2 && lead <= 0xDF   ? 2
                              : lead >= 0xE0 && lead <= 0xEF ? 3
                              : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                             : 0;
    if (whole <= length) return 0;
    if (length == 1) return 1;
    // Four leads narrow what may follow: no overlong forms, no surrogates, nothing above U+10FFFF.
    const unsigned second = at(length - 1);
    const bool valid = !(lead == 0xE0 && second < 0xA0) && !(lead == 0xED && second > 0x9F) &&
                       !(lead == 0xF0 && second < 0x90) && !(lead == 0xF4 && second > 0x8F);
    return valid ? length : 0;
  }
  return 0;
}

}  // namespace dummynet
