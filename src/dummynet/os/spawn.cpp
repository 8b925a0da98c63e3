#include "dummynet/os/spawn.hpp"

#include <fcntl.h>
#include <grp.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <new>

#include "dummynet/os/check.hpp"
#include "dummynet/os/clone.hpp"

namespace dummynet::os {

namespace {

constexpr std::size_t kStackBytes = 128U << 10U;

}  // namespace

// Written by the child, read by us once it has executed or ended.
struct Spawner::Shared {
  const SpawnRequest* request;
  bool join_cgroup_itself;
  SpawnStep step;
  int error_number;
  int candidate;
  bool interpreter_missing;

  int fail(SpawnStep failed_step, int error) noexcept {
    step = failed_step;
    error_number = error;
    return 127;
  }
};

namespace {

// All of this namespace runs in the child, in our memory. No allocation, no lock, no exception.

bool join_cgroup(int directory) noexcept {
  const int procs = ::openat(directory, "cgroup.procs", O_WRONLY | O_CLOEXEC);
  if (procs < 0) return false;
  const bool joined = ::write(procs, "0", 1) == 1;
  const int error = errno;
  ::close(procs);
  errno = error;
  return joined;
}

bool set_identity(uid_t uid, gid_t gid, std::span<const gid_t> groups) noexcept {
  // The system calls themselves: libc's wrappers would talk to threads that are not ours.
  return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0 && ::syscall(SYS_setresgid, gid, gid, gid) == 0 &&
         ::syscall(SYS_setresuid, uid, uid, uid) == 0;
}

bool write_file(const char* path, const char* text) noexcept {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const std::size_t length = std::strlen(text);
  const bool written = ::write(file, text, length) == static_cast<ssize_t>(length);
  const int error = errno;
  ::close(file);
  errno = error;
  return written;
}

// setgroups(2) has to be given up for the right to map a group of one's own: user_namespaces(7).
bool enter_user_namespace(const char* uid_map, const char* gid_map) noexcept {
  return ::unshare(CLONE_NEWUSER) == 0 && write_file("/proc/self/setgroups", "deny") &&
         write_file("/proc/self/uid_map", uid_map) && write_file("/proc/self/gid_map", gid_map);
}

// Is the interpreter that this file's first line names there? True also for what has no such line.
bool interpreter_exists(const char* path) noexcept {
  const int file = ::open(path, O_RDONLY | O_CLOEXEC);
  if (file < 0) return true;
  char line[256];
  const ssize_t length = ::read(file, line, sizeof line - 1);
  ::close(file);
  if (length < 3 || line[0] != '#' || line[1] != '!') return true;
  line[length] = '\0';
  char* start = line + 2;
  while (*start == ' ' || *start == '\t') ++start;
  char* end = start;
  while (*end != '\0' && *end != ' ' && *end != '\t' && *end != '\n') ++end;
  *end = '\0';
  return ::access(start, X_OK) == 0;
}

// Goes through paths as execvp(3) does: a missing one is passed over, a forbidden one remembered.
template <typename Try>
int try_each(const char* const* paths, int* index, Try attempt) noexcept {
  int remembered = ENOENT;
  int remembered_index = 0;
  for (int i = 0; paths[i] != nullptr; ++i) {
    *index = i;
    const int error = attempt(paths[i]);
    if (error == 0) return 0;
    if (error != ENOENT && error != ENOTDIR && error != EACCES) return error;
    if (error == EACCES && ::access(paths[i], F_OK) != 0) continue;  // a directory of PATH that is not ours to search
    if (error == EACCES || (error == ENOENT && ::access(paths[i], F_OK) == 0)) {
      if (remembered == ENOENT) remembered_index = i;
      remembered = error == EACCES ? EACCES : remembered;
    }
  }
  *index = remembered_index;
  return remembered;
}

int can_execute(const char* path) noexcept {
  if (::access(path, X_OK) != 0) return errno;
  struct stat status {};
  if (::stat(path, &status) != 0) return errno;
  if (!S_ISREG(status.st_mode)) return EACCES;
  return interpreter_exists(path) ? 0 : ENOENT;
}

template <typename Shared>
int child_main(Shared& shared) noexcept {
  const SpawnRequest& request = *shared.request;
  if (shared.join_cgroup_itself && !join_cgroup(request.cgroup_directory)) {
    return shared.fail(SpawnStep::cgroup, errno);
  }
  if (request.memory_cgroup_procs >= 0 && ::write(request.memory_cgroup_procs, "0", 1) != 1) {
    return shared.fail(SpawnStep::cgroup, errno);
  }
  if (request.network_namespace >= 0 && ::setns(request.network_namespace, CLONE_NEWNET) != 0) {
    return shared.fail(SpawnStep::namespaces, errno);
  }
  if (request.mount_namespace >= 0 && ::setns(request.mount_namespace, CLONE_NEWNS) != 0) {
    return shared.fail(SpawnStep::namespaces, errno);
  }
  for (const ResourceLimit& limit : request.limits) {
    const rlimit both{limit.soft, limit.hard};
    if (::syscall(SYS_prlimit64, 0, limit.resource, &both, nullptr) != 0) return shared.fail(SpawnStep::limits, errno);
  }
  if (request.change_identity && !set_identity(request.uid, request.gid, request.groups)) {
    return shared.fail(SpawnStep::identity, errno);
  }
  if (request.uid_map != nullptr && !enter_user_namespace(request.uid_map, request.gid_map)) {
    return shared.fail(SpawnStep::identity, errno);
  }
  // The kernel forgets it when an identity changes: prctl(2).
  if (request.death_signal != 0) ::prctl(PR_SET_PDEATHSIG, request.death_signal);
  // After the mount namespace and the identity: it is that process's directory, seen with its eyes.
  if (request.cwd != nullptr && ::chdir(request.cwd) != 0) return shared.fail(SpawnStep::working_directory, errno);
  ::setsid();
  for (int number = 0; number < 3; ++number) {
    const int source = request.standard_fds[static_cast<std::size_t>(number)];
    if (source >= 0 && ::dup2(source, number) < 0) return shared.fail(SpawnStep::input_output, errno);
  }
  if (request.controlling_terminal && ::ioctl(0, TIOCSCTTY, 0) != 0) {
    return shared.fail(SpawnStep::input_output, errno);
  }
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) != 0) {
    for (int fd = 3; fd < 1024; ++fd) ::close(fd);  // before Linux 5.9; all of ours are close-on-exec anyway
  }
  if (request.must_exist != nullptr) {
    const int error = try_each(request.must_exist, &shared.candidate, can_execute);
    if (error != 0) {
      shared.interpreter_missing = error == ENOENT && ::access(request.must_exist[shared.candidate], F_OK) == 0;
      return shared.fail(SpawnStep::execute, error);
    }
  }
  // The mask comes last: until here nothing could have disturbed us.
  sigset_t none;
  ::sigemptyset(&none);
  ::syscall(SYS_rt_sigprocmask, SIG_SETMASK, &none, nullptr, _NSIG / 8);
  const int error = try_each(request.candidates, &shared.candidate, [&request](const char* path) {
    ::execve(path, const_cast<char* const*>(request.argv), const_cast<char* const*>(request.envp));
    return errno;
  });
  shared.interpreter_missing = error == ENOENT && ::access(request.candidates[shared.candidate], F_OK) == 0;
  return shared.fail(SpawnStep::execute, error);
}

template <typename Shared>
int child_entry(void* shared) {
  ::_exit(child_main(*static_cast<Shared*>(shared)));
}

}  // namespace

Spawner::Spawner() {
  void* stack = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) throw_errno(errno, "mmap");
  stack_ = stack;
  void* shared = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) throw_errno(errno, "mmap");
  shared_ = new (shared) Shared{};
}

Spawner::~Spawner() {
  ::munmap(stack_, kStackBytes);
  ::munmap(shared_, sizeof(Shared));
}

bool Spawner::try_cgroup(int directory) {
  if (method_ != CloneMethod::clone3) return false;
  const long pid = clone3_call(
      CLONE_VM | CLONE_VFORK | CLONE_INTO_CGROUP, SIGCHLD, stack_, kStackBytes, directory, [](void*) { return 0; },
      nullptr);
  int status = -1;
  while (pid > 0 && ::waitpid(static_cast<pid_t>(pid), &status, 0) < 0 && errno == EINTR) {
  }
  if (status != 0) method_ = CloneMethod::clone;
  return status == 0;
}

SpawnResult Spawner::spawn(const SpawnRequest& request) {
  *shared_ = Shared{&request, false, SpawnStep::none, 0, -1, false};
  // A child that changes its identity must not do so in our memory: that would clear our own dumpable flag. Nor may
  // one that shares memory enter a user namespace: unshare(2).
  const bool share_memory = !request.change_identity && request.uid_map == nullptr;
  const std::uint64_t memory_flags = share_memory ? CLONE_VM | CLONE_VFORK : CLONE_VFORK;
  long pid = -ENOSYS;
  if (method_ == CloneMethod::clone3) {
    std::uint64_t flags = memory_flags | CLONE_CLEAR_SIGHAND;
    if (request.cgroup_directory >= 0) flags |= CLONE_INTO_CGROUP;
    pid = clone3_call(flags, SIGCHLD, stack_, kStackBytes, request.cgroup_directory, child_entry<Shared>, shared_);
    // ENOSYS: seccomp filters and kernels before 5.3; E2BIG, EINVAL: kernels without CLONE_INTO_CGROUP (before 5.7).
    if (pid == -ENOSYS || pid == -E2BIG || pid == -EINVAL || pid == -EPERM) method_ = CloneMethod::clone;
  }
  if (method_ == CloneMethod::clone && pid < 0) {
    shared_->join_cgroup_itself = request.cgroup_directory >= 0;
    pid = clone_call(static_cast<int>(memory_flags), SIGCHLD, stack_, kStackBytes, child_entry<Shared>, shared_);
  }
  SpawnResult result;
  if (pid < 0) {
    result.step = SpawnStep::clone;
    result.error_number = static_cast<int>(-pid);
    return result;
  }
  if (shared_->step == SpawnStep::none) {
    result.pid = static_cast<pid_t>(pid);
    return result;
  }
  while (::waitpid(static_cast<pid_t>(pid), nullptr, 0) < 0 && errno == EINTR) {
  }
  result.step = shared_->step;
  result.error_number = shared_->error_number;
  result.candidate = shared_->candidate;
  result.interpreter_missing = shared_->interpreter_missing;
  return result;
}

}  // namespace dummynet::os
