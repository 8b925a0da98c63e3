// Uses a known amount of something, and says how much:   consume WHAT AMOUNT
//   cpu MS             uses that much CPU time, and prints what the kernel then says it has used, in microseconds
//   cpu-daemon MS      the same in a grandchild with a session of its own; the two above it end at once, and what they
//                      have used is in the sum
//   memory MIB         touches that much memory, prints "touched", and ends when its input does
//   memory-child MIB   the same in a child, for which it does not wait
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

long used_us() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return used.tv_sec * 1'000'000 + used.tv_nsec / 1'000;
}

void use_cpu(long ms, long others_us) {
  while (used_us() < ms * 1'000) {
  }
  std::printf("%ld\n", used_us() + others_us);
  std::fflush(stdout);
}

// Returns in a grandchild whose parents are gone, with what they have used.
long become_daemon() {
  int told[2];
  if (::pipe(told) != 0) ::_exit(3);
  long parents_us = 0;
  for (int generation = 0; generation < 2; ++generation) {
    if (::fork() > 0) {
      const long mine = used_us();
      ::_exit(::write(told[1], &mine, sizeof mine) == sizeof mine ? 0 : 4);
    }
    long parent_us = 0;
    if (::read(told[0], &parent_us, sizeof parent_us) != sizeof parent_us) ::_exit(4);
    parents_us += parent_us;
    ::setsid();
  }
  return parents_us;
}

int use_memory(std::size_t mib) {
  const std::size_t bytes = mib << 20U;
  auto* const memory = static_cast<volatile char*>(std::malloc(bytes));
  if (memory == nullptr) return 3;
  for (std::size_t at = 0; at < bytes; at += 4096) memory[at] = 1;
  std::puts("touched");
  std::fflush(stdout);
  char byte = 0;
  while (::read(0, &byte, 1) > 0) {
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto is = [&](const char* what) { return std::strcmp(argv[1], what) == 0; };
  const long amount = std::strtol(argv[2], nullptr, 10);
  if (is("cpu") || is("cpu-daemon")) {
    use_cpu(amount, is("cpu-daemon") ? become_daemon() : 0);
    return 0;
  }
  if (is("memory-child") && ::fork() > 0) {
    char byte = 0;
    while (::read(0, &byte, 1) > 0) {
    }
    return 0;
  }
  return use_memory(static_cast<std::size_t>(amount));
}
