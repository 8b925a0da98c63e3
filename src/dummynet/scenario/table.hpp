#pragma once

#include <string>
#include <vector>

namespace dummynet::scenario {

/// A table whose columns are as wide as their content; those marked are set to the right.
class Table {
 public:
  struct Column {
    std::string title;
    bool right = false;
  };
  explicit Table(std::vector<Column> columns) : columns_{std::move(columns)} {}

  /// One text for each column.
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  bool empty() const noexcept { return rows_.empty(); }

  std::string heading() const;
  std::string row(std::size_t number) const;
  std::size_t size() const noexcept { return rows_.size(); }

 private:
  std::string lay_out(const std::vector<std::string>& cells) const;

  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace dummynet::scenario
