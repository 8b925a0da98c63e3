#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace dummynet::os {

/// The decimal number that is all of this text, as in the names of folders in /proc; nothing for other names.
std::optional<int> parse_number(const char* text);

/// One process as /proc/PID/stat tells: proc(5).
struct ProcessStat {
  pid_t pid = 0;
  pid_t parent = 0;
  pid_t session = 0;
  char state = 0;                 ///< 'Z': a zombie
  std::uint64_t start_ticks = 0;  ///< after boot: together with the pid it names one process only
  std::string command;
  std::uint64_t cpu_us = 0;  ///< user + system, its waited-for children not counted
  std::uint64_t resident_bytes = 0;
};
std::optional<ProcessStat> read_process(pid_t pid);
/// All processes that /proc shows, zombies too.
std::vector<ProcessStat> read_processes();

/// Our own children, adopted ones too, by /proc/thread-self/children; nothing where the kernel has no such file.
std::optional<std::vector<pid_t>> read_children();

/// Whether the environment the process was started with holds exactly this "NAME=value", or with `prefix` something
/// that begins so. False when we may not look.
bool has_in_environment(pid_t pid, const std::string& assignment, bool prefix = false);
/// All of it, each "NAME=value" after a NUL; only a NUL when we may not look.
std::string read_environment(pid_t pid);

/// Whether one of its descriptors is this socket: the inode number that sock_diag(7) tells.
bool holds_socket(pid_t pid, std::uint64_t inode);

}  // namespace dummynet::os
