#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

namespace dummynet {

/// A password. Its bytes lie on a page of their own that is not swapped (where mlock(2) is allowed), not written to
/// core dumps and empty in a forked child (MADV_DONTDUMP, MADV_WIPEONFORK: madvise(2)), and are overwritten at the end.
/// Nothing here copies them elsewhere.
class Secret {
 public:
  static constexpr std::size_t kMaxBytes = 1024;

  /// Empty. Throws std::system_error when there is no memory.
  Secret();
  ~Secret();
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  /// False: it is full, and unchanged.
  bool append(char byte) noexcept;
  void clear() noexcept;
  bool empty() const noexcept { return size() == 0; }
  std::size_t size() const noexcept;
  /// Valid as long as the secret is unchanged.
  std::string_view bytes() const noexcept;

 private:
  struct Page;
  Page* page_;
};

/// The environment variable from which sudo(8) gets its password.
inline constexpr const char* kPasswordVariable = "DUMMYNET_SUDO_PASSWD";

/// Is this "NAME=value" one that no process of ours may inherit?
bool is_secret_variable(const char* assignment) noexcept;

/// The password from $DUMMYNET_SUDO_PASSWD; null when that is not set or empty. From now on the variable's value is
/// empty: the environment block would be in every core dump and in /proc/PID/environ, and every process that this
/// program starts by other means would inherit it. So that a second monitor finds it too, the value is kept for the
/// life of the program, as the variable was; a new value replaces it. Thread-safe against itself, not against
/// setenv(3).
std::shared_ptr<const Secret> take_password_from_environment();

}  // namespace dummynet
