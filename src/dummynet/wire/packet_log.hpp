#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "dummynet/os/fd.hpp"
#include "dummynet/wire/pipeline.hpp"

namespace dummynet::wire {

/// A line of JSON for each packet that has met its fate. Times are nanoseconds from the links' start.
class PacketLog {
 public:
  struct Line {
    std::uint32_t link = 0;  ///< position in the Topology
    std::uint32_t direction = 0;
    PacketClass packet_class{};
    std::uint64_t number = 0;
    std::uint32_t bytes = 0;
    Nanoseconds in{0};
    Nanoseconds due{0};       ///< when it was to be sent, and
    Nanoseconds out{0};       ///< when it was
    std::string_view drop{};  ///< or why not
  };
  PacketLog() = default;
  explicit PacketLog(os::Fd file) : file_{std::move(file)} {}

  bool is_on() const noexcept { return static_cast<bool>(file_); }
  /// False: it is lost, since what is written to cannot keep up, or has no room.
  bool add(const Line& line);
  /// Writes what there is; true when all of it was.
  bool flush() noexcept;
  bool is_empty() const noexcept { return buffer_.empty(); }

 private:
  static constexpr std::size_t kWriteFrom = 64U << 10U;
  static constexpr std::size_t kMost = 16U << 20U;

  os::Fd file_;
  std::string buffer_;
};

}  // namespace dummynet::wire
