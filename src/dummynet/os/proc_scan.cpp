#include "dummynet/os/proc_scan.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "dummynet/os/fd.hpp"

namespace dummynet::os {

namespace {

std::string read_whole(const char* path) {
  const os::Fd file{::open(path, O_RDONLY | O_CLOEXEC)};
  std::string text;
  if (!file) return text;
  char buffer[4096];
  for (;;) {
    const ssize_t length = ::read(file.get(), buffer, sizeof buffer);
    if (length <= 0) return text;
    text.append(buffer, static_cast<std::size_t>(length));
  }
}

std::string proc_path(pid_t pid, const char* file) { return "/proc/" + std::to_string(pid) + '/' + file; }

struct CloseDirectory {
  void operator()(DIR* directory) const noexcept { ::closedir(directory); }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

}  // namespace

std::optional<int> parse_number(const char* text) {
  int number = 0;
  const char* const end = text + std::strlen(text);
  const auto [last, error] = std::from_chars(text, end, number);
  if (error != std::errc{} || last != end || number < 0) return std::nullopt;
  return number;
}

std::optional<ProcessStat> read_process(pid_t pid) {
  const std::string text = read_whole(proc_path(pid, "stat").c_str());
  // The command may hold anything, parentheses and blanks too: it ends at the last one.
  const std::size_t open = text.find('(');
  const std::size_t close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close + 2 >= text.size()) return std::nullopt;
  ProcessStat stat;
  stat.pid = pid;
  stat.command = text.substr(open + 1, close - open - 1);
  const char* position = text.c_str() + close + 2;
  stat.state = *position++;
  long long fields[22]{};  // from the fourth field of proc(5) on: ppid …
  for (long long& field : fields) {
    char* end = nullptr;
    field = std::strtoll(position, &end, 10);
    if (end == position) break;
    position = end;
  }
  stat.parent = static_cast<pid_t>(fields[0]);
  stat.session = static_cast<pid_t>(fields[2]);
  stat.start_ticks = static_cast<std::uint64_t>(fields[18]);
  static const long ticks = ::sysconf(_SC_CLK_TCK);
  static const long page = ::sysconf(_SC_PAGESIZE);
  stat.cpu_us = static_cast<std::uint64_t>((fields[10] + fields[11]) * 1'000'000 / ticks);
  stat.resident_bytes = static_cast<std::uint64_t>(fields[20] * page);
  return stat;
}

std::vector<ProcessStat> read_processes() {
  std::vector<ProcessStat> all;
  const Directory directory{::opendir("/proc")};
  if (!directory) return all;
  while (const dirent* entry = ::readdir(directory.get())) {
    const auto pid = parse_number(entry->d_name);
    if (!pid) continue;
    if (auto stat = read_process(*pid)) all.push_back(std::move(*stat));
  }
  return all;
}

std::optional<std::vector<pid_t>> read_children() {
  const os::Fd file{::open("/proc/thread-self/children", O_RDONLY | O_CLOEXEC)};
  if (!file) return std::nullopt;
  std::vector<pid_t> children;
  const std::string text = read_whole("/proc/thread-self/children");
  const char* position = text.data();
  const char* const end = text.data() + text.size();
  while (position < end) {
    pid_t pid = 0;
    const auto [next, error] = std::from_chars(position, end, pid);
    if (error != std::errc{}) break;
    children.push_back(pid);
    position = next + 1;
  }
  return children;
}

std::string read_environment(pid_t pid) { return '\0' + read_whole(proc_path(pid, "environ").c_str()); }

bool has_in_environment(pid_t pid, const std::string& assignment, bool prefix) {
  const std::string environment = read_environment(pid);
  return environment.find(prefix ? '\0' + assignment : '\0' + assignment + '\0') != std::string::npos;
}

bool holds_socket(pid_t pid, std::uint64_t inode) {
  const std::string path = proc_path(pid, "fd");
  const Directory directory{::opendir(path.c_str())};
  if (!directory) return false;
  const std::string wanted = "socket:[" + std::to_string(inode) + ']';
  while (const dirent* entry = ::readdir(directory.get())) {
    char target[64];
    const ssize_t length = ::readlinkat(::dirfd(directory.get()), entry->d_name, target, sizeof target);
    if (length == static_cast<ssize_t>(wanted.size()) && std::memcmp(target, wanted.data(), wanted.size()) == 0)
      return true;
  }
  return false;
}

}  // namespace dummynet::os
