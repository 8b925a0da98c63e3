#include "dummynet/scenario/encoding.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace dummynet::scenario {

std::size_t character_length(std::string_view text) {
  if (text.empty()) return 0;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return 1;
  std::size_t length = 0;
  // The second byte of some characters has narrower bounds: this is what rules out overlong forms and surrogates.
  unsigned char least = 0x80;
  unsigned char most = 0xBF;
  if (byte(0) >= 0xC2 && byte(0) <= 0xDF) {
    length = 2;
  } else if (byte(0) >= 0xE0 && byte(0) <= 0xEF) {
    length = 3;
    if (byte(0) == 0xE0) least = 0xA0;
    if (byte(0) == 0xED) most = 0x9F;
  } else if (byte(0) >= 0xF0 && byte(0) <= 0xF4) {
    length = 4;
    if (byte(0) == 0xF0) least = 0x90;
    if (byte(0) == 0xF4) most = 0x8F;
  }
  if (length == 0 || text.size() < length || byte(1) < least || byte(1) > most) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (byte(i) < 0x80 || byte(i) > 0xBF) return 0;
  }
  return length;
}

std::optional<Oddity> find_oddity(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_length(text.substr(i));
    const auto byte = static_cast<unsigned char>(text[i]);
    if (length == 0) return Oddity{i, fmt::format("the byte 0x{:02x} here is not UTF-8", byte)};
    const bool control = (byte < 0x20 && byte != '\n' && byte != '\r' && byte != '\t') || byte == 0x7F;
    if (control) return Oddity{i, fmt::format("the control character 0x{:02x} has no place in a text file", byte)};
    i += length;
  }
  return std::nullopt;
}

}  // namespace dummynet::scenario
