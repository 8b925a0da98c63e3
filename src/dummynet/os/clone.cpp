#include "dummynet/os/clone.hpp"

#include <linux/sched.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dummynet::os {

long clone3_call(std::uint64_t flags, int exit_signal, void* stack, std::size_t stack_bytes, int cgroup,
                 int (*function)(void*), void* argument) noexcept {
#if defined(__x86_64__)
  clone_args args{};
  args.flags = flags;
  args.exit_signal = static_cast<std::uint64_t>(exit_signal);
  args.stack = reinterpret_cast<std::uintptr_t>(stack);
  args.stack_size = stack_bytes;
  if ((flags & CLONE_INTO_CGROUP) != 0) args.cgroup = static_cast<std::uint64_t>(cgroup);
  long result = 0;
  // The child has an empty stack, so function and argument wait in registers that the system call preserves.
  register int (*child_function)(void*) asm("r12") = function;
  register void* child_argument asm("r13") = argument;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "mov %%eax, %%edi\n\t"
      "mov %[exit], %%eax\n\t"
      "syscall\n"
      "1:\n"
      : "=a"(result)
      : "a"(SYS_clone3), "D"(&args), "S"(sizeof args), "r"(child_function), "r"(child_argument), [exit] "i"(SYS_exit)
      : "rcx", "r11", "memory");
  return result;
#else
  (void)flags, (void)exit_signal, (void)stack, (void)stack_bytes, (void)cgroup, (void)function, (void)argument;
  return -ENOSYS;
#endif
}

long clone_call(int flags, int exit_signal, void* stack, std::size_t stack_bytes, int (*function)(void*),
                void* argument) noexcept {
#if defined(__x86_64__)
  long result = 0;
  register int (*child_function)(void*) asm("r12") = function;
  register void* child_argument asm("r13") = argument;
  register long unused asm("r10") = 0;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "xor %%ebp, %%ebp\n\t"
      "mov %%r13, %%rdi\n\t"
      "call *%%r12\n\t"
      "mov %%eax, %%edi\n\t"
      "mov %[exit], %%eax\n\t"
      "syscall\n"
      "1:\n"
      : "=a"(result)
      : "a"(SYS_clone), "D"(static_cast<long>(flags) | exit_signal), "S"(static_cast<char*>(stack) + stack_bytes),
        "d"(0L), "r"(unused), "r"(child_function), "r"(child_argument), [exit] "i"(SYS_exit)
      : "rcx", "r11", "memory");
  return result;
#else
  const int pid = ::clone(function, static_cast<char*>(stack) + stack_bytes, flags | exit_signal, argument);
  return pid < 0 ? -errno : pid;
#endif
}

}  // namespace dummynet::os
