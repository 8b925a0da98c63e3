#include "dummynet/os/cgroup_file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include <array>
#include <charconv>
#include <memory>

#include "dummynet/os/check.hpp"

namespace dummynet::os {

namespace {

template <typename Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || (end != text.data() + text.size() && *end != '\n')) return std::nullopt;
  return number;
}

/// Calls `visit(line)` for each line until it returns false.
template <typename Visit>
void for_each_line(std::string_view text, Visit visit) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    if (!visit(text.substr(0, end)) || end == std::string_view::npos) return;
    text.remove_prefix(end + 1);
  }
}

bool is_gone(int error_number) { return error_number == ENOENT || error_number == ENODEV; }

}  // namespace

std::optional<std::string> read_cgroup_file(int directory, const char* name) {
  const Fd file{::openat(directory, name, O_RDONLY | O_CLOEXEC)};
  if (!file && is_gone(errno)) return std::nullopt;
  check(file.get(), "openat", name);
  std::string text;
  std::array<char, 4096> piece;
  for (;;) {
    const ssize_t got = ::pread(file.get(), piece.data(), piece.size(), static_cast<off_t>(text.size()));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && is_gone(errno)) return std::nullopt;
    if (check(got, "pread", name) == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(got));
  }
}

int try_write_cgroup_file(int directory, const char* name, std::string_view text) noexcept {
  const Fd file{::openat(directory, name, O_WRONLY | O_CLOEXEC)};
  if (!file) return errno;
  for (;;) {
    if (::write(file.get(), text.data(), text.size()) >= 0) return 0;
    if (errno != EINTR) return errno;
  }
}

std::optional<std::uint64_t> find_cgroup_value(std::string_view text, std::string_view key) {
  std::optional<std::uint64_t> found;
  for_each_line(text, [&](std::string_view line) {
    if (!line.starts_with(key) || line.size() <= key.size() || line[key.size()] != ' ') return true;
    found = parse_number<std::uint64_t>(line.substr(key.size() + 1));
    return false;
  });
  return found;
}

std::optional<std::uint64_t> read_cgroup_number(int directory, const char* name) {
  const std::optional<std::string> text = read_cgroup_file(directory, name);
  return text ? parse_number<std::uint64_t>(*text) : std::nullopt;
}

std::vector<int> parse_cgroup_pids(std::string_view text) {
  std::vector<int> pids;
  for_each_line(text, [&](std::string_view line) {
    const std::optional<int> pid = parse_number<int>(line);
    if (pid && *pid > 0) pids.push_back(*pid);
    return true;
  });
  return pids;
}

Fd open_cgroup_directory(int parent, const std::string& name, long magic) {
  Fd directory{
      check(::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW), "openat cgroup", name)};
  struct statfs file_system {};
  check(::fstatfs(directory.get(), &file_system), "fstatfs", name);
  if (static_cast<long>(file_system.f_type) != magic) throw_errno(EINVAL, "not a cgroup of the kind wanted: " + name);
  return directory;
}

Fd make_cgroup_directory(int parent, const std::string& name, long magic) {
  check(::mkdirat(parent, name.c_str(), 0755), "mkdirat cgroup", name);
  try {
    return open_cgroup_directory(parent, name, magic);
  } catch (...) {
    ::unlinkat(parent, name.c_str(), AT_REMOVEDIR);
    throw;
  }
}

std::vector<std::string> list_cgroup_children(int directory) {
  // An own description: fdopendir(3) takes the descriptor over and moves its offset.
  Fd copy{::openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!copy && is_gone(errno)) return {};
  check(copy.get(), "openat", "cgroup");
  const auto close = [](DIR* stream) { ::closedir(stream); };
  const std::unique_ptr<DIR, decltype(close)> stream{::fdopendir(copy.get()), close};
  if (!stream) throw_errno(errno, "fdopendir cgroup");
  copy.release();
  std::vector<std::string> children;
  while (const dirent* entry = ::readdir(stream.get())) {
    const std::string_view name{entry->d_name};
    if (entry->d_type == DT_DIR && name != "." && name != "..") children.emplace_back(name);
  }
  return children;
}

bool remove_cgroup_tree(int parent, const std::string& name) {
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || is_gone(errno)) return true;
  if (errno != EBUSY) throw_errno(errno, "unlinkat cgroup " + name);
  const Fd directory{::openat(parent, name.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)};
  if (!directory && is_gone(errno)) return true;
  check(directory.get(), "openat cgroup", name);
  const std::vector<std::string> children = list_cgroup_children(directory.get());
  bool all_gone = true;
  for (const std::string& child : children) all_gone = remove_cgroup_tree(directory.get(), child) && all_gone;
  if (children.empty() || !all_gone) return false;
  if (::unlinkat(parent, name.c_str(), AT_REMOVEDIR) == 0 || is_gone(errno)) return true;
  if (errno != EBUSY) throw_errno(errno, "unlinkat cgroup " + name);
  return false;
}

}  // namespace dummynet::os
