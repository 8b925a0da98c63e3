// What making networks costs, held against the kernel's own speed and against others, all in one run. The measuring
// programs are in tests/bench/net. `ip -batch` and Mininet take part as root only, and where they are installed.
//
//   usage: bench_net [--rounds N] [--only TEXT]     prints a Markdown table for docs/performance.md
#include "bench/net/rows.hpp"

int main(int count, char** arguments) { return bench::compare(bench::net_groups(), count, arguments); }
