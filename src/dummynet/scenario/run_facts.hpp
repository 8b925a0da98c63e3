#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dummynet::scenario {

/// What a run tells about itself while it lasts: facts.json in its directory.
struct RunFacts {
  std::string run{};                ///< its name, which no other run has
  pid_t pid = 0;                    ///< of the owner, in its own PID namespace
  std::uint64_t start_ticks = 0;    ///< of the owner: proc(5), field 22 of stat
  std::uint64_t pid_namespace = 0;  ///< which one that is: its inode
  std::string boot{};               ///< the kernel's name of this boot
  std::string scenario{};
  std::string file{};  ///< absolute, or "<stdin>"
  std::vector<std::string> nodes{};
  std::int64_t started_at = 0;  ///< seconds since 1970
  bool operator==(const RunFacts&) const = default;
};

/// With this program as the owner, now.
RunFacts facts_of_this_process();

std::string to_json(const RunFacts& facts);
/// Nothing when it is not what to_json() writes: somebody else's file.
std::optional<RunFacts> parse_facts(std::string_view json);

/// "2026-11-23T07:01:41Z"
std::string utc_time(std::int64_t seconds);

/// Whether the process that made the run still lives. `unknown`: its PID namespace is not ours, so its number means
/// nothing here.
enum class OwnerState { alive, dead, unknown };
OwnerState owner_state(const RunFacts& facts);

}  // namespace dummynet::scenario
