#pragma once

#include <fcntl.h>
#include <unistd.h>

#include "dummynet/os/check.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::os {

/// The two ends of a pipe(7).
struct Pipe {
  Fd read;
  Fd write;
};

/// Close-on-exec at both ends: pipe2(2).
inline Pipe make_pipe() {
  int ends[2];
  check(::pipe2(ends, O_CLOEXEC), "pipe2");
  return {Fd{ends[0]}, Fd{ends[1]}};
}

}  // namespace dummynet::os
