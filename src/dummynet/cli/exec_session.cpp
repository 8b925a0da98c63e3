#include "dummynet/cli/exec_session.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>

#include "dummynet/os/check.hpp"
#include "dummynet/os/message_socket.hpp"

namespace dummynet::cli {
namespace {

using scenario::ExecNews;

constexpr int kKilled = 128 + SIGKILL;
constexpr std::size_t kMaxKeys = 64U << 10U;

os::Fd watch_signals() {
  sigset_t wanted;
  sigemptyset(&wanted);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGWINCH}) sigaddset(&wanted, signal);
  os::check(sigprocmask(SIG_BLOCK, &wanted, nullptr), "sigprocmask");
  ::signal(SIGPIPE, SIG_IGN);
  return os::Fd{os::check(::signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd")};
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(fd, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return;  // nobody looks any more; the process shall end by itself
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
}

}  // namespace

ExecSession::ExecSession(os::Fd socket) : socket_{std::move(socket)}, signals_{watch_signals()} {}

void ExecSession::send(const scenario::ExecRequest& request) {
  std::array<int, 3> streams{STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO};
  if (request.terminal) {
    terminal_ = open_pseudo_terminal(STDIN_FILENO);
    streams.fill(terminal_->theirs.get());
  }
  const std::string bytes = to_bytes(request);
  if (bytes.size() > scenario::kMaxExecBytes) os::throw_errno(E2BIG, "the command with its variables");
  if (!os::send_message(socket_.get(), bytes, streams)) end_ = End{kKilled, "the run has ended"};
}

ExecSession::End ExecSession::run(const scenario::ExecRequest& request) {
  send(request);
  while (!end_) serve_once();
  // What it had written is still in the terminal, after which somebody it left behind may hold that open.
  if (terminal_ && !screen_ends_) read_screen();
  raw_.reset();
  return *end_;
}

void ExecSession::serve_once() {
  const bool on_terminal = raw_.has_value();
  const bool wants_keys = on_terminal && !keys_end_ && keys_.size() < kMaxKeys;
  const short screen_events = static_cast<short>(POLLIN | (keys_.empty() ? 0 : POLLOUT));
  std::array<pollfd, 4> watched{pollfd{socket_.get(), POLLIN, 0}, pollfd{signals_.get(), POLLIN, 0},
                                pollfd{wants_keys ? STDIN_FILENO : -1, POLLIN, 0},
                                pollfd{on_terminal && !screen_ends_ ? terminal_->ours.get() : -1, screen_events, 0}};
  if (::poll(watched.data(), watched.size(), -1) < 0) {
    if (errno == EINTR) return;
    os::throw_errno(errno, "poll");
  }
  if (watched[1].revents != 0) read_signals();
  if (watched[2].revents != 0) read_keys();
  if ((watched[3].revents & POLLOUT) != 0) write_keys();
  if ((watched[3].revents & (POLLIN | POLLHUP | POLLERR)) != 0) read_screen();
  if (watched[0].revents != 0) receive();
}

void ExecSession::receive() {
  std::array<char, 16384> buffer{};
  const auto received = os::receive_message(socket_.get(), buffer);
  if (!received) return;
  const auto news = scenario::parse_exec_news(received->bytes);
  if (received->bytes.empty() || !news) {
    end_ = End{kKilled, "the run has ended"};
    return;
  }
  switch (news->kind) {
    case ExecNews::Kind::started:
      if (!terminal_) break;
      terminal_->theirs.reset();
      raw_.emplace(STDIN_FILENO);
      copy_window_size(STDIN_FILENO, terminal_->ours.get());  // it may have changed since
      break;
    case ExecNews::Kind::refused:
      end_ = End{news->number, news->text};
      break;
    case ExecNews::Kind::ended:
      end_ = End{news->number, {}};
      break;
    case ExecNews::Kind::signal:
      break;
  }
}

void ExecSession::read_signals() {
  signalfd_siginfo info{};
  while (::read(signals_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
    const int signal = static_cast<int>(info.ssi_signo);
    if (signal == SIGWINCH) {
      if (terminal_) copy_window_size(STDIN_FILENO, terminal_->ours.get());
      continue;
    }
    if (!os::send_message(socket_.get(), to_bytes(ExecNews{ExecNews::Kind::signal, signal, {}}))) return;
  }
}

void ExecSession::read_keys() {
  std::array<char, 4096> buffer{};
  const ssize_t count = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (count > 0) {
    keys_.append(buffer.data(), static_cast<std::size_t>(count));
    write_keys();
  } else if (count == 0 || (errno != EINTR && errno != EAGAIN)) {
    keys_end_ = true;  // our terminal was hung up
  }
}

void ExecSession::write_keys() {
  const ssize_t count = ::write(terminal_->ours.get(), keys_.data(), keys_.size());
  if (count > 0) keys_.erase(0, static_cast<std::size_t>(count));
}

void ExecSession::read_screen() {
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t count = ::read(terminal_->ours.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) {  // EIO: nobody has it open any more
      screen_ends_ = true;
      return;
    }
    write_all(STDOUT_FILENO, {buffer.data(), static_cast<std::size_t>(count)});
    if (!end_) return;  // keys and signals want their turn
  }
}

}  // namespace dummynet::cli
