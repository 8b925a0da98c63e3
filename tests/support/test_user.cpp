#include "support/test_user.hpp"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::test {

namespace {

constexpr const char* kPrefix = "dummynet-test-";

std::string rule_file(const std::string& user) { return "/etc/sudoers.d/" + user; }

// The programs that change accounts give up at once when another one is at it.
os::Fd lock_accounts() {
  os::Fd lock{os::check(::open("/run/dummynet-test-accounts", O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open lock")};
  os::check(::flock(lock.get(), LOCK_EX), "flock");
  return lock;
}

void remove_account(const std::string& name) {
  std::error_code ignored;
  std::filesystem::remove(rule_file(name), ignored);
  ProcessMonitor monitor;
  monitor.run_process({"userdel", "--force", name});
}

void remove_left_behind() {
  std::vector<std::string> names;
  ::setpwent();
  while (const passwd* one = ::getpwent()) {
    const std::string name = one->pw_name;
    if (!name.starts_with(kPrefix)) continue;
    const int maker = std::atoi(name.c_str() + std::char_traits<char>::length(kPrefix));
    if (maker > 0 && ::kill(maker, 0) != 0 && errno == ESRCH) names.push_back(name);
  }
  ::endpwent();
  for (const std::string& name : names) remove_account(name);
}

}  // namespace

std::string TestUser::why_not() {
  if (::geteuid() != 0) return "only root can make a user";
  for (const char* program : {"/usr/bin/sudo", "/usr/sbin/useradd", "/usr/sbin/userdel", "/usr/sbin/chpasswd"}) {
    if (::access(program, X_OK) != 0) return std::string{program} + " is not installed";
  }
  return {};
}

TestUser::TestUser() : name_{kPrefix + std::to_string(::getpid())} {
  std::random_device random;
  for (int i = 0; i < 4; ++i) password_ += std::to_string(random());
  ::setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", 1);
  const os::Fd lock = lock_accounts();
  remove_left_behind();
  ProcessMonitor monitor;
  monitor.run_process({"useradd", "--no-create-home", "--home-dir", "/", "--shell", "/bin/sh", name_});
  monitor.run_process({"chpasswd"}, {.input = InputText{name_ + ':' + password_ + '\n'}});
  const passwd* made = ::getpwnam(name_.c_str());
  if (made == nullptr) throw std::runtime_error{"no user " + name_};
  uid_ = made->pw_uid;
  gid_ = made->pw_gid;
}

TestUser::~TestUser() {
  try {
    const os::Fd lock = lock_accounts();
    remove_account(name_);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "user %s is left: %s\n", name_.c_str(), error.what());
  }
}

void TestUser::set_rule(const std::string& rule, const std::string& defaults) const {
  std::filesystem::remove(rule_file(name_));
  if (rule.empty()) return;
  // Written elsewhere and then moved: sudo must never see half of it, and skips names with a dot.
  const std::string draft = rule_file(name_) + ".new";
  {
    std::ofstream file{draft};
    if (!defaults.empty()) file << "Defaults:" << name_ << ' ' << defaults << '\n';
    file << name_ << ' ' << rule << '\n';
  }
  os::check(::chmod(draft.c_str(), 0440), "chmod");
  std::filesystem::rename(draft, rule_file(name_));
}

void TestUser::become() const {
  os::check(::initgroups(name_.c_str(), gid_), "initgroups");
  os::check(::setresgid(gid_, gid_, gid_), "setresgid");
  os::check(::setresuid(uid_, uid_, uid_), "setresuid");
  // As for a program that this user has started himself.
  os::check(::prctl(PR_SET_DUMPABLE, 1), "prctl");
  os::check(::chdir("/"), "chdir");
}

}  // namespace dummynet::test
