#include "dummynet/core/socket_owner.hpp"

#include "dummynet/os/proc_scan.hpp"

namespace dummynet {

std::optional<SocketOwner> find_socket_owner(std::uint64_t inode, std::span<const pid_t> candidates) {
  for (const pid_t pid : candidates) {
    if (!os::holds_socket(pid, inode)) continue;
    const std::optional<os::ProcessStat> process = os::read_process(pid);
    return SocketOwner{pid, process ? process->command : std::string{}};
  }
  for (const os::ProcessStat& process : os::read_processes()) {
    if (os::holds_socket(process.pid, inode)) return SocketOwner{process.pid, process.command};
  }
  return std::nullopt;
}

}  // namespace dummynet
