// Listens (tcp) or is bound (udp), says so, and waits for ever:   listener tcp|udp ADDRESS PORT [COUNT]
// An address with a colon is IPv6, without serving IPv4. With COUNT, that many sockets, on any ports beyond the first.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

bool serve(bool is_tcp, const char* address, int port) {
  sockaddr_storage where{};
  socklen_t size = 0;
  const bool is_v6 = std::strchr(address, ':') != nullptr;
  if (is_v6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(where);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    size = sizeof v6;
    if (::inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) return false;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(where);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    size = sizeof v4;
    if (::inet_pton(AF_INET, address, &v4.sin_addr) != 1) return false;
  }
  const int socket = ::socket(where.ss_family, is_tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, is_tcp ? sizeof on : 0);
  if (is_v6) ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(socket, reinterpret_cast<sockaddr*>(&where), size) != 0) return false;
  return !is_tcp || ::listen(socket, 16) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const bool is_tcp = std::strcmp(argv[1], "tcp") == 0;
  const int count = argc > 4 ? std::atoi(argv[4]) : 1;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  for (int i = 0; i < count; ++i) {
    if (serve(is_tcp, argv[2], i == 0 ? std::atoi(argv[3]) : 0)) continue;
    std::perror("listener");
    return 1;
  }
  std::puts("listening");
  std::fflush(stdout);
  for (;;) ::pause();
}
