#include "dummynet/os/cgroup_path.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/vfs.h>

#include <optional>

#include "dummynet/os/cgroup_file.hpp"

namespace dummynet::os {

namespace {

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (!text.empty()) {
    const std::size_t end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return parts;
}

bool list_contains(std::string_view comma_list, std::string_view wanted) {
  for (const std::string_view item : split(comma_list, ',')) {
    if (item == wanted) return true;
  }
  return false;
}

/// mountinfo writes space, tab, newline and backslash as \ooo.
std::string unescape(std::string_view text) {
  std::string plain;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = [&](std::size_t at) { return text[i + at] >= '0' && text[i + at] <= '7'; };
    if (text[i] == '\\' && i + 3 < text.size() && digit(1) && digit(2) && digit(3)) {
      const auto value = [&](std::size_t at) { return text[i + at] - '0'; };
      plain += static_cast<char>(value(1) * 64 + value(2) * 8 + value(3));
      i += 3;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

/// The path within the hierarchy: "0::/a/b" or "4:memory,cpu:/a/b".
std::optional<std::string_view> find_path(std::string_view proc_cgroup, std::string_view controller) {
  for (const std::string_view line : split(proc_cgroup, '\n')) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string_view::npos ? first : line.find(':', first + 1);
    if (second == std::string_view::npos) continue;
    const std::string_view controllers = line.substr(first + 1, second - first - 1);
    const bool is_it = controller.empty() ? line.starts_with("0::") : list_contains(controllers, controller);
    if (is_it) return line.substr(second + 1);
  }
  return std::nullopt;
}

struct Mount {
  std::string root;
  std::string point;
};

/// "36 35 98:0 /root /point options optional… - type source super_options"
std::optional<Mount> parse_mount(std::string_view line, std::string_view controller) {
  const std::vector<std::string_view> fields = split(line, ' ');
  std::size_t dash = 6;
  while (dash < fields.size() && fields[dash] != "-") ++dash;
  if (dash + 3 >= fields.size()) return std::nullopt;
  const std::string_view type = fields[dash + 1];
  const bool is_it =
      controller.empty() ? type == "cgroup2" : type == "cgroup" && list_contains(fields[dash + 3], controller);
  if (!is_it) return std::nullopt;
  return Mount{unescape(fields[3]), unescape(fields[4])};
}

}  // namespace

std::vector<std::string> cgroup_directories(std::string_view proc_cgroup, std::string_view mountinfo,
                                            std::string_view controller) {
  std::vector<std::string> directories;
  const std::optional<std::string_view> path = find_path(proc_cgroup, controller);
  // "/../x" lies outside of our cgroup namespace: no mount of ours can be trusted to lead there.
  if (!path || path->starts_with("/..")) return directories;
  for (const std::string_view line : split(mountinfo, '\n')) {
    const std::optional<Mount> mount = parse_mount(line, controller);
    if (!mount) continue;
    const std::string_view root = mount->root == "/" ? std::string_view{} : std::string_view{mount->root};
    if (!path->starts_with(root)) continue;
    std::string_view rest = path->substr(root.size());
    if (!rest.empty() && rest.front() != '/') continue;  // "/a" does not show "/ab"
    if (rest == "/") rest = {};
    directories.push_back(mount->point + std::string{rest});
  }
  return directories;
}

std::string own_cgroup_directory(std::string_view controller) {
  const std::optional<std::string> proc_cgroup = read_cgroup_file(AT_FDCWD, "/proc/self/cgroup");
  const std::optional<std::string> mountinfo = read_cgroup_file(AT_FDCWD, "/proc/self/mountinfo");
  if (!proc_cgroup || !mountinfo) return {};
  const long magic = controller.empty() ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;
  for (const std::string& directory : cgroup_directories(*proc_cgroup, *mountinfo, controller)) {
    struct statfs file_system {};
    if (::statfs(directory.c_str(), &file_system) == 0 && static_cast<long>(file_system.f_type) == magic) {
      return directory;
    }
  }
  return {};
}

}  // namespace dummynet::os
