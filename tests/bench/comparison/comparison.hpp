#pragma once

#include <cstddef>
#include <string>
#include <vector>

/// What is measured, and what is held against what: every figure is taken by a program of its own, in rounds that
/// alternate between them; a ratio is the median of the rounds' ratios, so that a machine that is busy for a while
/// spoils a round and not the result.
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
  std::string left_out{};  ///< why nothing of it is measured on this machine, which then stands in its lines
};

/// Measures and prints a Markdown table for docs/performance.md. Options: [--rounds N] [--only TEXT]. Returns the exit
/// code: 0 when every target is held, 1 when one is missed, 2 for a mistake in the options.
int compare(const std::vector<Group>& groups, int count, char** arguments);

}  // namespace bench
