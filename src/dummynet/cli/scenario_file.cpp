#include "dummynet/cli/scenario_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <iostream>

#include "dummynet/os/check.hpp"
#include "dummynet/os/fd.hpp"
#include "dummynet/scenario/link_file.hpp"

namespace dummynet::cli {
namespace {

/// At most a little more than `most`.
std::string read_some(int fd, const std::string& name, std::size_t most = scenario::kMaxDocumentBytes) {
  std::string text;
  std::string piece(64U << 10U, '\0');
  while (text.size() <= most) {
    const ssize_t count = ::read(fd, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (os::check(count, "read", name) == 0) break;
    text.append(piece, 0, static_cast<std::size_t>(count));
  }
  return text;
}

/// A trace, a table or a schedule.
std::string read_beside(const std::filesystem::path& folder, const std::string& name) {
  const std::string path = folder / name;
  // Without O_NONBLOCK a FIFO would wait for somebody to write.
  const os::Fd fd{os::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK), "open", path)};
  struct stat status {};
  os::check(::fstat(fd.get(), &status), "fstat", path);
  if (!S_ISREG(status.st_mode)) throw std::system_error{EINVAL, std::system_category(), path + " is no file"};
  std::string text = read_some(fd.get(), path, scenario::kMaxLinkFileBytes);
  if (text.size() > scenario::kMaxLinkFileBytes) throw std::system_error{EFBIG, std::system_category(), path};
  return text;
}

}  // namespace

ScenarioFile load_scenario(const std::string& path, std::optional<scenario::Emulation> emulation) {
  ScenarioFile file;
  std::string text;
  if (path == "-") {
    file.shown_name = "<stdin>";
    file.path = file.shown_name;
    text = read_some(STDIN_FILENO, file.shown_name);
  } else {
    file.shown_name = path;
    std::error_code none;
    file.path = std::filesystem::absolute(path, none).lexically_normal();
    const os::Fd fd{os::check(::open(path.c_str(), O_RDONLY | O_CLOEXEC), "open", path)};
    text = read_some(fd.get(), path);
  }
  const std::filesystem::path folder = path == "-" ? "." : std::filesystem::path{path}.parent_path();
  file.planned =
      scenario::read_plan(text, {[&](const std::string& name) { return read_beside(folder, name); }, emulation});
  std::string& name = file.planned.plan.name;
  if (name.empty()) name = path == "-" ? "stdin" : std::filesystem::path{path}.stem().string();
  return file;
}

void tell_warnings(const ScenarioFile& file) {
  for (const scenario::Complaint& warning : file.planned.warnings) {
    std::cerr << to_string(scenario::Complaint{warning.position, "warning: " + warning.message}, file.shown_name)
              << '\n';
  }
}

}  // namespace dummynet::cli
