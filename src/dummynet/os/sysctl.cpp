#include "dummynet/os/sysctl.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "dummynet/os/check.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::os {

namespace {

constexpr std::size_t kMaxName = 256;
constexpr const char* kRoot = "/proc/sys/";

[[noreturn]] void throw_refusal(int error_number, const std::string& object) {
  switch (error_number) {
    case ENOENT:
      if (::access("/proc/sys/net", F_OK) != 0) {
        throw_errno(error_number, object + ": /proc/sys is masked here, as in some containers");
      }
      throw_errno(error_number, object + ": this kernel has no such setting for a network of its own");
    case EROFS:
      throw_errno(error_number, object + ": /proc/sys is read-only here, as in some containers");
    default:
      throw_errno(error_number, object);
  }
}

}  // namespace

std::optional<std::string> sysctl_path(std::string_view name) {
  const std::size_t first = name.find_first_of("./");
  if (name.size() > kMaxName || first == name.npos || name.substr(0, first) != "net") return std::nullopt;
  if (std::any_of(name.begin(), name.end(), [](char c) { return c <= ' ' || c > '~'; })) return std::nullopt;
  const char separator = name[first];
  std::string path = std::string{kRoot} + "net";
  for (std::string_view rest = name.substr(first); !rest.empty();) {
    rest.remove_prefix(1);
    const std::string_view part = rest.substr(0, rest.find(separator));
    if (part.empty() || part == "." || part == ".." || part.find('/') != part.npos) return std::nullopt;
    path.append("/").append(part);
    rest.remove_prefix(part.size());
  }
  return path;
}

std::string get_sysctl(const std::string& name) {
  const std::string object = "sysctl " + name;
  const auto path = sysctl_path(name);
  if (!path) throw_errno(EINVAL, object + ": not the name of a setting below net");
  const Fd file{::open(path->c_str(), O_RDONLY | O_CLOEXEC)};
  if (!file && errno == EACCES) return {};
  char buffer[4096];
  const ssize_t length = file ? ::read(file.get(), buffer, sizeof buffer) : -1;
  if (length < 0) throw_refusal(errno, object);
  std::string value(buffer, static_cast<std::size_t>(length));
  while (!value.empty() && value.back() == '\n') value.pop_back();
  return value;
}

void set_sysctl(const std::string& name, const std::string& value) {
  const std::string object = "sysctl " + name + " = " + value;
  const auto path = sysctl_path(name);
  if (!path) throw_errno(EINVAL, object + ": not the name of a setting below net");
  const Fd file{::open(path->c_str(), O_WRONLY | O_CLOEXEC)};
  // One write(2) is one value; a newline at its end is what echo would give.
  const std::string line = value + '\n';
  if (!file || ::write(file.get(), line.data(), line.size()) < 0) throw_refusal(errno, object);
}

}  // namespace dummynet::os
