#include "support/life.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <limits>

#include "dummynet/os/check.hpp"

namespace dummynet::test {

namespace {

using namespace std::chrono_literals;
using SteadyClock = std::chrono::steady_clock;

bool holds(const std::filesystem::path& process, const std::string& file) {
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator{process / "fd", error}) {
    if (std::filesystem::read_symlink(entry.path(), error).string().starts_with(file)) return true;
  }
  return false;
}

}  // namespace

Life::Life(std::string path) : path_{std::move(path)} {
  os::check(::mkfifo(path_.c_str(), 0666), "mkfifo", path_);
  os::check(::chmod(path_.c_str(), 0666), "chmod", path_);  // whatever the umask says
  fifo_ = os::Fd{os::check(::open(path_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC), "open", path_)};
}

Life::~Life() {
  kill_rest();
  ::unlink(path_.c_str());
}

// True at the end of the file: nobody holds it any more. False at the deadline, or after so many bytes.
bool Life::read_to_end(SteadyClock::time_point deadline, int stop_after) {
  while (said_ < stop_after) {
    const auto rest = std::chrono::ceil<std::chrono::milliseconds>(deadline - SteadyClock::now());
    pollfd watched{fifo_.get(), POLLIN, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(std::max<long>(rest.count(), 0)));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) return false;
    char bytes[256];
    const ssize_t length = ::read(fifo_.get(), bytes, sizeof bytes);
    if (length == 0) return true;
    if (length > 0) said_ += static_cast<int>(length);
  }
  return false;
}

bool Life::wait_up(int processes) {
  read_to_end(SteadyClock::now() + 60s, processes);
  return said_ >= processes;
}

bool Life::wait_gone(SteadyClock::time_point deadline) {
  return read_to_end(deadline, std::numeric_limits<int>::max());
}

bool Life::kill_rest() {
  if (said_ == 0) return true;
  if (wait_gone(SteadyClock::now())) return true;
  ::unlink(path_.c_str());  // chasers, whom no kill(2) of ours would catch, look for it
  const auto deadline = SteadyClock::now() + 5s;
  do {
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
      const pid_t pid = std::atoi(entry.path().filename().c_str());
      if (pid > 0 && pid != ::getpid() && holds(entry.path(), path_)) ::kill(pid, SIGKILL);
    }
  } while (!wait_gone(std::min(deadline, SteadyClock::now() + 20ms)) && SteadyClock::now() < deadline);
  return wait_gone(SteadyClock::now());
}

}  // namespace dummynet::test
