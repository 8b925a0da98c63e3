#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dummynet/core/command.hpp"
#include "dummynet/scenario/complaint.hpp"
#include "dummynet/scenario/document.hpp"
#include "dummynet/scenario/keys.hpp"
#include "dummynet/scenario/scenario.hpp"

namespace dummynet::scenario {

/// Reads elements as what they should be. What they are not becomes a complaint; the reading goes on, so that all
/// mistakes come to light at once.
class Reader {
 public:
  /// Both must outlive it.
  explicit Reader(Complaints& complaints, const ReadFile& read_file = kNoFiles)
      : complaints_{complaints}, read_file_{read_file} {}

  void complain(Position position, std::string message);
  /// The same with a suggestion from `candidates`, if one is near.
  void complain_about_word(Position position, std::string message, std::string_view word,
                           std::span<const std::string_view> candidates);

  /// The members of a map all of whose keys are known; others become complaints. False if it is no map.
  bool map(const Element& element, const Keys& keys);
  /// "`what` must be …, this is a list", unless it is of this kind.
  bool is(const Element& element, Element::Kind kind, std::string_view what);

  /// A map that has to be there and to hold something; nothing, with a complaint, if it is not.
  const Element* required_map(const Element& root, std::string_view key, std::string_view example);
  /// Which of `words` this is; "unknown `what` …" if it is none.
  std::optional<std::size_t> word(const Element& element, std::string_view what,
                                  std::span<const std::string_view> words);
  /// The items of a list; a text alone counts as a list of one.
  std::span<const Element> one_or_more(const Element& element, std::string_view what);
  std::size_t complaints_so_far() const noexcept { return complaints_.size(); }

  std::optional<std::string> text(const Element& element, std::string_view what);
  std::optional<bool> boolean(const Element& element, std::string_view what);
  std::optional<std::uint64_t> integer(const Element& element, std::string_view what, std::uint64_t least,
                                       std::uint64_t most);
  /// Greater than zero.
  std::optional<std::chrono::nanoseconds> timeout(const Element& element, std::string_view what);
  std::optional<std::chrono::nanoseconds> duration(const Element& element, std::string_view what);
  /// Bits per second, greater than zero.
  std::optional<std::uint64_t> rate(const Element& element, std::string_view what);
  /// 0 to 1.
  std::optional<double> percentage(const Element& element, std::string_view what);
  std::optional<Command> command(const Element& element, std::string_view what);
  Environment environment(const Element& element);
  /// "TERM", "SIGTERM" or a number: signal(7).
  std::optional<int> signal(const Element& element);
  /// The content of the file of this name.
  std::optional<std::string> file(const Element& element, std::string_view what);
  /// Where the file of this name is wrong: "trace.txt:7: not ascending". An empty message: nowhere. Line 0: all of it.
  void complain_about_file(const Element& name, std::size_t line, std::string_view message);

 private:
  static const ReadFile kNoFiles;

  Complaints& complaints_;
  const ReadFile& read_file_;
};

/// The value of this key, or nothing.
const Element* find(const Element& map, std::string_view key);
const Member* find_member(const Element& map, std::string_view key);

}  // namespace dummynet::scenario
