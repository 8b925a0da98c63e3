#pragma once

#include <cstddef>
#include <cstdint>

namespace dummynet::os {

/// clone3(2) whose child calls `function(argument)` on `stack` and exits with its result. Returns the pid, or -errno;
/// -ENOSYS where this architecture has no assembly here. Flags must hold CLONE_VM, or the child gets a copy.
long clone3_call(std::uint64_t flags, int exit_signal, void* stack, std::size_t stack_bytes, int cgroup,
                 int (*function)(void*), void* argument) noexcept;

/// The same by clone(2), which has neither CLONE_INTO_CGROUP nor CLONE_CLEAR_SIGHAND.
long clone_call(int flags, int exit_signal, void* stack, std::size_t stack_bytes, int (*function)(void*),
                void* argument) noexcept;

}  // namespace dummynet::os
