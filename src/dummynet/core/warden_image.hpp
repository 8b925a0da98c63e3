#pragma once

#include <cstddef>
#include <span>

namespace dummynet {

/// The warden's program, an ELF file as it was built, which the library carries with it. Read-only, lives as long as
/// the library is loaded. Run it from a memfd: memfd_create(2), fexecve(3); that needs no place on a file system.
std::span<const std::byte> warden_image();

}  // namespace dummynet
