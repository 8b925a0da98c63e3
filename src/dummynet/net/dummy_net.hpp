#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/core/monitor.hpp"
#include "dummynet/net/cgroup.hpp"
#include "dummynet/net/ip.hpp"
#include "dummynet/net/link_info.hpp"
#include "dummynet/net/namespace_shell.hpp"
#include "dummynet/net/tc.hpp"

namespace dummynet::net {

class Netns;

struct DummyNetOptions {
  /// False: the root namespace is a private one, where nothing is in anybody's way and no rights are needed. True: it
  /// is that of the machine, which needs the rights of root (CAP_SYS_ADMIN, CAP_NET_ADMIN).
  bool host = false;
  /// Goes into the names of interfaces, see NameScope, so that programs at work on one network do not collide: this
  /// program's pid by default. 0: names stay as they are.
  std::optional<std::uint32_t> uid{};
  Log log{};
};

/// A network made by hand, step by step, as with ip(8) and tc(8), whose every step is undone.
///
///     DummyNet net;
///     net.netns_add("client");
///     net.link_veth_add("left", "right");
///     net.link_set("client", "right");
///     net.addr_add(InterfaceAddress::parse("10.0.0.1/24").value(), "left");
///     net.up("left");
///     DummyNet client = net.netns_use("client");
///     client.addr_add(InterfaceAddress::parse("10.0.0.2/24").value(), "right");
///     client.up("right");
///     client.run("ping -c 1 10.0.0.1");
///
/// Every change registers its undoing before it is made: cleanup() or the destructor undo all of them, the last first.
/// A call that fails half-way undoes what it did. If this program is killed, the kernel takes the private namespaces
/// away, and the run's guardian (docs/architecture.md) what was done on the real network of the machine.
///
/// Interfaces are called by the names they were given here; kernel_name() tells what they are called in truth.
/// The kernel's refusals are std::system_error: "address 10.0.0.1/24 on client:right: File exists". Names, ranges and
/// namespaces that cannot be are std::invalid_argument, before anything is changed.
/// Not to be shared between threads. To describe a whole network at once instead: Network.
class DummyNet {
 public:
  /// With a monitor of its own. Throws StartError when this machine refuses the namespaces.
  explicit DummyNet(const DummyNetOptions& options = {});
  /// With a monitor that outlives it, made with MonitorOptions::sandbox, and for `host` also with host_network.
  explicit DummyNet(ProcessMonitor& monitor, const DummyNetOptions& options = {});
  /// That of the first one, not those of netns_use(), does what cleanup() does, and tells the log what failed.
  ~DummyNet();
  DummyNet(DummyNet&&) noexcept;
  DummyNet& operator=(DummyNet&&) = delete;

  // ---- network namespaces: ip-netns(8), network_namespaces(7)

  /// A new network namespace with its loopback up. Namespaces have no name outside of this object; `name`: as that of
  /// a host (RFC 1123: letters, digits, hyphens, at most 63), not given to another one.
  void netns_add(const std::string& name);
  /// The same object at work in that namespace; "": in the root namespace. Good for as long as the first one lives and
  /// the namespace is not deleted: then std::logic_error.
  DummyNet netns_use(const std::string& name) const;
  /// In the order in which they were added.
  std::vector<std::string> netns_list() const;
  /// Kills what runs in there and undoes what was done in there. An interface that was made here goes with it, and so
  /// does its peer, wherever that is.
  void netns_delete(const std::string& name);
  /// Pids as this program sees them, of processes started by whomever.
  std::vector<pid_t> netns_process_list(const std::string& name) const;
  /// SIGKILL; returns when it has ended, and no failure of it will be reported. std::invalid_argument: it is not there.
  void netns_kill_process(const std::string& name, pid_t pid);
  /// The same for all, also those that are being started by them. Throws std::system_error with ETIMEDOUT after 10 s.
  void netns_kill_all(const std::string& name);

  // ---- interfaces: ip-link(8), veth(4), rtnetlink(7). They are made down.

  /// A cable with two ends, both in this namespace.
  void link_veth_add(const std::string& first, const std::string& second);
  /// A tagged interface (IEEE 802.1Q) on top of `parent`. `id`: 1 to 4094. Its name, which is returned, is "PARENT.ID"
  /// unless one is given. Throws std::system_error with EOPNOTSUPP and the mend where the kernel has no vlan.
  std::string link_vlan_add(const std::string& parent, std::uint16_t id, const std::string& name = {});
  /// Moves an interface of this namespace to another; "": the root. There it is down and has no addresses. On the real
  /// network of the machine: hardware, or what was made here (std::invalid_argument).
  void link_set(const std::string& netns, const std::string& interface);
  /// Those of this namespace. `kind`: only "veth", "bridge", "vlan" …
  std::vector<LinkInfo> link_list(const std::string& kind = {}) const;
  /// A veth goes with its peer, and what stands on an interface goes with it. On the real network of the machine: only
  /// what was made here (std::invalid_argument).
  void link_delete(const std::string& interface);
  /// A virtual switch.
  void bridge_add(const std::string& name);
  /// Makes an interface a port of that bridge.
  void bridge_set(const std::string& bridge, const std::string& interface);
  /// The ports of a bridge.
  std::vector<std::string> bridge_list(const std::string& bridge) const;
  /// Sets it administratively up, and waits until it and its neighbours carry packets, if there is a carrier.
  void up(const std::string& interface);
  /// The kernel then forgets the routes over it and its IPv6 addresses.
  void down(const std::string& interface);
  /// What an interface is called in truth: 15 characters at most. Pure.
  std::string kernel_name(const std::string& interface) const;

  // ---- addresses and ways: ip-address(8), ip-route(8), nft(8)

  /// An IPv6 address can be used at once, without detection of duplicates.
  void addr_add(const InterfaceAddress& address, const std::string& interface);
  void addr_del(const InterfaceAddress& address, const std::string& interface);
  /// The default route of that family, by a neighbour.
  void route(const IpAddress& via);
  void route(const Subnet& destination, const IpAddress& via);
  /// Lets packets of both families through that come in by one of them. For IPv6 the kernel knows no such setting per
  /// interface (before Linux 6.17): there it holds for the whole namespace.
  void forward(const std::string& first, const std::string& second);
  /// What comes from these addresses and leaves by `interface` carries that one's address: masquerade.
  void nat(const Subnet& source, const std::string& interface);

  // ---- the fate of packets: tc(8), tc-netem(8), tc-tbf(8)

  /// For what the interface sends; for both ways, call it for both ends. Replaces what was set by this before; what
  /// somebody else set is refused (EEXIST). Throws std::system_error with ENOENT and the mend where the kernel has no
  /// netem.
  void tc(const std::string& interface, const TcOptions& options);
  /// As read back from the kernel. Nothing: it has never been up.
  std::optional<TcState> tc_show(const std::string& interface) const;

  // ---- processes

  /// ProcessMonitor::run_process in this namespace.
  RunInfo run(const Command& command, const RunOptions& options = {});
  /// ProcessMonitor::run_process_async in this namespace.
  ProcessHandle run_async(const Command& command, const RunOptions& options = {});
  NamespaceShell shell() const;
  ProcessMonitor& monitor() const;

  /// A control group with limits, for processes of this or any namespace; `pids` are moved there. See CGroup for what
  /// it throws. It lives until cleanup().
  CGroup& add_cgroup(const std::string& name, const CGroupLimits& limits, const std::vector<pid_t>& pids = {});
  std::vector<std::string> cgroup_list() const;

  /// Kills what was started here, undoes every change and deletes the namespaces; the object can be used again.
  /// Everything is tried; what could not be undone is then thrown as one Error.
  void cleanup();

 private:
  struct State;
  DummyNet(std::shared_ptr<State> state, std::shared_ptr<Netns> here);
  Netns& here() const;

  std::shared_ptr<State> state_;  // shared with those of netns_use()
  std::shared_ptr<Netns> here_;
  bool is_first_ = false;
};

}  // namespace dummynet::net
