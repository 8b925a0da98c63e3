#include "dummynet/core/socket_owner.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <string_view>
#include <vector>

#include "dummynet/os/fd.hpp"

namespace dummynet {

namespace {

using Directory = std::unique_ptr<DIR, void (*)(DIR*)>;

Directory open_directory(const std::string& path) {
  return {::opendir(path.c_str()), [](DIR* directory) { ::closedir(directory); }};
}

/// Whatever goes wrong here, the process has ended or is none of our business: it does not hold the socket for us.
bool holds(pid_t pid, std::string_view wanted) {
  const Directory directory = open_directory("/proc/" + std::to_string(pid) + "/fd");
  if (!directory) return false;
  std::array<char, 64> target{};
  while (const dirent* entry = ::readdir(directory.get())) {
    const ssize_t length = ::readlinkat(::dirfd(directory.get()), entry->d_name, target.data(), target.size());
    if (length > 0 && std::string_view{target.data(), static_cast<std::size_t>(length)} == wanted) return true;
  }
  return false;
}

std::string read_command(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/comm";
  const os::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::array<char, 32> text{};
  const ssize_t length = file ? ::read(file.get(), text.data(), text.size()) : 0;
  std::string command{text.data(), static_cast<std::size_t>(std::max<ssize_t>(length, 0))};
  if (command.ends_with('\n')) command.pop_back();
  return command;
}

std::vector<pid_t> list_processes() {
  std::vector<pid_t> pids;
  const Directory directory = open_directory("/proc");
  if (!directory) return pids;
  while (const dirent* entry = ::readdir(directory.get())) {
    const std::string_view name{entry->d_name};
    pid_t pid = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), pid);
    if (error == std::errc{} && end == name.data() + name.size()) pids.push_back(pid);
  }
  std::sort(pids.begin(), pids.end());
  return pids;
}

}  // namespace

std::optional<SocketOwner> find_socket_owner(std::uint64_t inode, std::span<const pid_t> candidates) {
  const std::string wanted = "socket:[" + std::to_string(inode) + ']';
  const auto first_holder = [&](std::span<const pid_t> pids) -> std::optional<SocketOwner> {
    for (const pid_t pid : pids) {
      if (holds(pid, wanted)) return SocketOwner{pid, read_command(pid)};
    }
    return std::nullopt;
  };
  if (auto owner = first_holder(candidates)) return owner;
  return first_holder(list_processes());
}

}  // namespace dummynet
