// Listens (tcp) or is bound (udp), says so, and waits for ever:   listener tcp|udp|http ADDRESS PORT [COUNT]
// An address with a colon is IPv6, without serving IPv4. With COUNT, that many sockets, on any ports beyond the first.
// http: answers requests, 503 to the first and 204 to all others.
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

int serve(bool is_tcp, const char* address, int port) {
  sockaddr_storage where{};
  socklen_t size = 0;
  const bool is_v6 = std::strchr(address, ':') != nullptr;
  if (is_v6) {
    auto& v6 = reinterpret_cast<sockaddr_in6&>(where);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(static_cast<std::uint16_t>(port));
    size = sizeof v6;
    if (::inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) return -1;
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(where);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(static_cast<std::uint16_t>(port));
    size = sizeof v4;
    if (::inet_pton(AF_INET, address, &v4.sin_addr) != 1) return -1;
  }
  const int socket = ::socket(where.ss_family, is_tcp ? SOCK_STREAM : SOCK_DGRAM, 0);
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, is_tcp ? sizeof on : 0);
  if (is_v6) ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  if (::bind(socket, reinterpret_cast<sockaddr*>(&where), size) != 0) return -1;
  return !is_tcp || ::listen(socket, 16) == 0 ? socket : -1;
}

[[noreturn]] void answer(int listening) {
  for (bool first = true;; first = false) {
    const int connection = ::accept(listening, nullptr, nullptr);
    char request[4096];
    if (connection < 0 || ::read(connection, request, sizeof request) <= 0) continue;
    const char* const reply = first ? "HTTP/1.1 503 Not Yet\r\nConnection: close\r\n\r\n"
                                    : "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n";
    if (::write(connection, reply, std::strlen(reply)) < 0) std::perror("write");
    ::close(connection);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) return 2;
  const bool is_http = std::strcmp(argv[1], "http") == 0;
  const bool is_tcp = is_http || std::strcmp(argv[1], "tcp") == 0;
  const int count = argc > 4 ? std::atoi(argv[4]) : 1;
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  int socket = -1;
  for (int i = 0; i < count; ++i) {
    socket = serve(is_tcp, argv[2], i == 0 ? std::atoi(argv[3]) : 0);
    if (socket >= 0) continue;
    std::perror("listener");
    return 1;
  }
  std::puts("listening");
  std::fflush(stdout);
  if (is_http) answer(socket);
  for (;;) ::pause();
}
