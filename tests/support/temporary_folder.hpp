#pragma once

#include <string>

namespace dummynet::test {

/// A new folder, which goes with this object and takes all that is in it along.
class TemporaryFolder {
 public:
  enum class Writers { owner, everybody };
  /// Throws std::system_error.
  explicit TemporaryFolder(Writers writers = Writers::everybody);
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const noexcept { return path_; }
  std::string operator/(const std::string& name) const { return path_ + '/' + name; }

 private:
  std::string path_;
};

}  // namespace dummynet::test
