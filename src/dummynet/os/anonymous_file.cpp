#include "dummynet/os/anonymous_file.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "dummynet/os/check.hpp"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U  // Linux 6.3
#endif

namespace dummynet::os {

namespace {

Fd open_on_some_disk() {
  for (const char* folder : {static_cast<const char*>(std::getenv("TMPDIR")), "/dev/shm", "/tmp"}) {
    if (folder == nullptr || *folder == '\0') continue;
    Fd file{::open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600)};
    if (file) return file;
  }
  return {};
}

Fd filled(Fd file, std::string_view bytes) {
  for (std::string_view rest = bytes; !rest.empty();) {
    const ssize_t written = ::write(file.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    rest.remove_prefix(static_cast<std::size_t>(check(written, "write an anonymous file")));
  }
  check(::lseek(file.get(), 0, SEEK_SET), "lseek");
  return file;
}

}  // namespace

Fd make_anonymous_file(const char* name, std::string_view bytes) {
  Fd file{::memfd_create(name, MFD_CLOEXEC)};
  const int error = errno;
  if (!file) file = open_on_some_disk();
  if (!file) throw_errno(error, "memfd_create");
  return filled(std::move(file), bytes);
}

Fd make_memory_program(const char* name, std::string_view bytes) {
  // Where vm.memfd_noexec is 1 it has to be asked for, and older kernels do not know the word.
  Fd file{::memfd_create(name, MFD_CLOEXEC | MFD_EXEC)};
  if (!file && errno == EINVAL) file = Fd{::memfd_create(name, MFD_CLOEXEC)};
  check(file.get(), "memfd_create");
  return filled(std::move(file), bytes);
}

}  // namespace dummynet::os
