#include "dummynet/scenario/table.hpp"

#include <algorithm>
#include <string_view>

namespace dummynet::scenario {
namespace {

/// In characters of UTF-8, each taken to be one column wide.
std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(
      std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

}  // namespace

std::string Table::heading() const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  return lay_out(titles);
}

std::string Table::row(std::size_t number) const { return lay_out(rows_.at(number)); }

std::string Table::lay_out(const std::vector<std::string>& cells) const {
  std::string line;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = width_of(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, width_of(row.at(i)));
    const std::string padding(width - width_of(cells.at(i)), ' ');
    if (i > 0) line += "  ";
    line += columns_[i].right ? padding + cells[i] : cells[i] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace dummynet::scenario
