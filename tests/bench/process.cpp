// What running processes costs, held against what the kernel can do at best and against others, all in one run. The
// measuring programs are in tests/bench/process.
//
//   usage: bench_process [--rounds N] [--only TEXT]     prints a Markdown table for docs/performance.md
#include "bench/process/rows.hpp"

int main(int count, char** arguments) { return bench::compare(bench::process_groups(), count, arguments); }
