#include "dummynet/wire/frame_pool.hpp"

#include <utility>

namespace dummynet::wire {

std::size_t FramePool::size_class(std::size_t capacity) noexcept {
  std::size_t index = 0;
  while (index < kSizes.size() && kSizes[index] < capacity) ++index;
  return index;
}

std::uint32_t FramePool::make_empty() {
  if (free_frames_.empty()) {
    frames_.emplace_back();
    return static_cast<std::uint32_t>(frames_.size() - 1);
  }
  const std::uint32_t frame = free_frames_.back();
  free_frames_.pop_back();
  frames_[frame] = Frame{};
  return frame;
}

std::uint32_t FramePool::make(std::size_t bytes) {
  const std::size_t index = size_class(bytes + kHeadroom);
  if (index == kSizes.size() || used_bytes_ + kSizes[index] > limit_bytes_) return kNone;
  auto& free = free_memory_[index];
  if (free.empty()) {
    all_memory_.push_back(std::make_unique_for_overwrite<std::byte[]>(kSizes[index]));
    free.push_back(all_memory_.back().get());
  }
  const std::uint32_t number = make_empty();
  Frame& frame = frames_[number];
  frame.memory = free.back();
  free.pop_back();
  frame.capacity = kSizes[index];
  frame.start = kHeadroom;
  used_bytes_ += frame.capacity;
  return number;
}

void FramePool::release(std::uint32_t number) noexcept {
  Frame& frame = frames_[number];
  if (frame.memory != nullptr) {
    free_memory_[size_class(frame.capacity)].push_back(frame.memory);
    used_bytes_ -= frame.capacity;
  }
  frame.memory = nullptr;
  frame.capacity = 0;
  free_frames_.push_back(number);
}

void FramePool::swap_memory(std::uint32_t one, std::uint32_t other) noexcept {
  std::swap(frames_[one].memory, frames_[other].memory);
  std::swap(frames_[one].capacity, frames_[other].capacity);
  std::swap(frames_[one].start, frames_[other].start);
}

}  // namespace dummynet::wire
