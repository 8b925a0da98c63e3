#pragma once

#include <cerrno>
#include <string>
#include <system_error>

namespace dummynet::os {

/// The kernel's refusal, naming the call and what it was about: "openat /etc/x: Permission denied".
[[noreturn]] inline void throw_errno(int error_number, const std::string& what) {
  throw std::system_error{error_number, std::system_category(), what};
}

/// Hands on the result of a system call, or throws std::system_error from errno.
template <typename Result>
Result check(Result result, const char* what) {
  if (result == static_cast<Result>(-1)) throw_errno(errno, what);
  return result;
}

/// The same with the object's name, which is only put together on failure.
template <typename Result>
Result check(Result result, const char* what, const std::string& object) {
  if (result == static_cast<Result>(-1)) throw_errno(errno, std::string{what} + ' ' + object);
  return result;
}

}  // namespace dummynet::os
