// What links with a fate cost and how true they are, held against the kernel's own cables, rates and, where it has one,
// its netem in one run. The measuring programs are in tests/bench/wire.
//
//   usage: bench_wire [--rounds N] [--only TEXT]     prints a Markdown table for docs/performance.md
#include "bench/wire/rows.hpp"

int main(int count, char** arguments) { return bench::compare(bench::wire_groups(), count, arguments); }
