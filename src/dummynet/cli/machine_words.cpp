// What a machine's lacks mean: for each thing the doctor tries, what runs do without it and how to mend that.
#include <algorithm>
#include <array>
#include <system_error>

#include "dummynet/cli/machine_check.hpp"

namespace dummynet::cli {
namespace {

struct Words {
  std::string_view name;
  bool required;
  std::string_view consequence;
  std::string_view mend;  ///< empty: what diagnose() says
};

constexpr std::string_view kModule = "use a kernel that has it, or as root load its module: modprobe ";

constexpr auto kWords = std::to_array<Words>({
    {"sandbox", true, "scenarios cannot be run; ProcessMonitor works for host processes", ""},
    {"network", true, "scenarios cannot be run", ""},
    {"process", true, "scenarios cannot be run", ""},
    {"own /sys", false, "processes see the interfaces of the machine below /sys/class/net",
     "start the container with --security-opt systempaths=unconfined, or --privileged"},
    {"user: self", false, "`user: self` is refused; everything runs as root in its node", ""},
    {"low ports", false, "processes that are not root cannot listen below port 1024 in their node",
     "make /proc/sys writable, or run those processes as `user: root`"},
    {"ping", false, "processes that are not root cannot use ping in their node",
     "make /proc/sys writable, or run ping as `user: root`"},
    {"nftables", false, "nodes of kind `nat` are refused", "modprobe nf_tables nft_chain_nat nft_masq"},
    {"bridge", false, "nodes of kind `switch` are refused", "modprobe bridge"},
    {"vlan", false, "vlan links are refused", "modprobe 8021q"},
    {"vxlan", false, "vxlan links are refused", "modprobe vxlan"},
    {"macvlan", false, "macvlan links are refused", "modprobe macvlan"},
    {"netem", false, "`emulation: kernel` cannot delay or lose packets; the engine can", "modprobe sch_netem"},
    {"tbf", false, "`emulation: kernel` cannot limit rates; the engine can", "modprobe sch_tbf"},
    {"packet sockets", false, "captures in nodes cannot be made", ""},
    {"tun", false, "processes in nodes cannot make tun or tap devices, as VPNs do",
     "as root: modprobe tun; chmod 0666 /dev/net/tun"},
    {"cgroups", false,
     "host processes: a tree that forks faster than /proc can be read may get away; memory peaks are sampled, limits "
     "of memory and CPU are not to be had",
     "run as root, or in a delegated cgroup: systemd-run --user --scope -p Delegate=yes …"},
    {"memory limits", false, "`limits` of memory cannot be had; memory peaks are those of the largest process",
     "delegate the controller: systemd-run --user --scope -p Delegate=yes …; kernels that start with v1 hierarchies "
     "give it away: systemd.unified_cgroup_hierarchy=1"},
    {"clone3", false, "starts are a little slower, and processes move into their cgroups themselves",
     "Linux 5.7 or later, and a container whose seccomp profile knows clone3"},
    {"pidfd", false, "the end of the owner is seen by its socket only", "Linux 5.3 or later"},
    {"memfd", false, "the warden has to be installed, or named by $DUMMYNET_WARDEN",
     "a kernel with CONFIG_MEMFD_CREATE, vm.memfd_noexec below 2, and no filter against it"},
    {"open files", false, "few nodes and processes at a time: a node takes two descriptors, a process three",
     "raise the hard limit: ulimit -Hn, LimitNOFILE= of a unit, /etc/security/limits.conf"},
});

}  // namespace

MachineCheck explain(const std::string& name, const RefusedStep& refused, const MachineFacts& facts) {
  MachineCheck check;
  check.name = name;
  check.state = MachineCheck::State::missing;
  check.detail = refused.error_number == 0 ? refused.object : std::system_category().message(refused.error_number);
  const auto words = std::ranges::find(kWords, std::string_view{name}, &Words::name);
  if (words == kWords.end()) return check;
  check.required = words->required;
  check.consequence = words->consequence;
  if (words->mend.empty()) {
    const Diagnosis diagnosis = diagnose(refused, facts);
    check.cause = diagnosis.cause;
    check.mend = diagnosis.mend;
    return check;
  }
  check.mend = words->mend;
  if (!words->mend.starts_with("modprobe ")) return check;
  check.mend = std::string{kModule} + check.mend.substr(std::string_view{"modprobe "}.size());
  if (refused.error_number == EOPNOTSUPP || refused.error_number == ENOENT) {
    check.cause = "this kernel has no " + name + ", or its module is not loaded";
  }
  return check;
}

bool runs_are_possible(const std::vector<MachineCheck>& checks) {
  return std::ranges::all_of(
      checks, [](const MachineCheck& check) { return !check.required || check.state == MachineCheck::State::ok; });
}

}  // namespace dummynet::cli
