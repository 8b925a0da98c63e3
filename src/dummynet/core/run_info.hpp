#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dummynet/core/command.hpp"

namespace dummynet {

using Clock = std::chrono::steady_clock;

/// How a process ended: waitid(2).
struct Exited {
  int code = 0;
  bool operator==(const Exited&) const = default;
};
struct Killed {
  int signal = 0;
  bool core_dumped = false;
  bool operator==(const Killed&) const = default;
};
/// It is gone, and nobody can say how, e.g. because its warden was killed.
struct Unknown {
  std::string reason;
  bool operator==(const Unknown&) const = default;
};
using Ending = std::variant<Exited, Killed, Unknown>;

/// "exited with 3", "killed by SIGSEGV (core dumped)", "ended in an unknown way: …".
std::string to_string(const Ending& ending);

/// One captured stream, immutable and cheap to copy. Beyond the capture limit the middle is dropped: what remains
/// is the first half of the limit and the last half, byte for byte.
class CapturedText {
 public:
  CapturedText() = default;
  CapturedText(std::shared_ptr<const std::string> kept, std::size_t head_bytes, std::uint64_t dropped_bytes)
      : kept_{std::move(kept)}, head_bytes_{head_bytes}, dropped_bytes_{dropped_bytes} {}

  /// Everything kept: head and tail joined. Complete when dropped_bytes() is 0.
  std::string_view text() const noexcept { return kept_ ? std::string_view{*kept_} : std::string_view{}; }
  std::string_view head() const noexcept { return text().substr(0, head_bytes_); }
  std::string_view tail() const noexcept { return text().substr(head_bytes_); }
  /// Bytes dropped between head() and tail().
  std::uint64_t dropped_bytes() const noexcept { return dropped_bytes_; }
  std::uint64_t total_bytes() const noexcept { return text().size() + dropped_bytes_; }
  bool empty() const noexcept { return total_bytes() == 0; }

  /// The last lines, at most `lines` of them and at most `bytes`: for messages.
  std::string last_lines(std::size_t lines, std::size_t bytes = 4096) const;

  bool operator==(const CapturedText& other) const noexcept {
    return text() == other.text() && dropped_bytes_ == other.dropped_bytes_;
  }

 private:
  std::shared_ptr<const std::string> kept_;  // shared, because a RunInfo is copied into errors and must stay cheap
  std::size_t head_bytes_ = 0;
  std::uint64_t dropped_bytes_ = 0;
};

/// Where a figure comes from; a figure without a source is not reported.
enum class Source {
  none,       ///< not known here
  cgroup_v2,  ///< cpu.stat, memory.current, memory.peak: the whole tree
  cgroup_v1,  ///< memory.max_usage_in_bytes: the whole tree
  rusage,     ///< wait4(2): the leader and the descendants it waited for; memory is that of the largest one
  sampled,    ///< /proc, summed over the tree at the moment of asking
};
std::string_view to_string(Source source);

/// What the whole process tree used. Final once the tree is gone.
struct Resources {
  std::chrono::microseconds cpu{0};       ///< user + system
  std::chrono::microseconds cpu_user{0};  ///< the kernel's split is only good above some 10 ms
  std::chrono::microseconds cpu_system{0};
  Source cpu_source = Source::none;
  std::uint64_t memory_now_bytes = 0;
  Source memory_now_source = Source::none;
  std::uint64_t memory_peak_bytes = 0;
  Source memory_peak_source = Source::none;
  std::uint64_t leader_max_rss_bytes = 0;  ///< ru_maxrss of the leader and what it waited for; 0 until it ended
  bool operator==(const Resources&) const = default;
};

/// A process that was left of a tree when its leader had ended, and was killed by us.
struct Leftover {
  pid_t pid = 0;        ///< as the warden sees it
  std::string command;  ///< its comm, up to 15 characters
  bool operator==(const Leftover&) const = default;
};

/// What holds a process tree together, so that nothing of it survives.
enum class Containment {
  none,  ///< not started
  /// Orphaned descendants come to the warden (prctl(2), PR_SET_CHILD_SUBREAPER), or to its guardian if it is killed.
  /// What stays out of reach of an ordinary user: set-uid programs that became another user for good, as sudo(8) does.
  subreaper,
  cgroup,         ///< the kernel knows the whole tree and kills it at once
  pid_namespace,  ///< the kernel kills everything with the warden
};
std::string_view to_string(Containment containment);

/// Patterns for output, in the words of fnmatch(3): `*` and `?` and `[…]`, each held against single lines.
struct Match {
  std::optional<std::string> out{};  ///< some line of standard output must match
  std::optional<std::string> err{};  ///< some line of standard error must match
};

/// What ran, how it ended, what it printed and what it cost: a snapshot, a plain value.
struct RunInfo {
  std::string name;  ///< RunOptions::name, or else the program's name
  Command command = std::string{};
  std::string cwd;  ///< absolute
  pid_t pid = 0;    ///< as this program sees it; of the leader
  bool async = false;
  bool daemon = false;
  bool sudo = false;

  std::optional<Ending> ending;  ///< nothing: it runs
  bool timed_out = false;        ///< we ended it because its timeout was over
  bool stopped = false;          ///< we ended it because we were asked to: never a failure

  CapturedText out;  ///< standard output (both streams with merge_output)
  CapturedText err;  ///< standard error

  Clock::time_point start{};  ///< when exec(2) had succeeded
  std::optional<Clock::time_point> ready;
  std::optional<Clock::time_point> end;

  Resources resources;
  Containment containment = Containment::none;
  std::vector<Leftover> leftovers;  ///< what of its tree outlived the leader and was killed after `drain`

  bool is_running() const noexcept { return !ending.has_value(); }
  /// Exited with 0, by itself.
  bool succeeded() const noexcept { return ending && *ending == Ending{Exited{0}} && !timed_out; }
  /// The exit code, if it exited.
  std::optional<int> exit_code() const noexcept;

  /// True when the output holds what is asked; lines are compared without their line end.
  bool matches(const Match& match) const;
  /// The same as a demand: throws MatchError, which shows pattern and output.
  void match(const Match& match) const;
};

}  // namespace dummynet
