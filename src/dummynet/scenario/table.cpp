#include "dummynet/scenario/table.hpp"

#include <algorithm>

namespace dummynet::scenario {

std::string Table::heading() const {
  std::vector<std::string> titles;
  for (const Column& column : columns_) titles.push_back(column.title);
  return lay_out(titles);
}

std::string Table::row(std::size_t number) const { return lay_out(rows_.at(number)); }

std::string Table::lay_out(const std::vector<std::string>& cells) const {
  std::string line;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    std::size_t width = columns_[i].title.size();
    for (const auto& row : rows_) width = std::max(width, row.at(i).size());
    const std::string padding(width - cells.at(i).size(), ' ');
    if (i > 0) line += "  ";
    line += columns_[i].right ? padding + cells[i] : cells[i] + padding;
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line;
}

}  // namespace dummynet::scenario
