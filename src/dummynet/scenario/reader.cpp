#include "dummynet/scenario/reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstring>
#include <system_error>
#include <vector>

#include "dummynet/net/near_word.hpp"
#include "dummynet/scenario/units.hpp"

namespace dummynet::scenario {
namespace {

// Suggestions cost time; a file with more mistakes than this needs no more of them.
constexpr std::size_t kSuggestions = 1000;

}  // namespace

const ReadFile Reader::kNoFiles{};

const Member* find_member(const Element& map, std::string_view key) {
  for (const Member& member : map.members) {
    if (member.key == key) return &member;
  }
  return nullptr;
}

const Element* find(const Element& map, std::string_view key) {
  const Member* member = find_member(map, key);
  return member ? &member->value : nullptr;
}

void Reader::complain(Position position, std::string message) { complaints_.push_back({position, std::move(message)}); }

void Reader::complain_about_word(Position position, std::string message, std::string_view word,
                                 std::span<const std::string_view> candidates) {
  if (complaints_.size() < kSuggestions) {
    message += net::did_you_mean(word, candidates.first(std::min(candidates.size(), kSuggestions)));
  }
  complain(position, std::move(message));
}

bool Reader::map(const Element& element, const Keys& keys) {
  if (!is(element, Element::Kind::map, keys.where)) return false;
  std::vector<std::string_view> all{keys.known.begin(), keys.known.end()};
  all.insert(all.end(), keys.planned.begin(), keys.planned.end());
  for (const Member& member : element.members) {
    if (std::ranges::find(keys.known, member.key) != keys.known.end()) continue;
    if (std::ranges::find(keys.planned, member.key) != keys.planned.end()) {
      complain(member.key_position, fmt::format("{} is not supported yet", backticked(member.key)));
    } else {
      complain_about_word(member.key_position, fmt::format("unknown key {} of {}", backticked(member.key), keys.where),
                          member.key, all);
    }
  }
  return true;
}

bool Reader::is(const Element& element, Element::Kind kind, std::string_view what) {
  if (element.kind == kind) return true;
  complain(element.position, fmt::format("{} must be {}, this is {}", what, to_string(kind), to_string(element.kind)));
  return false;
}

const Element* Reader::required_map(const Element& root, std::string_view key, std::string_view example) {
  const Element* element = find(root, key);
  if (!element || element->is_null() || (element->is_map() && element->members.empty())) {
    complain(element ? element->position : root.position,
             fmt::format("a scenario needs `{}`; write e.g. `{}`", key, example));
    return nullptr;
  }
  return is(*element, Element::Kind::map, fmt::format("`{}`", key)) ? element : nullptr;
}

std::optional<std::size_t> Reader::word(const Element& element, std::string_view what,
                                        std::span<const std::string_view> words) {
  if (!is(element, Element::Kind::text, fmt::format("`{}`", what))) return std::nullopt;
  const auto found = std::ranges::find(words, element.text);
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  std::string all;
  for (const std::string_view known : words) all += (all.empty() ? "`" : ", `") + std::string{known} + '`';
  complain_about_word(element.position, fmt::format("unknown {} {}; there are {}", what, backticked(element.text), all),
                      element.text, words);
  return std::nullopt;
}

std::span<const Element> Reader::one_or_more(const Element& element, std::string_view what) {
  if (element.is_list()) return element.items;
  if (element.is_text()) return {&element, 1};
  complain(element.position, fmt::format("{} must be a text or a list, this is {}", what, to_string(element.kind)));
  return {};
}

std::optional<std::string> Reader::text(const Element& element, std::string_view what) {
  if (!is(element, Element::Kind::text, what)) return std::nullopt;
  if (element.text.find('\0') != std::string::npos) {
    complain(element.position, fmt::format("{} holds a NUL character, which no program can receive", what));
    return std::nullopt;
  }
  return element.text;
}

std::optional<bool> Reader::boolean(const Element& element, std::string_view what) {
  if (element.is_text() && element.text == "true") return true;
  if (element.is_text() && element.text == "false") return false;
  complain(element.position, fmt::format("{} must be `true` or `false`", what));
  return std::nullopt;
}

std::optional<std::uint64_t> Reader::integer(const Element& element, std::string_view what, std::uint64_t least,
                                             std::uint64_t most) {
  std::uint64_t value = 0;
  const char* end = element.text.data() + element.text.size();
  const auto [rest, error] = std::from_chars(element.text.data(), end, value);
  if (!element.is_text() || element.text.empty() || error != std::errc{} || rest != end || value < least ||
      value > most) {
    complain(element.position, fmt::format("{} must be a whole number from {} to {}", what, least, most));
    return std::nullopt;
  }
  return value;
}

std::optional<std::chrono::nanoseconds> Reader::timeout(const Element& element, std::string_view what) {
  if (!is(element, Element::Kind::text, what)) return std::nullopt;
  auto [value, error] = parse_duration(element.text);
  if (!value) {
    complain(element.position, fmt::format("{}: {}", what, error));
  } else if (value->count() == 0) {
    complain(element.position, fmt::format("{} must be longer than nothing", what));
    value.reset();
  }
  return value;
}

std::optional<std::chrono::nanoseconds> Reader::duration(const Element& element, std::string_view what) {
  if (!is(element, Element::Kind::text, what)) return std::nullopt;
  auto [value, error] = parse_duration(element.text);
  if (!value) complain(element.position, fmt::format("{}: {}", what, error));
  return value;
}

std::optional<std::uint64_t> Reader::rate(const Element& element, std::string_view what) {
  if (!is(element, Element::Kind::text, what)) return std::nullopt;
  auto [value, error] = parse_rate(element.text);
  if (!value) {
    complain(element.position, fmt::format("{}: {}", what, error));
  } else if (value->value == 0) {
    complain(element.position, fmt::format("{} is 0, so nothing would ever arrive; an event's `state: down` stops a "
                                           "link, `loss: 100%` loses everything",
                                           what));
    value.reset();
  }
  return value ? std::optional{value->value} : std::nullopt;
}

std::optional<double> Reader::percentage(const Element& element, std::string_view what) {
  if (!is(element, Element::Kind::text, what)) return std::nullopt;
  auto [value, error] = parse_percentage(element.text);
  if (!value) complain(element.position, fmt::format("{}: {}", what, error));
  return value;
}

std::optional<Command> Reader::command(const Element& element, std::string_view what) {
  if (!element.is_list()) {
    std::optional<std::string> line = text(element, what);
    if (line && line->find_first_not_of(" \t\r\n") == std::string::npos) {
      complain(element.position, fmt::format("{} is empty", what));
      line.reset();
    }
    return line ? std::optional{Command(std::move(*line))} : std::nullopt;
  }
  std::vector<std::string> arguments;
  bool complete = true;
  for (const Element& item : element.items) {
    if (std::optional<std::string> argument = text(item, fmt::format("an argument of {}", what))) {
      arguments.push_back(std::move(*argument));
    } else {
      complete = false;
    }
  }
  if (complete && (arguments.empty() || arguments.front().empty())) {
    complain(element.position, fmt::format("{} names no program", what));
    complete = false;
  }
  return complete ? std::optional{Command(std::move(arguments))} : std::nullopt;
}

Environment Reader::environment(const Element& element) {
  Environment environment;
  if (!is(element, Element::Kind::map, "`environment`")) return environment;
  for (const auto& [name, name_position, value] : element.members) {
    if (name.empty() || name.find_first_of(std::string_view{"=\0", 2}) != std::string::npos) {
      complain(name_position, fmt::format("{} cannot be the name of an environment variable", backticked(name)));
    } else if (name == "DUMMYNET_NODE" || name == "DUMMYNET_RUN") {
      complain(name_position, fmt::format("{} is set by dummynet itself", backticked(name)));
    } else if (value.is_null()) {
      environment[name] = "";
    } else if (std::optional<std::string> content = text(value, fmt::format("the variable {}", backticked(name)))) {
      environment[name] = std::move(*content);
    }
  }
  return environment;
}

std::optional<int> Reader::signal(const Element& element) {
  std::string_view name = element.text;
  int number = 0;
  const char* end = element.text.data() + element.text.size();
  const auto [rest, error] = std::from_chars(element.text.data(), end, number);
  if (element.is_text() && error == std::errc{} && rest == end && number >= 1 && number < NSIG) return number;
  if (name.starts_with("SIG")) name.remove_prefix(3);
  for (number = 1; number < NSIG && element.is_text(); ++number) {
    if (const char* known = sigabbrev_np(number); known != nullptr && name == known) return number;
  }
  complain(element.position,
           fmt::format("{} is no signal; write e.g. `TERM`, `SIGKILL` or `15`", backticked(element.text)));
  return std::nullopt;
}

std::optional<std::string> Reader::file(const Element& element, std::string_view what) {
  const std::optional<std::string> name = text(element, what);
  if (!name) return std::nullopt;
  if (name->empty()) {
    complain(element.position, fmt::format("{} is empty; it is the name of a file", what));
    return std::nullopt;
  }
  if (!read_file_) {
    complain(element.position, fmt::format("{}: no files can be read here", what));
    return std::nullopt;
  }
  try {
    return read_file_(*name);
  } catch (const std::system_error& error) {
    complain(element.position, fmt::format("{}: {}", what, error.what()));
    return std::nullopt;
  }
}

void Reader::complain_about_file(const Element& name, std::size_t line, std::string_view message) {
  if (message.empty()) return;
  const std::string place = line > 0 ? fmt::format("{}:{}", name.text, line) : name.text;
  complain(name.position, fmt::format("{}: {}", place, message));
}

}  // namespace dummynet::scenario
