#include "dummynet/scenario/run_directory.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "dummynet/os/check.hpp"
#include "dummynet/os/run_directory.hpp"

namespace dummynet::scenario {
namespace {

constexpr std::size_t kLongestPart = 60;

std::pair<std::string, std::string> split(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return {path.substr(0, slash), path.substr(slash + 1)};
}

std::string base() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  struct stat status {};
  if (runtime != nullptr && *runtime == '/' && ::stat(runtime, &status) == 0 && S_ISDIR(status.st_mode) &&
      status.st_uid == ::geteuid()) {
    return std::string{runtime} + "/dummynet";
  }
  return "/tmp/dummynet-" + std::to_string(::geteuid());
}

os::Fd make_directory(const std::string& path) {
  const auto [above, name] = split(path);
  const auto [top, base_name] = split(above);
  const os::Fd parent{os::check(::open(top.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), "open", top)};
  // Whoever ends a run takes the directory above along when it is empty, maybe just now.
  for (int attempt = 0;; ++attempt) {
    const os::Fd middle = os::make_private_directory(parent.get(), base_name);
    if (::mkdirat(middle.get(), name.c_str(), 0700) == 0) {
      return os::open_private_directory(middle.get(), name, ::geteuid());
    }
    if (errno != ENOENT || attempt == 100) os::throw_errno(errno, "make " + path);
  }
}

void write_facts(const os::Fd& directory, const RunFacts& facts) {
  const os::Fd file{os::check(::openat(directory.get(), kFactsFile, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600),
                              "make", kFactsFile)};
  const std::string text = to_json(facts);
  os::check(::write(file.get(), text.data(), text.size()), "write", kFactsFile);
}

// By the descriptor, since the path of a socket may have no more than 107 bytes: unix(7).
sockaddr_un address_in(const os::Fd& directory) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(directory.get()) + '/' + kSocketFile;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

os::Fd make_socket() {
  return os::Fd{os::check(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket")};
}

}  // namespace

std::string new_run_name(const std::string& scenario) {
  std::string name = scenario.substr(0, kLongestPart);
  for (char& c : name) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
    if (!plain && c != '.' && c != '-') c = '-';
  }
  if (name.empty() || name.front() == '.' || name.front() == '-') name.insert(0, "run");
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::gmtime_r(&now, &parts);
  char stamp[32];
  std::strftime(stamp, sizeof stamp, "%Y%m%dT%H%M%SZ", &parts);
  return name + '-' + stamp + '-' + std::to_string(::getpid());
}

std::string RunDirectory::place(const std::string& run) { return base() + '/' + run; }

RunDirectory::RunDirectory(std::string path, const RunFacts& facts) : path_{std::move(path)} {
  const os::Fd directory = make_directory(path_);
  try {
    write_facts(directory, facts);
    listener_ = make_socket();
    const sockaddr_un address = address_in(directory);
    os::check(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind", path_);
    os::check(::listen(listener_.get(), 16), "listen", path_);
  } catch (...) {
    os::remove_run_directory(path_);
    throw;
  }
}

RunDirectory::~RunDirectory() { os::remove_run_directory(path_); }

os::Fd connect_to_run(const os::Fd& directory) {
  os::Fd socket = make_socket();
  const sockaddr_un address = address_in(directory);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  const int flags = os::check(::fcntl(socket.get(), F_GETFL), "fcntl");
  os::check(::fcntl(socket.get(), F_SETFL, flags & ~O_NONBLOCK), "fcntl");
  return socket;
}

}  // namespace dummynet::scenario
