// Says READY=1 on $NOTIFY_SOCKET as sd_notify(3) does; with an argument it then waits for ever.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>

int main(int argc, char**) {
  const char* const name = std::getenv("NOTIFY_SOCKET");
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (name == nullptr || std::strlen(name) >= sizeof where.sun_path) return 2;
  std::strcpy(where.sun_path, name);
  if (name[0] == '@') where.sun_path[0] = '\0';  // abstract: unix(7)
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + std::strlen(name));
  const int socket = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (::sendto(socket, "STATUS=up\nREADY=1", 17, 0, reinterpret_cast<sockaddr*>(&where), size) != 17) return 1;
  while (argc > 1) ::pause();
  return 0;
}
