// What the kernel can do at best: minimal programs, no library. Asked as in measure.hpp:
//   spawn METHOD IN_FLIGHT COUNT PROGRAM            µs each. direct: clone with VFORK, 2 pipes, setsid, epoll on 3
//                                                   descriptors. asked: a minimal warden does it on request.
//                                                   fork: like direct, by fork(2)
//   loaded METHOD heap|live AMOUNT COUNT PROGRAM    µs each, without and with so many MiB of heap or live children
//   exit-latency COUNT CHILD                        µs, p50 p99, by a blocking waitid(2)
//   read MIB CHILD                                  GB/s of read(2) alone on a pipe of 1 MiB
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <utility>

#include "measure.hpp"

namespace {

using namespace bench;

void demand(bool holds, const char* what) {
  if (holds) return;
  std::perror(what);
  std::exit(1);
}

struct Request {
  std::vector<char*> arguments;
  int out = -1;
  int err = -1;
};

int child_main(void* argument) {
  auto* const request = static_cast<Request*>(argument);
  ::setsid();
  ::dup2(request->out, 1);
  ::dup2(request->err, 2);
  ::execv(request->arguments[0], request->arguments.data());
  ::_exit(127);
}

/// Returns the pidfd.
int start_child(Request& request, bool by_fork) {
  static char stack[65536] __attribute__((aligned(64)));
  int pidfd = -1;
  if (by_fork) {
    const pid_t pid = ::fork();
    if (pid == 0) child_main(&request);
    pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
  } else {
    ::clone(child_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &request, &pidfd);
  }
  demand(pidfd >= 0, "clone");
  return pidfd;
}

std::vector<char*> argument_vector(std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return pointers;
}

void reap(int pidfd) {
  siginfo_t info{};
  ::waitid(static_cast<idtype_t>(3) /* P_PIDFD */, static_cast<id_t>(pidfd), &info, WEXITED);
  demand(info.si_status == 0, "a child failed");
}

/// Runs children until their end and the end of both their pipes.
class Runner {
 public:
  explicit Runner(std::vector<std::string> command) : command_{std::move(command)} {
    request_.arguments = argument_vector(command_);
  }
  virtual ~Runner() = default;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  void run(std::size_t count, std::size_t in_flight) {
    std::size_t started = 0;
    ended_ = pipes_ended_ = 0;
    while (ended_ < count || pipes_ended_ < 2 * count) {
      while (started < count && started - ended_ < in_flight) {
        start_with_pipes();
        ++started;
      }
      serve();
    }
  }

 protected:
  enum class Kind : std::uint32_t { pipe, pidfd, warden };

  virtual void start() = 0;
  virtual void handle(Kind kind, int fd) = 0;

  void watch(int fd, Kind kind) const {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = static_cast<std::uint64_t>(kind) << 32U | static_cast<std::uint32_t>(fd);
    demand(::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
  }

  void start_with_pipes() {
    int out[2];
    int err[2];
    demand(::pipe2(out, O_CLOEXEC) == 0 && ::pipe2(err, O_CLOEXEC) == 0, "pipe2");
    request_.out = out[1];
    request_.err = err[1];
    start();
    ::close(out[1]);
    ::close(err[1]);
    watch(out[0], Kind::pipe);
    watch(err[0], Kind::pipe);
  }

  Request request_;
  std::size_t ended_ = 0;

 private:
  void serve() {
    epoll_event events[32];
    const int found = ::epoll_wait(epoll_, events, 32, -1);
    for (int i = 0; i < found; ++i) {
      const Kind kind{static_cast<std::uint32_t>(events[i].data.u64 >> 32U)};
      const int fd = static_cast<int>(events[i].data.u64 & 0xFFFFFFFFU);
      if (kind != Kind::pipe) {
        handle(kind, fd);
        continue;
      }
      char buffer[4096];
      if (::read(fd, buffer, sizeof buffer) <= 0) {
        ::close(fd);
        ++pipes_ended_;
      }
    }
  }

  std::vector<std::string> command_;
  int epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  std::size_t pipes_ended_ = 0;
};

class Direct : public Runner {
 public:
  Direct(std::vector<std::string> command, bool by_fork) : Runner{std::move(command)}, by_fork_{by_fork} {}
  ~Direct() override {
    for (const int pidfd : alive_) ::syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0);
  }

  /// So many children that wait, until the end of this runner.
  void keep_alive(std::size_t count, std::string program) {
    std::vector<std::string> command{std::move(program), "p"};
    const std::vector<char*> before = std::exchange(request_.arguments, argument_vector(command));
    for (std::size_t i = 0; i < count; ++i) {
      start_with_pipes();
      alive_.push_back(newest_);
    }
    request_.arguments = before;
  }

 protected:
  void start() override {
    newest_ = start_child(request_, by_fork_);
    watch(newest_, Kind::pidfd);
  }
  void handle(Kind, int fd) override {
    reap(fd);
    ::close(fd);
    ++ended_;
  }

 private:
  bool by_fork_;
  int newest_ = -1;
  std::vector<int> alive_;
};

struct Message {
  enum Kind { started, ended } kind;
  pid_t pid;
  int code;
  int status;
  rusage usage;
};

/// Sends a message with up to two descriptors.
void send_message(int socket, const void* bytes, std::size_t size, const int* fds, std::size_t count) {
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
  iovec part{const_cast<void*>(bytes), size};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (count > 0) {
    header.msg_control = control;
    header.msg_controllen = CMSG_SPACE(count * sizeof(int));
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(count * sizeof(int));
    std::memcpy(CMSG_DATA(rights), fds, count * sizeof(int));
  }
  demand(::sendmsg(socket, &header, 0) >= 0, "sendmsg");
}

/// False at the end of the connection.
bool receive_message(int socket, void* bytes, std::size_t size, int* fds) {
  alignas(cmsghdr) char control[CMSG_SPACE(2 * sizeof(int))];
  iovec part{bytes, size};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof control;
  if (::recvmsg(socket, &header, MSG_CMSG_CLOEXEC) <= 0) return false;
  if (const cmsghdr* const rights = CMSG_FIRSTHDR(&header)) {
    std::memcpy(fds, CMSG_DATA(rights), rights->cmsg_len - CMSG_LEN(0));
  }
  return true;
}

void tell_endings(int socket) {
  for (;;) {
    Message message{};
    message.kind = Message::ended;
    siginfo_t info{};
    if (::syscall(SYS_waitid, P_ALL, 0, &info, WEXITED | WNOHANG, &message.usage) != 0 || info.si_pid == 0) return;
    message.pid = info.si_pid;
    message.code = info.si_code;
    message.status = info.si_status;
    send_message(socket, &message, sizeof message, nullptr, 0);
  }
}

[[noreturn]] void warden_main(int socket) {
  sigset_t mask;
  sigemptyset(&mask);
  sigaddset(&mask, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &mask, nullptr);
  const int signals = ::signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
  pollfd entries[2] = {{socket, POLLIN, 0}, {signals, POLLIN, 0}};
  for (;;) {
    ::poll(entries, 2, -1);
    if (entries[0].revents != 0) {
      char words[512] = {};
      int fds[2];
      if (!receive_message(socket, words, sizeof words, fds)) ::_exit(0);
      char* const mode = words + std::strlen(words) + 1;
      Request request{{words, *mode != '\0' ? mode : nullptr, nullptr}, fds[0], fds[1]};
      const int pidfd = start_child(request, false);
      const Message message{.kind = Message::started, .pid = 0, .code = 0, .status = 0, .usage = {}};
      send_message(socket, &message, sizeof message, &pidfd, 1);
      for (const int fd : {fds[0], fds[1], pidfd}) ::close(fd);
    }
    if (entries[1].revents != 0) {
      signalfd_siginfo signal;
      while (::read(signals, &signal, sizeof signal) > 0) {
      }
      tell_endings(socket);
    }
  }
}

class Asked : public Runner {
 public:
  explicit Asked(std::vector<std::string> command) : Runner{std::move(command)} {
    int ends[2];
    demand(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    if (::fork() == 0) {
      ::close(ends[0]);
      warden_main(ends[1]);
    }
    ::close(ends[1]);
    socket_ = ends[0];
    watch(socket_, Kind::warden);
  }

 protected:
  void start() override {
    std::string words;
    for (const char* word : request_.arguments) words += std::string{word != nullptr ? word : ""} + '\0';
    const int fds[2] = {request_.out, request_.err};
    send_message(socket_, words.data(), words.size(), fds, 2);
  }
  void handle(Kind, int fd) override {
    Message message{};
    int pidfd = -1;
    demand(receive_message(fd, &message, sizeof message, &pidfd), "the warden is gone");
    if (message.kind == Message::started) {
      ::close(pidfd);
    } else {
      demand(message.status == 0, "a child failed");
      ++ended_;
    }
  }

 private:
  int socket_ = -1;
};

std::unique_ptr<Runner> make_runner(const std::string& method, const std::string& program) {
  if (method == "asked") return std::make_unique<Asked>(std::vector{program});
  return std::make_unique<Direct>(std::vector{program}, method == "fork");
}

void spawn(const std::vector<std::string>& words) {
  const std::size_t count = number(words, 4);
  const auto runner = make_runner(words[2], words[5]);
  runner->run(count / 5 + 1, number(words, 3));
  std::printf("%.3f\n", microseconds_each(count, [&] { runner->run(count, number(words, 3)); }));
}

void loaded(const std::vector<std::string>& words) {
  const std::size_t count = number(words, 5);
  allow_many_descriptors();
  Direct runner{{words[6]}, words[2] == "fork"};
  runner.run(count / 5 + 1, 1);
  const double empty = microseconds_each(count, [&] { runner.run(count, 1); });
  if (words[3] == "heap") {
    fill_heap(number(words, 4));
  } else {
    runner.keep_alive(number(words, 4), words[6]);
  }
  std::printf("%.3f %.3f\n", empty, microseconds_each(count, [&] { runner.run(count, 1); }));
}

void exit_latency(const std::vector<std::string>& words) {
  std::vector<double> values;
  std::vector<std::string> command{words[3], "t"};
  for (std::size_t i = 0; i < number(words, 2); ++i) {
    int out[2];
    demand(::pipe2(out, O_CLOEXEC) == 0, "pipe2");
    Request request{argument_vector(command), out[1], 2};
    const int pidfd = start_child(request, false);
    ::close(out[1]);
    reap(pidfd);
    const timespec now = bench::now();
    char stamp[sizeof(timespec)] = {};
    demand(::read(out[0], stamp, sizeof stamp) == sizeof stamp, "read");
    values.push_back(microseconds_since_stamp({stamp, sizeof stamp}, now));
    ::close(out[0]);
    ::close(pidfd);
  }
  print_percentiles(std::move(values));
}

void read_pipe(const std::vector<std::string>& words) {
  int out[2];
  demand(::pipe2(out, O_CLOEXEC) == 0 && ::fcntl(out[0], F_SETPIPE_SZ, 1 << 20) > 0, "pipe2");
  std::vector<std::string> command{words[3], "w", words[2]};
  Request request{argument_vector(command), out[1], 2};
  static char buffer[1024 * 1024];
  std::memset(buffer, 1, sizeof buffer);
  const Clock::time_point start = Clock::now();
  const int pidfd = start_child(request, false);
  ::close(out[1]);
  double bytes = 0;
  for (ssize_t got = 0; (got = ::read(out[0], buffer, sizeof buffer)) > 0;) bytes += static_cast<double>(got);
  reap(pidfd);
  std::printf("%.3f\n", bytes / seconds_since(start) / 1e9);
}

}  // namespace

int main(int count, char** arguments) {
  const std::vector<std::string> words(arguments, arguments + count);
  const std::string measurement = words.size() > 1 ? words[1] : "";
  if (measurement == "spawn" && words.size() == 6) {
    spawn(words);
  } else if (measurement == "loaded" && words.size() == 7) {
    loaded(words);
  } else if (measurement == "exit-latency" && words.size() == 4) {
    exit_latency(words);
  } else if (measurement == "read" && words.size() == 4) {
    read_pipe(words);
  } else {
    std::fprintf(stderr, "no such measurement; see the head of floor.cpp\n");
    return 2;
  }
}
