// The doctor on machines that refuse: each refusal is made real in a child, and the words are looked at.
#include <linux/capability.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "dummynet/core/monitor.hpp"
#include "dummynet/os/check.hpp"
#include "e2e/scenario_test.hpp"
#include "support/monitor_test.hpp"
#include "support/system_call_filter.hpp"

namespace dummynet::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class DoctorTest : public ScenarioTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, to make machines that refuse";
  }
  /// What the doctor says here; host processes work everywhere.
  static std::string ask(int expected_code) {
    CommandRun doctor{{"doctor"}};
    EXPECT_EQ(doctor.wait(), expected_code) << doctor.all();
    EXPECT_THAT(doctor.out(), AllOf(HasSubstr("ok   host processes"),
                                    HasSubstr(expected_code == 0 ? "Scenarios can be" : "Scenarios cannot be")));
    ProcessMonitor monitor;
    EXPECT_EQ(monitor.run_process("cat; echo out", {.input = InputText{"in\n"}}).out.text(), "in\nout\n");
    monitor.run_process_async({"sleep", "1000"}, {.daemon = true});
    monitor.stop();
    return doctor.out();
  }
};

void have_own_mounts() {
  os::check(::unshare(CLONE_NEWNS), "unshare");
  os::check(::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr), "mount / private");
}

/// All of "/" once more, below a directory that is no mount point itself.
void enter_chroot(const std::string& jail) {
  have_own_mounts();
  fs::create_directory(jail);
  os::check(::mount("tmpfs", jail.c_str(), "tmpfs", 0, "size=1m"), "mount", jail);
  const std::string root = jail + "/root";
  fs::create_directory(root);
  for (const fs::directory_entry& entry : fs::directory_iterator{"/"}) {
    const std::string here = root + entry.path().string();
    if (entry.is_symlink()) {
      fs::copy_symlink(entry.path(), here);
    } else if (entry.is_directory()) {
      fs::create_directory(here);
      os::check(::mount(entry.path().c_str(), here.c_str(), nullptr, MS_BIND | MS_REC, nullptr), "bind", here);
    }
  }
  os::check(::chroot(root.c_str()), "chroot", root);
  os::check(::chdir("/"), "chdir");
}

TEST_F(DoctorTest, KnowsAChroot) {
  in_child([this] {
    enter_chroot(path("jail"));
    as_nobody([] {
      EXPECT_THAT(ask(3),
                  AllOf(HasSubstr("no   sandbox"), HasSubstr("so:    scenarios cannot be run; ProcessMonitor works"),
                        HasSubstr("cause: this is a chroot, where user namespaces are refused"),
                        HasSubstr("mend:  run dummynet outside of the chroot, or as root"), HasSubstr("?    netem  ")));
    });
  });
}

TEST_F(DoctorTest, KnowsDockersFilter) {
  const auto body = [] {
    constexpr unsigned kNamespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC;
    refuse_calls(
        {{SYS_clone3, ENOSYS}, {SYS_unshare, EPERM, kNamespaces}, {SYS_clone, EPERM, kNamespaces}, {SYS_mount, EPERM}});
    EXPECT_THAT(ask(3), AllOf(HasSubstr("cause: a seccomp filter refuses namespaces, as Docker's default profile does"),
                              HasSubstr("mend:  start the container with --security-opt seccomp=unconfined"),
                              HasSubstr("no   clone3"), HasSubstr("a container whose seccomp profile knows clone3")));
  };
  in_child(body);
  as_nobody(body);
}

TEST_F(DoctorTest, KnowsMaskedProc) {
  in_child([] {
    have_own_mounts();
    for (const char* masked : {"/proc/irq", "/proc/bus"}) {
      if (::access(masked, F_OK) == 0) os::check(::mount("tmpfs", masked, "tmpfs", MS_RDONLY, nullptr), "mask", masked);
    }
    os::check(::mount("/proc/sys", "/proc/sys", nullptr, MS_BIND, nullptr), "bind /proc/sys");
    os::check(::mount(nullptr, "/proc/sys", nullptr, MS_BIND | MS_REMOUNT | MS_RDONLY, nullptr), "remount /proc/sys");
    as_nobody([] {
      EXPECT_THAT(ask(3), AllOf(HasSubstr("cause: parts of /proc are masked, as in a container"),
                                HasSubstr("mend:  start the container with --security-opt systempaths=unconfined")));
    });
  });
}

TEST_F(DoctorTest, RootWithoutCapSysAdminTakesTheRootlessWay) {
  in_child([] {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[2]{};
    os::check(::syscall(SYS_capget, &header, data), "capget");
    for (auto* set : {&data[0].effective, &data[0].permitted, &data[0].inheritable}) *set &= ~(1U << CAP_SYS_ADMIN);
    os::check(::prctl(PR_CAPBSET_DROP, CAP_SYS_ADMIN, 0, 0, 0), "prctl PR_CAPBSET_DROP");
    os::check(::syscall(SYS_capset, &header, data), "capset");
    EXPECT_THAT(ask(0), AllOf(HasSubstr("user 0, without CAP_SYS_ADMIN"), HasSubstr("ok   sandbox"),
                              HasSubstr("ok   process")));
  });
}

TEST_F(DoctorTest, SpeaksJson) {
  for (const bool as_nobody : {false, true}) {
    CommandRun doctor{{"doctor", "--format", "json"}, {.as_nobody = as_nobody}};
    EXPECT_EQ(doctor.wait(), 0);
    const auto json = nlohmann::json::parse(doctor.out());
    EXPECT_EQ(json.at("runs_possible"), true);
    std::set<std::string> names;
    for (const auto& check : json.at("checks")) {
      names.insert(check.at("name"));
      const bool explained = !check.at("consequence").get<std::string>().empty();
      const bool mended = !check.at("mend").get<std::string>().empty();
      EXPECT_TRUE(check.at("ok") == true || (explained && mended)) << check;
    }
    EXPECT_THAT(names, testing::IsSupersetOf({"sandbox", "network", "nftables", "bridge", "netem", "tbf", "vlan", "tun",
                                              "pidfd", "clone3", "memfd", "open files", "ping", "low ports"}));
  }
}

TEST_F(DoctorTest, HasNoColourForAFile) {
  CommandRun file{{"doctor"}};
  file.wait();
  EXPECT_THAT(file.out(), Not(HasSubstr("\x1b[")));
  CommandRun terminal{{"doctor"}, {.environment = {"TERM=xterm", "NO_COLOR="}, .on_terminal = true}};
  terminal.wait();
  EXPECT_THAT(terminal.out(), HasSubstr("\x1b[32mok"));
}

}  // namespace
}  // namespace dummynet::test
