#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dummynet::scenario {

/// The number of bytes of the well-formed UTF-8 character at the front (RFC 3629: no overlong forms, no surrogates);
/// 0 if there is none.
std::size_t character_length(std::string_view text);

/// The first thing that no text file holds: a NUL or other control character, or bytes that are not UTF-8.
struct Oddity {
  std::size_t offset;  ///< in bytes
  std::string what;    ///< for people
};
std::optional<Oddity> find_oddity(std::string_view text);

}  // namespace dummynet::scenario
