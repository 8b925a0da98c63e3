#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// What is measured, and what is held against what.
namespace bench {

/// A program that takes figures. Words that begin with `bench_` are programs beside the benchmark.
struct Contestant {
  std::string label;
  std::vector<std::string> command;
  bool every_round = true;  ///< false: once, because it takes long and decides nothing
};

/// The `index`-th figure that a contestant prints.
struct Figure {
  std::string contestant{};
  std::size_t index = 0;
};

enum class Bound { none, at_most, at_least };

struct Line {
  std::string figure;
  std::string unit;
  Figure ours;
  Figure reference{};  ///< without a contestant: the target is a figure, not a ratio
  std::string reference_name{};
  Bound bound = Bound::none;
  double target = 0;
  std::vector<std::string> peers{};
};

/// Contestants that are measured in the same rounds, and the lines that come of it.
struct Group {
  std::string name;
  std::vector<Contestant> contestants;
  std::vector<Line> lines;
};

std::vector<Group> groups();

}  // namespace bench
