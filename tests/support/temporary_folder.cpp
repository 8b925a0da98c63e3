#include "support/temporary_folder.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "dummynet/os/check.hpp"

namespace dummynet::test {

TemporaryFolder::TemporaryFolder(Writers writers)
    : path_{std::filesystem::temp_directory_path() / "dummynet-test-XXXXXX"} {
  if (::mkdtemp(path_.data()) == nullptr) os::throw_errno(errno, "mkdtemp " + path_);
  if (writers == Writers::everybody) os::check(::chmod(path_.c_str(), 0777), "chmod", path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace dummynet::test
