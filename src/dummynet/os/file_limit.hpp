#pragma once

#include <sys/resource.h>

#include <cstddef>

namespace dummynet::os {

/// Room for open files: raises this program's soft limit (RLIMIT_NOFILE, getrlimit(2)) if that is needed, and puts it
/// back at the end of the scope. Processes that other threads start meanwhile inherit the higher one.
class RaisedFileLimit {
 public:
  /// `more`: how many will be opened beyond those that are open now. Throws std::system_error with EMFILE in plain
  /// words when the hard limit does not allow so many.
  explicit RaisedFileLimit(std::size_t more);
  ~RaisedFileLimit();
  RaisedFileLimit(const RaisedFileLimit&) = delete;
  RaisedFileLimit& operator=(const RaisedFileLimit&) = delete;

 private:
  rlimit before_{};
  bool raised_ = false;
};

}  // namespace dummynet::os
