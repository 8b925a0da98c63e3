// The warden: a small static program that owns every process of a run, so that nothing of it can outlive its owner.
// It is started by the library with one end of a socket pair, never by people. docs/architecture.md tells why.

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>
#include <vector>

#include "dummynet/os/message_socket.hpp"
#include "dummynet/os/proc_scan.hpp"
#include "dummynet/warden/guardian.hpp"
#include "dummynet/warden/namespaces.hpp"
#include "dummynet/warden/service.hpp"
#include "dummynet/wire/engine.hpp"

namespace dummynet::warden {
namespace {

constexpr int kSocketNumber = 3;

void tell_refusal(int socket, const Refusal& refusal) {
  Writer writer;
  write(writer.begin(Type::refused, 0), refusal);
  os::send_message(socket, writer.bytes());
}

// The owner is whoever made the socket pair. unix(7): SO_PEERCRED.
ucred owner_of(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) peer.pid = 0;
  return peer;
}

os::Fd watch_owner(const ucred& owner) {
  if (owner.pid <= 0) return {};
  return os::Fd{static_cast<int>(::syscall(SYS_pidfd_open, owner.pid, 0U))};
}

bool is_message_socket(int number) {
  int type = 0;
  socklen_t size = sizeof type;
  return ::getsockopt(number, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && type == SOCK_SEQPACKET;
}

// The socket is descriptor 3; sudo(8) closes that, so behind it the first argument names another. Where sudo logs what
// passes (sudoers(5): log_output) that one is a pipe to sudo, which keeps the socket under the same number, itself or
// in its parent if it uses a pseudo terminal.
os::Fd find_socket(int number, bool behind_sudo) {
  os::Fd given{::fcntl(number, F_DUPFD_CLOEXEC, 3)};
  pid_t above = ::getppid();
  for (int steps = 0; behind_sudo && !is_message_socket(given.get()) && steps < 2 && above > 1; ++steps) {
    const os::Fd process{static_cast<int>(::syscall(SYS_pidfd_open, above, 0U))};
    given = os::Fd{static_cast<int>(::syscall(SYS_pidfd_getfd, process.get(), number, 0U))};
    const auto stat = os::read_process(above);
    above = stat ? stat->parent : 0;
  }
  return given;
}

std::optional<Configure> receive_configuration(int socket) {
  char buffer[4096];
  const auto received = os::receive_message(socket, buffer);
  if (!received || received->bytes.empty()) return std::nullopt;
  const auto header = parse_header(received->bytes);
  if (!header || header->type != Type::configure) return std::nullopt;
  return parse<Configure>(header->body);
}

// What the owner's program forgot to mark close-on-exec must not live on in us.
void close_all_but(int kept) {
  const bool below = kept <= 3 || ::syscall(SYS_close_range, 3U, static_cast<unsigned>(kept) - 1, 0U) == 0;
  if (below && ::syscall(SYS_close_range, static_cast<unsigned>(kept) + 1, ~0U, 0U) == 0) return;
  std::vector<int> others;  // before Linux 5.9, or behind a filter
  if (DIR* directory = ::opendir("/proc/self/fd")) {
    while (const dirent* entry = ::readdir(directory)) {
      const int number = os::parse_number(entry->d_name).value_or(-1);
      if (number > 2 && number != kept && number != ::dirfd(directory)) others.push_back(number);
    }
    ::closedir(directory);
  }
  for (const int number : others) ::close(number);
}

// Two descriptors for each node and some of our own: take what the hard limit gives. Returns the limit before.
rlimit raise_open_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  const rlimit raised{limit.rlim_max, limit.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &raised);
  return limit;
}

int serve(os::Fd socket) {
  ::prctl(PR_SET_NAME, "dummynet-warden");
  const auto configuration = receive_configuration(socket.get());
  if (!configuration) return 1;
  if (configuration->version != kProtocolVersion) {
    tell_refusal(socket.get(), {0, EPROTO, "warden and library are of different versions", false});
    return 1;
  }
  Service::Setup setup;
  const ucred owner = owner_of(socket.get());
  setup.owner = watch_owner(owner);
  setup.run = configuration->run;
  setup.use_cgroups = configuration->use_cgroups;
  std::vector<std::string> notices;
  if (configuration->use_cgroups) setup.cgroups = CgroupPool::make(configuration->run, notices);
  // Behind sudo: the owner's other warden may kill us with all that is in its cgroup. Then it has to be able to remove
  // what we made in there; moving or limiting processes it does not get by this.
  if (setup.cgroups && owner.pid > 0 && owner.uid != ::geteuid()) {
    [[maybe_unused]] const int ignored = ::chown(setup.cgroups->path().c_str(), owner.uid, static_cast<gid_t>(-1));
  }
  Split split = split_from_guardian();
  if (split.warden) {
    socket.reset();  // the owner shall see the warden's end at once
    setup.owner.reset();
    guard(split.warden, setup.cgroups.get(), setup.use_cgroups ? setup.run : std::string{}, configuration->directory);
    return 0;
  }
  setup.guardian = split.guardian;
  setup.to_guardian = std::move(split.to_guardian);
  const Enclosure enclosure = configuration->sandbox   ? Enclosure::sandbox
                              : configuration->isolate ? Enclosure::isolate
                                                       : Enclosure::none;
  setup.maps_to_root = enclosure == Enclosure::sandbox && !has_cap_sys_admin();
  if (const auto refused = enter(enclosure, configuration->host_network); !refused.empty()) {
    if (setup.cgroups) setup.cgroups->destroy();
    tell_refusal(socket.get(), refused.front());
    return 1;
  }
  if (enclosure == Enclosure::none) ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  setup.own_pid_namespace = enclosure != Enclosure::none;
  setup.can_make_nodes = enclosure == Enclosure::sandbox;
  setup.socket = std::move(socket);
  setup.open_files = raise_open_file_limit();
  Service service{std::move(setup)};
  service.say_hello(std::move(notices));
  service.run();
  return 0;
}

}  // namespace
}  // namespace dummynet::warden

int main(int argc, char** argv) {
  // The same program by another name, so that it is found in the same way: started by the warden, for the owner.
  if (argc > 1 && std::strcmp(argv[1], "engine") == 0) return dummynet::wire::run_engine_program();
  const int number = argc > 1 ? static_cast<int>(std::strtol(argv[1], nullptr, 10)) : dummynet::warden::kSocketNumber;
  dummynet::os::Fd socket = dummynet::warden::find_socket(number, argc > 1);
  if (!socket) {
    static constexpr char kText[] =
        "dummynet-warden is started by the dummynet library, which gives it a socket; it does nothing by hand.\n";
    return ::write(2, kText, sizeof kText - 1) > 0 ? 2 : 3;
  }
  // From here on nothing of the caller's is held: no terminal, pipe or directory.
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  for (int standard = 0; standard < 3 && null >= 0; ++standard) ::dup2(null, standard);
  dummynet::warden::close_all_but(socket.get());
  ::setsid();
  try {
    return dummynet::warden::serve(std::move(socket));
  } catch (const std::exception&) {
    return 1;  // the owner sees the socket's end and says that its warden was lost
  }
}
