// What can only be tried by a process on a node: the doctor starts this program there with a hidden option.
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "dummynet/cli/machine_check.hpp"
#include "dummynet/os/fd.hpp"

namespace dummynet::cli {
namespace {

int make_tun() {
  const os::Fd device{::open("/dev/net/tun", O_RDWR | O_CLOEXEC)};
  if (!device) return errno;
  ifreq request{};
  std::strcpy(request.ifr_name, "probe-tun");
  request.ifr_flags = IFF_TUN | IFF_NO_PI;
  return ::ioctl(device.get(), TUNSETIFF, &request) == 0 ? 0 : errno;
}

int open_ping_socket() {
  const os::Fd socket{::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP)};
  return socket ? 0 : errno;
}

int bind_low_port() {
  const os::Fd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(80);
  if (!socket) return errno;
  return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ? 0 : errno;
}

// The loopback and our own end are in it, and /sys shows those of this network namespace alone.
int look_at_own_sys() { return ::access("/sys/class/net/probe-own", F_OK) == 0 ? 0 : errno; }

}  // namespace

int probe_from_inside(const std::string& name) {
  if (name == "tun") return make_tun();
  if (name == "ping") return open_ping_socket();
  if (name == "low ports") return bind_low_port();
  if (name == "own /sys") return look_at_own_sys();
  return ENOSYS;
}

}  // namespace dummynet::cli
