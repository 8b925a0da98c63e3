#pragma once

#include <string_view>

#include "dummynet/os/fd.hpp"

namespace dummynet::os {

/// A file without a name that holds these bytes and stands at its beginning; it goes with its last descriptor:
/// memfd_create(2), or where that is refused O_TMPFILE, open(2), in $TMPDIR, /dev/shm or /tmp. Close-on-exec. `name` is
/// for /proc. Throws std::system_error.
Fd make_anonymous_file(const char* name, std::string_view bytes);

/// The same for a program that is to be executed from memory, which a file on a disk may not be. Throws
/// std::system_error.
Fd make_memory_program(const char* name, std::string_view bytes);

}  // namespace dummynet::os
