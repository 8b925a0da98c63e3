#include "dummynet/os/file_limit.hpp"

#include <dirent.h>

#include <algorithm>
#include <string>

#include "dummynet/os/check.hpp"

namespace dummynet::os {

namespace {

constexpr std::size_t kSpare = 64;  // for what else is opened meanwhile

std::size_t count_open_files() {
  DIR* const directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return 256;
  std::size_t count = 0;
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

}  // namespace

RaisedFileLimit::RaisedFileLimit(std::size_t more) {
  check(::getrlimit(RLIMIT_NOFILE, &before_), "getrlimit");
  if (before_.rlim_cur == RLIM_INFINITY || more + kSpare < before_.rlim_cur / 4) return;
  const std::size_t needed = count_open_files() + more + kSpare;
  if (needed <= before_.rlim_cur) return;
  if (needed > before_.rlim_max) {
    throw_errno(EMFILE, "this takes " + std::to_string(needed) + " open files; the hard limit is " +
                            std::to_string(before_.rlim_max) + ", see ulimit -Hn");
  }
  const rlimit raised{needed, before_.rlim_max};
  check(::setrlimit(RLIMIT_NOFILE, &raised), "setrlimit");
  raised_ = true;
}

RaisedFileLimit::~RaisedFileLimit() {
  if (raised_) ::setrlimit(RLIMIT_NOFILE, &before_);
}

}  // namespace dummynet::os
