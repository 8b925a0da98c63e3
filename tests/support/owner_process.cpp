#include "support/owner_process.hpp"

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

#include <filesystem>
#include <stdexcept>

#include "dummynet/core/error.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/os/pipe.hpp"
#include "support/waiting.hpp"

namespace dummynet::test {

namespace {

// False at the end.
bool read_some(int fd, std::string& into, const std::string& waiting_for) {
  if (!becomes_readable(fd)) throw std::runtime_error{"waited too long for " + waiting_for};
  char buffer[4096];
  const ssize_t length = ::read(fd, buffer, sizeof buffer);
  if (length <= 0) return false;
  into.append(buffer, static_cast<std::size_t>(length));
  return true;
}

}  // namespace

void OwnerProcess::Talk::say(std::string_view line) const {
  std::string text{line};
  for (char& one : text) {
    if (one == '\n') one = '|';
  }
  text += '\n';
  os::check(::write(to_test.get(), text.data(), text.size()), "write");
}

void OwnerProcess::Talk::wait() const {
  char byte = 0;
  while (::read(from_test.get(), &byte, 1) < 0 && errno == EINTR) {
  }
}

void OwnerProcess::be_owner(const Talk& talk, const Body& body) {
  try {
    body(talk);
    ::_exit(0);
  } catch (const StartError& error) {
    talk.say("StartError " + std::string{to_string(error.step())} + ' ' + std::to_string(error.error_number()) + ": " +
             error.what());
  } catch (const TimeoutError& error) {
    talk.say(std::string{"TimeoutError: "} + error.what());
  } catch (const RunInfoError& error) {
    talk.say(std::string{"RunInfoError: "} + error.what());
  } catch (const std::exception& error) {
    talk.say(std::string{"exception: "} + error.what());
  }
  ::_exit(1);
}

OwnerProcess::OwnerProcess(Terminal terminal, const Body& body) {
  auto [from_child, to_test] = os::make_pipe();
  auto [from_test, to_child] = os::make_pipe();
  int master = -1;
  int slave = -1;
  if (terminal == Terminal::own) {
    os::check(::openpty(&master, &slave, nullptr, nullptr, nullptr), "openpty");
    terminal_ = os::Fd{master};
    terminal_of_child_ = os::Fd{slave};
    ::fcntl(master, F_SETFD, FD_CLOEXEC);
    ::fcntl(slave, F_SETFD, FD_CLOEXEC);
  }
  pid_ = os::check(::fork(), "fork");
  if (pid_ == 0) {
    from_child.reset();
    to_child.reset();
    terminal_.reset();
    if (terminal == Terminal::own) {
      ::login_tty(terminal_of_child_.release());  // a session of its own, with this terminal
    } else {
      ::setsid();
    }
    be_owner(Talk{std::move(to_test), std::move(from_test)}, body);
  }
  from_child_ = std::move(from_child);
  to_child_ = std::move(to_child);
}

OwnerProcess::~OwnerProcess() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

std::string OwnerProcess::line() {
  for (;;) {
    if (const std::size_t end = said_.find('\n'); end != std::string::npos) {
      std::string first = said_.substr(0, end);
      said_.erase(0, end + 1);
      return first;
    }
    if (!read_some(from_child_.get(), said_, "the owner's next line")) return {};
  }
}

void OwnerProcess::go() { os::check(::write(to_child_.get(), "g", 1), "write"); }

void OwnerProcess::kill(int signal) const { os::check(::kill(pid_, signal), "kill"); }

int OwnerProcess::wait() {
  int status = 0;
  os::check(::waitpid(pid_, &status, 0), "waitpid");
  pid_ = -1;
  return status;
}

void OwnerProcess::expect_on_terminal(const std::string& text) {
  const std::size_t from = screen_.size();
  while (screen_.find(text, from) == std::string::npos) {
    if (!read_some(terminal_.get(), screen_, '"' + text + "\" on the terminal")) {
      throw std::runtime_error{"the terminal was closed"};
    }
  }
}

void OwnerProcess::type(const std::string& text) const {
  os::check(::write(terminal_.get(), text.data(), text.size()), "write");
}

bool OwnerProcess::terminal_echoes() const {
  termios settings{};
  os::check(::tcgetattr(terminal_of_child_.get(), &settings), "tcgetattr");
  return (settings.c_lflag & ECHO) != 0;
}

std::string read_whole(const std::string& path) {
  // Not a std::ifstream: its iterators throw when the kernel says ESRCH.
  const os::Fd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  std::string whole;
  char buffer[4096];
  for (ssize_t length = 0; (length = ::read(file.get(), buffer, sizeof buffer)) > 0;) {
    whole.append(buffer, static_cast<std::size_t>(length));
  }
  return whole;
}

std::string processes_with(const std::string& text) {
  std::string found;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::string line = read_whole(entry.path() / "cmdline");  // empty for a zombie
    for (char& one : line) {
      if (one == '\0') one = ' ';
    }
    if (line.find(text) != std::string::npos) found += name + ' ';
  }
  return found;
}

}  // namespace dummynet::test
