#include "dummynet/wire/packet_log.hpp"

#include <unistd.h>

#include <cerrno>
#include <charconv>

namespace dummynet::wire {

namespace {

void append(std::string& text, std::string_view name, std::int64_t value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  text.append(name).append(digits, end);
}

}  // namespace

bool PacketLog::add(const Line& line) {
  if (buffer_.size() >= kMost) return false;
  append(buffer_, "{\"link\":", line.link);
  buffer_.append(line.direction == 0 ? R"(,"direction":"uplink")" : R"(,"direction":"downlink")");
  buffer_.append(line.packet_class == PacketClass::data ? R"(,"class":"data")" : R"(,"class":"control")");
  append(buffer_, ",\"number\":", static_cast<std::int64_t>(line.number));
  append(buffer_, ",\"bytes\":", line.bytes);
  append(buffer_, ",\"in\":", line.in.count());
  if (line.drop.empty()) {
    append(buffer_, ",\"due\":", line.due.count());
    append(buffer_, ",\"out\":", line.out.count());
  } else {
    buffer_.append(",\"drop\":\"").append(line.drop).append("\"");
  }
  buffer_.append("}\n");
  if (buffer_.size() >= kWriteFrom) flush();
  return true;
}

bool PacketLog::flush() noexcept {
  std::size_t done = 0;
  while (done < buffer_.size()) {
    const ssize_t count = ::write(file_.get(), buffer_.data() + done, buffer_.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    done += static_cast<std::size_t>(count);
  }
  buffer_.erase(0, done);
  return buffer_.empty();
}

}  // namespace dummynet::wire
