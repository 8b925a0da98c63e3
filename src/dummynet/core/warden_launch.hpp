#pragma once

#include "dummynet/os/fd.hpp"

namespace dummynet {

/// Starts the warden program, with `socket` as its descriptor 3, as an orphan: this program gets no child, no SIGCHLD
/// and no zombie by it, its threads, descriptors and memory are not copied. The image lies in this library and is
/// executed from memory (memfd_create(2)), so that it is found from every build, install and mount; where that is
/// forbidden, $DUMMYNET_WARDEN or the installed file is. Throws StartError.
void launch_warden(const os::Fd& socket);

/// The image as a file in memory, to be executed by its path /proc/PID/fd/N. Throws std::system_error.
os::Fd open_warden_image();

/// $DUMMYNET_WARDEN, or else the installed program's path, whether it exists or not.
const char* installed_warden();

}  // namespace dummynet
