// The smallest child that a benchmark can start; without libc where we know how, so that its own start costs next to
// nothing. Exits with 0 at once, or does what its first argument says:
//   p        waits for ever
//   t        sleeps for 2 ms, writes CLOCK_MONOTONIC (a timespec) to standard output, exits
//   d        ignores SIGTERM, writes one byte, waits for ever
//   w MIB    writes that many MiB of zeros, 64 KiB at a time
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

namespace {

char zeros[65536];

#if defined(__x86_64__)
long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) {
  long result = 0;
  register long fourth __asm__("r10") = d;
  __asm__ volatile("syscall"
                   : "=a"(result)
                   : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth)
                   : "rcx", "r11", "memory");
  return result;
}
#else
#include <unistd.h>
long call(long number, long a = 0, long b = 0, long c = 0, long d = 0) { return ::syscall(number, a, b, c, d); }
#endif

template <typename T>
long address(T* object) {
  return reinterpret_cast<long>(object);
}

[[noreturn]] void leave(long code) {
  for (;;) call(SYS_exit_group, code);
}

[[noreturn]] void wait_for_ever() {
  for (;;) call(SYS_ppoll, 0, 0, 0, 0);
}

void tell_time() {
  timespec time{.tv_sec = 0, .tv_nsec = 2'000'000};
  call(SYS_nanosleep, address(&time), 0);
  call(SYS_clock_gettime, CLOCK_MONOTONIC, address(&time));
  call(SYS_write, 1, address(&time), sizeof time);
}

[[noreturn]] void stay_deaf() {
  struct {  // the kernel's sigaction, not libc's
    long handler;
    unsigned long flags;
    long restorer;
    unsigned long mask;
  } ignore{1 /* SIG_IGN */, 0, 0, 0};
  call(SYS_rt_sigaction, SIGTERM, address(&ignore), 0, 8);
  call(SYS_write, 1, address(zeros), 1);
  wait_for_ever();
}

void write_zeros(const char* mebibytes) {
  long left = 0;
  for (; *mebibytes != '\0'; ++mebibytes) left = left * 10 + (*mebibytes - '0');
  left <<= 20;
  while (left > 0) {
    const long written = call(SYS_write, 1, address(zeros), sizeof zeros);
    if (written <= 0) leave(1);
    left -= written;
  }
}

}  // namespace

extern "C" [[noreturn, gnu::used]] void run(const long* stack) {
  const long count = stack[0];
  const char* const* arguments = reinterpret_cast<const char* const*>(stack + 1);
  switch (count > 1 ? arguments[1][0] : '\0') {
    case 'p':
      wait_for_ever();
    case 't':
      tell_time();
      break;
    case 'd':
      stay_deaf();
    case 'w':
      write_zeros(count > 2 ? arguments[2] : "1");
      break;
    default:
      break;
  }
  leave(0);
}

#if defined(__x86_64__)
__asm__(".globl _start\n_start: mov %rsp,%rdi\n and $-16,%rsp\n call run\n");
#else
int main(int count, char** arguments) {
  long stack[4] = {count};
  for (int i = 0; i < count && i < 3; ++i) stack[i + 1] = address(arguments[i]);
  run(stack);
}
#endif
