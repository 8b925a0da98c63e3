#include "dummynet/core/warden_launch.hpp"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "dummynet/core/error.hpp"
#include "dummynet/core/warden_image.hpp"
#include "dummynet/os/anonymous_file.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/os/clone.hpp"

// Both children run in this program's memory, beside its threads: nothing in them may be instrumented.
#if defined(__clang__)
#define DUMMYNET_IN_CHILD __attribute__((no_sanitize("address", "thread", "undefined")))
#else
#define DUMMYNET_IN_CHILD __attribute__((no_sanitize_address, no_sanitize_thread, no_sanitize_undefined))
#endif

#ifndef DUMMYNET_LIBEXEC_WARDEN
#define DUMMYNET_LIBEXEC_WARDEN "/usr/local/libexec/dummynet/dummynet-warden"
#endif

namespace dummynet {

namespace {

constexpr std::size_t kStackBytes = 64U << 10U;

// What the two children share with us. Plain memory: CLONE_VM.
struct Launch {
  int socket = -1;
  int image = -1;
  const char* fallback = nullptr;
  char* const* environment = nullptr;
  void* second_stack = nullptr;
  volatile int error = 0;
  volatile bool of_clone = false;
};

DUMMYNET_IN_CHILD long sys(long number, long a = 0, long b = 0, long c = 0, long d = 0, long e = 0) {
#if defined(__x86_64__)
  long result = 0;
  register long fourth asm("r10") = d;
  register long fifth asm("r8") = e;
  asm volatile("syscall"
               : "=a"(result)
               : "a"(number), "D"(a), "S"(b), "d"(c), "r"(fourth), "r"(fifth)
               : "rcx", "r11", "memory");
  return result;
#else
  const long result = ::syscall(number, a, b, c, d, e);
  return result < 0 ? -errno : result;
#endif
}

long pointer(const void* value) { return static_cast<long>(reinterpret_cast<std::intptr_t>(value)); }

struct KernelSigaction {
  void* handler;
  unsigned long flags;
  void* restorer;
  unsigned long mask;
};

// The second child: becomes the warden. Its descriptors are its own.
DUMMYNET_IN_CHILD int become_warden(void* argument) {
  Launch& launch = *static_cast<Launch*>(argument);
  // What this program ignores (SIGPIPE under Python) the warden and all its processes must not.
  for (int signal = 1; signal < 65; ++signal) {
    KernelSigaction action{nullptr, 0, nullptr, 0};
    sys(SYS_rt_sigaction, signal, pointer(&action), 0, 8);
  }
  const unsigned long no_signals = 0;
  sys(SYS_rt_sigprocmask, SIG_SETMASK, pointer(&no_signals), 0, 8);
  int socket = launch.socket;
  int image = launch.image;
  if (image == 3) image = static_cast<int>(sys(SYS_fcntl, image, F_DUPFD_CLOEXEC, 4));
  if (socket == 3) {
    sys(SYS_fcntl, socket, F_SETFD, 0);
  } else {
    sys(SYS_dup3, socket, 3, 0);
  }
  // Everything else goes at exec; what this program forgot to mark goes too.
  if (image >= 0 && image != 4) {
    sys(SYS_dup3, image, 4, O_CLOEXEC);
    image = 4;
  }
  sys(SYS_close_range, 5, ~0U, 0);
  static const char name[] = "dummynet-warden";
  const char* const arguments[] = {name, nullptr};
  if (image >= 0) {
    sys(SYS_execveat, image, pointer(""), pointer(arguments), pointer(launch.environment), AT_EMPTY_PATH);
  }
  // No memory to execute from (vm.memfd_noexec, a filter): the installed file.
  launch.error =
      static_cast<int>(-sys(SYS_execve, pointer(launch.fallback), pointer(arguments), pointer(launch.environment)));
  return 127;
}

// The first child: only there to end at once, so that the warden is nobody's child here.
DUMMYNET_IN_CHILD int start_and_leave(void* argument) {
  Launch& launch = *static_cast<Launch*>(argument);
  const long pid =
      os::clone_call(CLONE_VM | CLONE_VFORK, SIGCHLD, launch.second_stack, kStackBytes, become_warden, argument);
  if (pid < 0) {
    launch.error = static_cast<int>(-pid);
    launch.of_clone = true;
  }
  return 0;
}

}  // namespace

const char* installed_warden() {
  const char* named = std::getenv("DUMMYNET_WARDEN");
  return named != nullptr && *named != '\0' ? named : DUMMYNET_LIBEXEC_WARDEN;
}

os::Fd open_warden_image() {
  const auto image = warden_image();
  return os::make_memory_program("dummynet-warden", {reinterpret_cast<const char*>(image.data()), image.size()});
}

namespace {

// Empty where there may be no memory to execute from. Too few descriptors or too little memory is no reason to look for
// an installed warden: it could not be started either, and the reason would be lost.
os::Fd try_open_warden_image() {
  try {
    return open_warden_image();
  } catch (const std::system_error& refusal) {
    const int error = refusal.code().value();
    if (error != EMFILE && error != ENFILE && error != ENOMEM) return {};
    throw StartError{StartError::Step::warden, "memfd_create", error, "warden"};
  }
}

}  // namespace

void launch_warden(const os::Fd& socket) {
  const os::Fd image = try_open_warden_image();
  std::vector<std::byte> stacks(2 * kStackBytes + 64);
  const std::uintptr_t aligned = (reinterpret_cast<std::uintptr_t>(stacks.data()) + 63) & ~std::uintptr_t{63};
  auto* const first_stack = reinterpret_cast<std::byte*>(aligned);
  char* const no_environment[] = {nullptr};
  Launch launch;
  launch.socket = socket.get();
  launch.image = image.get();
  launch.fallback = installed_warden();
  launch.environment = no_environment;
  launch.second_stack = first_stack + kStackBytes;

  // No signal of this program may be handled in a child that runs in its memory.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  // exit_signal 0: no SIGCHLD, and waitpid(-1) elsewhere in this program does not see it. CLONE_FILES: nothing to copy.
  const long pid =
      os::clone_call(CLONE_VM | CLONE_VFORK | CLONE_FILES, 0, first_stack, kStackBytes, start_and_leave, &launch);
  if (pid > 0) {
    while (::waitpid(static_cast<pid_t>(pid), nullptr, __WALL) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) throw StartError{StartError::Step::clone, "warden", static_cast<int>(-pid), "warden"};
  if (launch.of_clone) throw StartError{StartError::Step::clone, "warden", launch.error, "warden"};
  if (launch.error != 0) {
    throw StartError{StartError::Step::execute, launch.fallback, launch.error, "warden",
                     "this system refuses to execute from memory, so the warden must be installed there, or named by "
                     "$DUMMYNET_WARDEN"};
  }
}

}  // namespace dummynet
