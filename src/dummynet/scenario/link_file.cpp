#include "dummynet/scenario/link_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "dummynet/scenario/complaint.hpp"
#include "dummynet/scenario/units.hpp"

namespace dummynet::scenario {
namespace {

constexpr std::size_t kMostDeviates = 16'384;  // tc's own bound: linux/pkt_sched.h, NETEM_DIST_MAX

std::vector<std::string_view> words_of(std::string_view line) {
  constexpr std::string_view kBlank = " \t\r\v\f";
  line = line.substr(0, line.find('#'));
  std::vector<std::string_view> words;
  for (std::size_t start = line.find_first_not_of(kBlank); start < line.size();) {
    const std::size_t end = std::min(line.find_first_of(kBlank, start), line.size());
    words.push_back(line.substr(start, end - start));
    start = line.find_first_not_of(kBlank, end);
  }
  return words;
}

/// Calls read(words) for each line that holds some; it returns what is wrong with it. False when something was.
template <typename T, typename Read>
bool read_lines(std::string_view text, LinkFile<T>& file, Read read) {
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::vector<std::string_view> words = words_of(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (words.empty()) continue;
    file.error = read(words);
    if (file.error.empty()) continue;
    file.line = number;
    return false;
  }
  return true;
}

template <typename Number>
std::optional<Number> whole_number(std::string_view word) {
  Number number{};
  const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error != std::errc{} || rest != word.data() + word.size()) return std::nullopt;
  return number;
}

}  // namespace

LinkFile<std::vector<wire::RateSchedule::Step>> parse_rate_schedule(std::string_view text) {
  LinkFile<std::vector<wire::RateSchedule::Step>> file;
  const bool good = read_lines(text, file, [&](const std::vector<std::string_view>& words) -> std::string {
    if (words.size() != 2) return "a line is a time and a rate, e.g. `2s 10mbit`";
    auto [at, no_time] = parse_duration(words[0]);
    if (!at) return no_time;
    auto [rate, no_rate] = parse_rate(words[1]);
    if (!rate) return no_rate;
    if (file.value.empty() && at->count() != 0) return "the first time must be `0s`";
    if (!file.value.empty() && *at <= file.value.back().at) {
      return fmt::format("not ascending: {} is not after the time before it", backticked(words[0]));
    }
    file.value.push_back({*at, rate->value});
    return {};
  });
  if (good && file.value.empty()) file.error = "holds no rate";
  return file;
}

LinkFile<std::vector<std::int16_t>> parse_jitter_table(std::string_view text) {
  LinkFile<std::vector<std::int16_t>> file;
  const bool good = read_lines(text, file, [&](const std::vector<std::string_view>& words) -> std::string {
    for (const std::string_view word : words) {
      const auto deviate = whole_number<std::int16_t>(word);
      if (!deviate) return fmt::format("{} is no whole number from -32768 to 32767", backticked(word));
      if (file.value.size() == kMostDeviates) return fmt::format("holds more than {} numbers", kMostDeviates);
      file.value.push_back(*deviate);
    }
    return {};
  });
  if (good && file.value.empty()) file.error = "holds no numbers";
  return file;
}

}  // namespace dummynet::scenario
