// What a test wants to see the end of, from outside:   payload KIND LIFE [PROGRAM]
//
// LIFE is a FIFO. Every process of the payload holds it open for writing, so that a reader sees the end of the file at
// the very moment when the last of them is gone, in whatever namespace they are. A byte in it says "I have taken my
// shape"; how many come is up to the kind. Nobody stays longer than a minute, nor (chaser) when LIFE was removed.
//   plain            waits                                                                                   1 byte
//   daemonise        two forks, a session of its own, deaf to SIGTERM, SIGHUP and SIGINT; the leader ends    1
//   deaf-grandchild  the same without the session: leader and parent are gone                                1
//   stopped          a child and the leader itself, both stopped by SIGSTOP                                  1
//   chaser           8 chains of processes that fork, take a session of their own, and exit, on and on       8
//   bomb             every process forks until there are 400; the byte comes when there are 100              1
//   sleepers         200 children                                                                            200
//   setuid           executes PROGRAM, a set-uid copy of this one, which takes all ids of its owner          1
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <new>

namespace {

constexpr int kLongestMs = 60'000;
constexpr int kBombed = 400;

int life = -1;

void say_up() {
  if (::write(life, "u", 1) != 1) ::_exit(3);
}

[[noreturn]] void wait_for_ever() {
  ::poll(nullptr, 0, kLongestMs);
  ::_exit(0);
}

void be_deaf() {
  for (const int signal : {SIGTERM, SIGHUP, SIGINT}) ::signal(signal, SIG_IGN);
}

// Becomes a process whose parent is gone.
void orphan_myself(bool own_session) {
  be_deaf();  // before anybody can ask it to end
  const pid_t between = ::fork();
  if (between > 0) {
    ::waitpid(between, nullptr, 0);
    ::_exit(0);
  }
  if (own_session) ::setsid();
  if (::fork() > 0) ::_exit(0);
}

[[noreturn]] void stop_both() {
  const pid_t child = ::fork();
  if (child == 0) {
    ::raise(SIGSTOP);
    wait_for_ever();
  }
  int status = 0;
  ::waitpid(child, &status, WUNTRACED);
  say_up();
  ::raise(SIGSTOP);
  wait_for_ever();
}

[[noreturn]] void chase(const char* path) {
  for (int hop = 0;; ++hop) {
    if (hop == 3) say_up();
    if (::access(path, F_OK) != 0) ::_exit(0);
    if (::fork() > 0) ::_exit(0);
    ::setsid();
  }
}

void start_chasers(const char* path) {
  for (int chain = 0; chain < 8; ++chain) {
    if (::fork() == 0) chase(path);
  }
}

void explode() {
  void* page = ::mmap(nullptr, sizeof(std::atomic<int>), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) ::_exit(4);
  auto& processes = *new (page) std::atomic<int>{1};
  for (;;) {
    const int number = processes.fetch_add(1);
    if (number >= kBombed) return;
    if (number == kBombed / 4) say_up();
    if (::fork() < 0) ::_exit(5);
  }
}

void start_sleepers() {
  for (int i = 0; i < 200; ++i) {
    if (::fork() != 0) continue;
    say_up();
    wait_for_ever();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return 2;
  const auto is = [&](const char* kind) { return std::strcmp(argv[1], kind) == 0; };
  life = ::open(argv[2], O_WRONLY);
  if (life < 0) return 3;
  if (is("setuid")) {
    char all_ids[] = "all-ids";
    char* const arguments[] = {argv[0], all_ids, argv[2], nullptr};
    if (argc > 3) ::execv(argv[3], arguments);
    return 6;
  }
  if (is("all-ids")) {
    be_deaf();
    if (::setresgid(::getegid(), ::getegid(), ::getegid()) != 0) return 7;
    if (::setresuid(::geteuid(), ::geteuid(), ::geteuid()) != 0) return 7;
    say_up();
  } else if (is("plain")) {
    say_up();
  } else if (is("daemonise") || is("deaf-grandchild")) {
    orphan_myself(is("daemonise"));
    say_up();
  } else if (is("stopped")) {
    stop_both();
  } else if (is("chaser")) {
    start_chasers(argv[2]);
  } else if (is("bomb")) {
    explode();
  } else if (is("sleepers")) {
    start_sleepers();
  } else {
    return 2;
  }
  wait_for_ever();
}
