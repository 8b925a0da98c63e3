#include "dummynet/os/run_directory.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "dummynet/os/check.hpp"

namespace dummynet::os {

namespace {

constexpr int kDirectory = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

void require_private(const Fd& directory, const std::string& name, uid_t owner) {
  struct stat status {};
  check(::fstat(directory.get(), &status), "fstat", name);
  if (status.st_uid != owner) throw_errno(EPERM, name + " belongs to another user");
  if ((status.st_mode & 077U) != 0) throw_errno(EPERM, name + " is open to other users");
}

}  // namespace

Fd open_private_directory(int parent, const std::string& name, uid_t owner) {
  Fd directory{::openat(parent, name.c_str(), kDirectory)};
  if (!directory && errno == ENOENT) return {};
  if (!directory) throw_errno(errno, "open " + name);
  require_private(directory, name, owner);
  return directory;
}

Fd make_private_directory(int parent, const std::string& name) {
  if (::mkdirat(parent, name.c_str(), 0700) != 0 && errno != EEXIST) throw_errno(errno, "make " + name);
  Fd directory{check(::openat(parent, name.c_str(), kDirectory), "open", name)};
  require_private(directory, name, ::geteuid());
  return directory;
}

bool remove_run_directory(const std::string& path) noexcept {
  if (DIR* entries = ::fdopendir(::open(path.c_str(), kDirectory))) {
    while (const dirent* entry = ::readdir(entries)) {
      const std::string_view name = entry->d_name;
      if (name != "." && name != "..") ::unlinkat(::dirfd(entries), entry->d_name, 0);
    }
    ::closedir(entries);
  }
  const bool gone = ::rmdir(path.c_str()) == 0 || errno == ENOENT;
  const std::size_t slash = path.rfind('/');
  if (gone && slash != std::string::npos && slash > 0) ::rmdir(path.substr(0, slash).c_str());
  return gone;
}

}  // namespace dummynet::os
