#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace dummynet::net {

/// How many insertions, deletions, replacements and swaps of neighbours lead from one word to the other, no character
/// being touched twice (optimal string alignment, the common form of the Damerau-Levenshtein distance).
std::size_t edit_distance(std::string_view from, std::string_view to);

/// The candidate that was probably meant: the nearest one within a third of its length (at least 1, at most 3 edits).
/// Case does not count. Nothing for words over 64 bytes.
std::optional<std::string> near_word(std::string_view word, std::span<const std::string_view> candidates);

/// "; did you mean `delay`?", or nothing.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace dummynet::net
