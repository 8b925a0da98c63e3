#include "dummynet/cli/kernel_probe.hpp"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <linux/sched.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <span>

#include "dummynet/net/nat.hpp"
#include "dummynet/net/netlink.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::cli {
namespace {

using net::NetlinkRequest;
using net::NetlinkSocket;

constexpr int kBase = 4242;  // the link that others are put on
constexpr std::uint16_t kCreate = NLM_F_CREATE | NLM_F_EXCL;

template <typename Value>
std::span<const std::uint8_t> bytes_of(const Value& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

NetlinkRequest new_link(const std::string& kind) {
  NetlinkRequest request{RTM_NEWLINK, kCreate, kind};
  auto& header = request.header<ifinfomsg>();
  if (kind == "veth") header.ifi_index = kBase;
  request.put(IFLA_IFNAME, kind == "veth" ? "base" : "probe-" + kind);
  if (kind == "vlan" || kind == "macvlan") request.put_u32(IFLA_LINK, kBase);
  const auto info = request.nest(IFLA_LINKINFO);
  request.put(IFLA_INFO_KIND, kind);
  const auto data = request.nest(IFLA_INFO_DATA);
  if (kind == "vlan") request.put_u16(IFLA_VLAN_ID, 7);
  if (kind == "vxlan") request.put_u32(IFLA_VXLAN_ID, 7);
  if (kind == "macvlan") request.put_u32(IFLA_MACVLAN_MODE, MACVLAN_MODE_BRIDGE);
  return request;
}

NetlinkRequest new_qdisc(const std::string& kind) {
  NetlinkRequest request{RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, kind};
  auto& header = request.header<tcmsg>();
  header.tcm_ifindex = kBase;
  header.tcm_parent = TC_H_ROOT;
  request.put(TCA_KIND, kind);
  if (kind == "netem") {
    tc_netem_qopt options{};
    options.limit = 1000;
    request.put_bytes(TCA_OPTIONS, bytes_of(options));
    return request;
  }
  tc_tbf_qopt options{};
  options.rate.rate = 1'000'000;
  options.rate.linklayer = TC_LINKLAYER_ETHERNET;
  options.limit = 100'000;
  options.buffer = 1U << 20U;
  const auto nest = request.nest(TCA_OPTIONS);
  request.put_bytes(TCA_TBF_PARMS, bytes_of(options));
  return request;
}

void run(NetlinkSocket& socket, NetlinkRequest request) { socket.run(std::span{&request, 1}); }

// Once per node.
void make_base(NetlinkSocket& socket) {
  try {
    run(socket, new_link("veth"));
  } catch (const std::system_error& error) {
    if (error.code().value() != EEXIST) throw;
  }
}

// What the link engine can have for frames that it has not read yet.
std::string describe_room(const os::Fd& socket) {
  constexpr int kWanted = 32 << 20;
  const bool forced = ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kWanted, sizeof kWanted) == 0;
  if (!forced) ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &kWanted, sizeof kWanted);
  int bytes = 0;
  socklen_t size = sizeof bytes;
  os::check(::getsockopt(socket.get(), SOL_SOCKET, SO_RCVBUF, &bytes, &size), "getsockopt", "SO_RCVBUF");
  return fmt::format("each with room for {} KiB{}", bytes / 1024, forced ? "" : ": net.core.rmem_max");
}

}  // namespace

std::string probe_in_node(Warden& warden, int node, const std::string& name) {
  if (name == "packet sockets") return describe_room(warden.open_socket(node, AF_PACKET, SOCK_RAW, htons(ETH_P_ALL)));
  NetlinkSocket links{warden.open_socket(node, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE)};
  make_base(links);
  if (name == "nftables") {
    NetlinkSocket filters{warden.open_socket(node, AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER)};
    std::vector<NetlinkRequest> requests = net::nat_requests(kBase, {}, "nftables");
    filters.run_transaction(requests);
    return {};
  }
  run(links, name == "netem" || name == "tbf" ? new_qdisc(name) : new_link(name));
  return {};
}

int probe_here(const std::string& name) {
  if (name == "pidfd") {
    const os::Fd opened{static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0U))};
    return opened ? 0 : errno;
  }
  if (name == "memfd") {
    const os::Fd opened{::memfd_create("dummynet-doctor", MFD_CLOEXEC)};
    return opened ? 0 : errno;
  }
  if (name != "clone3") return ENOSYS;
  clone_args arguments{};
  arguments.exit_signal = SIGCHLD;
  const long child = ::syscall(SYS_clone3, &arguments, sizeof arguments);
  if (child == 0) ::_exit(0);
  if (child < 0) return errno;
  ::waitpid(static_cast<pid_t>(child), nullptr, 0);
  return 0;
}

}  // namespace dummynet::cli
