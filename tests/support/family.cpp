#include "support/family.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <sstream>

#include "dummynet/os/check.hpp"
#include "support/owner_process.hpp"
#include "support/waiting.hpp"

namespace dummynet::test {

namespace {

namespace fs = std::filesystem;

// Of all its threads: a child belongs to the thread that made it.
std::vector<pid_t> children_of(pid_t pid) {
  std::vector<pid_t> children;
  std::error_code error;
  fs::directory_iterator thread{"/proc/" + std::to_string(pid) + "/task", error};
  for (; !error && thread != fs::directory_iterator{}; thread.increment(error)) {
    std::istringstream list{read_whole(thread->path() / "children")};
    for (pid_t child = 0; list >> child;) children.push_back(child);
  }
  return children;
}

Family::Member look_at(pid_t pid, pid_t parent) {
  const std::string folder = "/proc/" + std::to_string(pid);
  Family::Member member{pid, parent, read_whole(folder + "/comm"), {}};
  if (!member.name.empty()) member.name.pop_back();  // the line end
  std::error_code ignored;
  member.program = fs::read_symlink(folder + "/exe", ignored).string();
  return member;
}

}  // namespace

Family::Family() { os::check(::prctl(PR_SET_CHILD_SUBREAPER, 1), "prctl PR_SET_CHILD_SUBREAPER"); }

Family::~Family() {
  kill_all();
  ::prctl(PR_SET_CHILD_SUBREAPER, 0);
}

pid_t Family::start(const std::function<void()>& body) {
  std::fflush(nullptr);  // the child is a copy of this program
  ended_.clear();
  const pid_t child = os::check(::fork(), "fork");
  if (child > 0) return child;
  ::setsid();
  try {
    body();
    ::_exit(0);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    ::_exit(125);
  }
}

std::vector<Family::Member> Family::members() {
  std::vector<Member> all;
  for (const pid_t child : children_of(::getpid())) all.push_back(look_at(child, ::getpid()));
  for (std::size_t next = 0; next < all.size(); ++next) {
    const pid_t parent = all[next].pid;
    for (const pid_t child : children_of(parent)) all.push_back(look_at(child, parent));
  }
  return all;
}

bool Family::is_gone() {
  for (;;) {
    int status = 0;
    const pid_t pid = ::waitpid(-1, &status, WNOHANG | __WALL);
    if (pid < 0) return true;
    if (pid == 0) return false;
    ended_[pid] = status;
  }
}

std::optional<int> Family::status(pid_t child) const {
  const auto found = ended_.find(child);
  return found == ended_.end() ? std::nullopt : std::optional{found->second};
}

std::string Family::names() {
  std::string text;
  for (const Member& one : members()) {
    const std::string folder = "/proc/" + std::to_string(one.pid);
    text += std::to_string(one.pid) + " (" + one.name;
    // One that was killed and is still there waits for the kernel: for what?
    const std::string status = read_whole(folder + "/status");
    if (const std::size_t at = status.find("State:\t"); at != std::string::npos)
      text += ", " + status.substr(at + 7, 1);
    const std::string place = read_whole(folder + "/wchan");
    text += (place.empty() || place == "0" ? "" : " in " + place) + ") ";
  }
  return text;
}

bool Family::kill_all() {
  return eventually([this] {
    for (const Member& one : members()) ::kill(one.pid, SIGKILL);
    return is_gone();
  });
}

}  // namespace dummynet::test
