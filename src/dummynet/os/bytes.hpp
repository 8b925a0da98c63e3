#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

/// The bytes of messages between processes of one build on one machine: numbers in the machine's order, one after the
/// other; texts and lists with their length before them, of 32 bits.
namespace dummynet::os {

/// Not bool: a byte that is neither 0 nor 1 is none.
template <typename Type>
concept Number = std::is_arithmetic_v<Type> && !std::is_same_v<Type, bool>;
template <typename Type>
concept Enumeration = std::is_enum_v<Type>;

class ByteWriter {
 public:
  void raw(const void* data, std::size_t size) {
    if (size > 0) bytes_.append(static_cast<const char*>(data), size);
  }
  void number(Number auto value) { raw(&value, sizeof value); }
  void flag(bool value) { number(static_cast<std::uint8_t>(value ? 1 : 0)); }
  /// An enumeration of at most 256 values, as a byte.
  void choice(Enumeration auto value) { number(static_cast<std::uint8_t>(value)); }
  /// The length of a list, before its items.
  void count(std::size_t items) { number(static_cast<std::uint32_t>(items)); }
  void text(std::string_view value) {
    count(value.size());
    raw(value.data(), value.size());
  }

  void clear() noexcept { bytes_.clear(); }
  std::string_view bytes() const noexcept { return bytes_; }
  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_;
};

/// Trusts nothing. When something is missing or cannot be, it is spoilt: every further read gives zero or nothing, and
/// done() is false.
class ByteReader {
 public:
  /// The bytes are not copied.
  explicit ByteReader(std::string_view bytes) noexcept : rest_{bytes} {}

  void raw(void* into, std::size_t size) {
    if (rest_.size() < size) return spoil();
    if (size == 0) return;  // an empty vector has no place to be read into
    std::memcpy(into, rest_.data(), size);
    rest_.remove_prefix(size);
  }
  template <Number Value>
  Value number() {
    Value value{};
    raw(&value, sizeof value);
    return value;
  }
  /// Nothing but 0 or 1.
  bool flag() {
    const auto value = number<std::uint8_t>();
    if (value > 1) spoil();
    return value == 1;
  }
  /// Nothing beyond `last`.
  template <Enumeration Enum>
  Enum choice(Enum last) {
    const auto value = number<std::uint8_t>();
    if (value <= static_cast<std::uint8_t>(last)) return static_cast<Enum>(value);
    spoil();
    return Enum{};
  }
  /// The length of a list whose items take at least so many bytes each, not 0. A length that the rest has no room for
  /// is a lie, and not to be reserved for.
  std::size_t count(std::size_t least_bytes) {
    const auto items = number<std::uint32_t>();
    if (items <= rest_.size() / least_bytes) return items;
    spoil();
    return 0;
  }
  std::string text() {
    const std::size_t size = count(1);
    std::string value{rest_.substr(0, size)};
    rest_.remove_prefix(size);
    return value;
  }

  /// What was read cannot be.
  void spoil() noexcept {
    good_ = false;
    rest_ = {};
  }
  bool good() const noexcept { return good_; }
  /// Everything was read, and nothing was missing.
  bool done() const noexcept { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace dummynet::os
