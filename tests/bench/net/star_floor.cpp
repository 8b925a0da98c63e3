// The same star with nothing but the requests it takes, sent to the kernel in as few calls as possible: what it costs
// at least, by one thread. Like for like: as many network namespaces, veth pairs, addresses and a bridge, no IPv6 where
// nobody uses it, and done when every carrier is there. No process and no mount namespace. Prints: set-up in ms, until
// it is gone in ms, kernel memory per host in KiB.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bench/net/memory.hpp"
#include "bench/process/measure.hpp"

namespace {

[[noreturn]] void fail(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// Requests one behind the other; only the last asks for an answer, refusals come by themselves.
class Batch {
 public:
  void begin(std::uint16_t type, const void* header, std::size_t size) {
    start_ = used_;
    put(nullptr, NLMSG_HDRLEN);
    put(header, size);
    message()->nlmsg_type = type;
    message()->nlmsg_flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
  }
  std::size_t attribute(unsigned short type, const void* data, std::size_t size) {
    const std::size_t at = used_;
    const rtattr header{static_cast<unsigned short>(RTA_LENGTH(size)), type};
    put(&header, sizeof header);
    put(data, size);
    return at;
  }
  void end_nest(std::size_t at) {
    reinterpret_cast<rtattr*>(bytes_ + at)->rta_len = static_cast<unsigned short>(used_ - at);
  }
  void end() { message()->nlmsg_len = static_cast<__u32>(used_ - start_); }
  bool is_long() const { return used_ > sizeof bytes_ / 2; }
  void send(int socket) {
    if (used_ == 0) return;
    message()->nlmsg_flags |= NLM_F_ACK;
    if (::send(socket, bytes_, used_, 0) < 0) fail("send");
    alignas(nlmsghdr) char answer[8192];
    if (::recv(socket, answer, sizeof answer, 0) < static_cast<ssize_t>(NLMSG_LENGTH(sizeof(nlmsgerr)))) fail("recv");
    errno = -static_cast<nlmsgerr*>(NLMSG_DATA(reinterpret_cast<nlmsghdr*>(answer)))->error;
    if (errno != 0) fail("rtnetlink");
    used_ = 0;
  }

 private:
  nlmsghdr* message() { return reinterpret_cast<nlmsghdr*>(bytes_ + start_); }
  void put(const void* data, std::size_t size) {
    if (used_ + NLMSG_ALIGN(size) > sizeof bytes_) fail("a batch that is too long");
    std::memset(bytes_ + used_, 0, NLMSG_ALIGN(size));
    if (data != nullptr) std::memcpy(bytes_ + used_, data, size);
    used_ += NLMSG_ALIGN(size);
  }
  alignas(nlmsghdr) char bytes_[32768];
  std::size_t used_ = 0;
  std::size_t start_ = 0;
};

ifinfomsg link_header(int index, bool up) {
  ifinfomsg header{};
  header.ifi_index = index;
  if (up) header.ifi_flags = header.ifi_change = IFF_UP;
  return header;
}

void put_up(Batch& batch, int index) {
  const ifinfomsg header = link_header(index, true);
  batch.begin(RTM_SETLINK, &header, sizeof header);
  batch.end();
}

/// No link-local address, as ours do without one.
void put_silence(Batch& batch, int index) {
  const ifinfomsg header = link_header(index, false);
  const unsigned char none = IN6_ADDR_GEN_MODE_NONE;
  batch.begin(RTM_SETLINK, &header, sizeof header);
  const std::size_t families = batch.attribute(IFLA_AF_SPEC, nullptr, 0);
  const std::size_t family = batch.attribute(AF_INET6, nullptr, 0);
  batch.attribute(IFLA_INET6_ADDR_GEN_MODE, &none, sizeof none);
  batch.end_nest(family);
  batch.end_nest(families);
  batch.end();
}

/// For the interfaces to be made in the network namespace we are in. False where the kernel has no IPv6.
bool disable_ipv6() {
  const int file = ::open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
  const bool written = file >= 0 && ::write(file, "1\n", 2) == 2;
  ::close(file);
  return written;
}

void await_carriers(const std::vector<std::string>& ports) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  for (const std::string& port : ports) {
    ifreq request{};
    std::strncpy(request.ifr_name, port.c_str(), sizeof request.ifr_name - 1);
    while (::ioctl(socket, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) == 0) ::usleep(100);
  }
  ::close(socket);
}

void put_address(Batch& batch, int index, std::uint32_t address) {
  ifaddrmsg header{};
  header.ifa_family = AF_INET;
  header.ifa_prefixlen = 16;
  header.ifa_index = static_cast<unsigned>(index);
  const std::uint32_t on_wire = htonl(address);
  batch.begin(RTM_NEWADDR, &header, sizeof header);
  batch.attribute(IFA_LOCAL, &on_wire, sizeof on_wire);
  batch.attribute(IFA_ADDRESS, &on_wire, sizeof on_wire);
  batch.end();
}

void put_bridge(Batch& batch, int index) {
  const ifinfomsg header = link_header(index, true);
  batch.begin(RTM_NEWLINK, &header, sizeof header);
  batch.attribute(IFLA_IFNAME, "br0", 4);
  const std::size_t info = batch.attribute(IFLA_LINKINFO, nullptr, 0);
  batch.attribute(IFLA_INFO_KIND, "bridge", 7);
  batch.end_nest(info);
  batch.end();
}

void put_port(Batch& batch, int index, int bridge, int peer_netns, int peer_index) {
  const ifinfomsg header = link_header(index, true);
  const ifinfomsg peer_header = link_header(peer_index, false);
  const std::string name = "h" + std::to_string(index);
  batch.begin(RTM_NEWLINK, &header, sizeof header);
  batch.attribute(IFLA_IFNAME, name.c_str(), name.size() + 1);
  batch.attribute(IFLA_MASTER, &bridge, sizeof bridge);
  const std::size_t info = batch.attribute(IFLA_LINKINFO, nullptr, 0);
  batch.attribute(IFLA_INFO_KIND, "veth", 5);
  const std::size_t data = batch.attribute(IFLA_INFO_DATA, nullptr, 0);
  const std::size_t peer = batch.attribute(VETH_INFO_PEER, &peer_header, sizeof peer_header);
  batch.attribute(IFLA_IFNAME, "eth0", 5);
  batch.attribute(IFLA_NET_NS_FD, &peer_netns, sizeof peer_netns);
  batch.end_nest(peer);
  batch.end_nest(data);
  batch.end_nest(info);
  batch.end();
}

int open_netns() { return ::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC); }
int open_netlink() { return ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE); }

}  // namespace

int main(int count, char** arguments) {
  const int hosts = count > 1 ? std::atoi(arguments[1]) : 50;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  if (::unshare(CLONE_NEWNET | (::geteuid() == 0 ? 0 : CLONE_NEWUSER)) != 0) fail("unshare");
  const double before = bench::settled_kernel_kib();
  const auto start = bench::Clock::now();
  const int hub = open_netlink();
  const int hub_netns = open_netns();
  struct Host {
    int netns;
    int netlink;
  };
  std::vector<Host> all;
  for (int i = 0; i < hosts; ++i) {
    if (::unshare(CLONE_NEWNET) != 0) fail("unshare");
    all.push_back({open_netns(), open_netlink()});
  }
  ::setns(hub_netns, CLONE_NEWNET);
  const bool has_ipv6 = disable_ipv6();
  constexpr int kBridge = 50;
  constexpr int kFirstPort = 100;
  Batch batch;
  put_up(batch, 1);
  put_bridge(batch, kBridge);
  for (int i = 0; i < hosts; ++i) {
    put_port(batch, kFirstPort + 2 * i, kBridge, all[static_cast<std::size_t>(i)].netns, kFirstPort + 2 * i + 1);
    if (batch.is_long()) batch.send(hub);
  }
  batch.send(hub);
  for (int i = 0; i < hosts; ++i) {
    put_up(batch, 1);
    if (has_ipv6) put_silence(batch, kFirstPort + 2 * i + 1);
    put_up(batch, kFirstPort + 2 * i + 1);
    put_address(batch, kFirstPort + 2 * i + 1, 0x0a000001U + static_cast<std::uint32_t>(i));
    batch.send(all[static_cast<std::size_t>(i)].netlink);
  }
  std::vector<std::string> ports;
  for (int i = 0; i < hosts; ++i) ports.push_back("h" + std::to_string(kFirstPort + 2 * i));
  await_carriers(ports);
  const double set_up = bench::seconds_since(start);
  const double memory = bench::kernel_kib() - before;

  const auto stop = bench::Clock::now();
  for (const Host& host : all) {
    ::close(host.netlink);
    ::close(host.netns);
  }
  for (const int i : {0, hosts / 2, hosts - 1}) {
    while (::if_nametoindex(("h" + std::to_string(kFirstPort + 2 * i)).c_str()) != 0) ::usleep(200);
  }
  std::printf("%.3f %.3f %.1f\n", set_up * 1e3, bench::seconds_since(stop) * 1e3, memory / hosts);
}
