#pragma once

#include <sys/types.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "dummynet/core/process_handle.hpp"
#include "dummynet/core/ready.hpp"
#include "dummynet/core/run_info.hpp"

namespace dummynet {

/// Where a process runs: a node of a test network, or (the default) where the monitor itself lives.
/// Made by dummynet::net::Network, opaque here.
struct Place {
  int node = -1;  ///< -1: no node
  bool operator==(const Place&) const = default;
};

enum class Stream { out, err };

/// A piece of output as it was read. Valid during the callback only.
struct OutputChunk {
  Stream stream = Stream::out;
  std::string_view bytes;  ///< never ends inside a UTF-8 character, unless the stream does
  /// Chunks with the same number were found in one wake-up: their order between the two streams is not known.
  std::uint64_t wake_up = 0;
  Clock::time_point read_at{};
};

/// A line of output, without its line end. Valid during the callback only.
struct OutputLine {
  Stream stream = Stream::out;
  std::string_view text;
  bool complete = true;  ///< false: the stream ended without a line end, or the line is over 1 MiB and goes on
  std::uint64_t wake_up = 0;
  Clock::time_point read_at{};
};

/// What the process reads.
struct NoInput {
  bool operator==(const NoInput&) const = default;
};  ///< /dev/null
struct InputText {
  std::string text;
};  ///< this text, then end of file
struct InputFile {
  std::string path;
};                    ///< this file, opened for reading
struct InputPipe {};  ///< Process::write_input, Process::close_input
using Input = std::variant<NoInput, InputText, InputFile, InputPipe>;

/// Standard input, output and error of a process that are descriptors of the caller, who may close them once it runs.
/// Nothing of them is captured.
struct Descriptors {
  std::array<int, 3> numbers{0, 1, 2};
  bool terminal = false;  ///< the first one is a terminal, to be that of the process's session: job control, Ctrl-C
  bool operator==(const Descriptors&) const = default;
};

/// Bounds on one process tree. Where a machine cannot enforce one, `Process::notices()` says so; the run goes on.
struct Limits {
  std::optional<std::uint64_t> memory_bytes{};  ///< cgroup memory.max
  std::optional<double> cpus{};                 ///< cgroup cpu.max: 1.5 = one and a half CPUs; > 0
  std::optional<std::uint64_t> processes{};     ///< cgroup pids.max
  std::optional<std::uint64_t> open_files{};    ///< RLIMIT_NOFILE, soft and hard: getrlimit(2)
  std::optional<std::uint64_t> core_bytes{};    ///< RLIMIT_CORE
  bool operator==(const Limits&) const = default;
};

/// How to run a process. Every default is what one would want without having thought about it.
struct RunOptions {
  std::string name{};                                 ///< for messages; default: the program's name
  Place place{};                                      ///< default: here
  bool daemon = false;                                ///< must stay alive until stop()
  std::optional<std::chrono::nanoseconds> timeout{};  ///< > 0; default: none
  std::optional<Ready> ready{};                       ///< when it counts as serving; see ready.hpp
  std::vector<ProcessHandle> depends_on{};            ///< stop() ends this process before those
  std::string cwd{};                                  ///< default: the caller's
  std::map<std::string, std::string> env{};           ///< added to the caller's environment
  bool clear_env = false;                             ///< true: `env` is all there is
  bool sudo = false;                                  ///< as root, through sudo(8); not in a node
  /// Who it is. `root`: uid 0, with all rights in its node; in the sandbox of an ordinary user that is he himself, as
  /// seen from outside. `self`: the caller, with his own uid in such a sandbox too. For real root also any account, by
  /// name or number, with its groups, $HOME, $USER, $LOGNAME and $SHELL. In a node, ports below 1024 and ping are for
  /// all of them. Default: root in a sandbox, else the caller. What cannot be is a StartError (Step::argument).
  std::string user{};
  std::optional<Descriptors> descriptors{};  ///< instead of `input` and all that is said about output
  /// Neither client nor daemon: it holds up no run and fails none, and stop() ends it at once.
  bool bystander = false;
  /// A bystander that all others may need to the end: stop() asks it to end only when they are gone, or their time is.
  bool ends_last = false;
  Input input = NoInput{};
  bool merge_output = false;                       ///< both streams through one pipe: exact order, all in `out`
  std::uint64_t capture_limit_bytes = 64U << 20U;  ///< per stream; 0 keeps nothing
  std::string out_file{};                          ///< write standard output to this file instead of keeping it
  std::string err_file{};
  std::function<void(const OutputChunk&)> on_output{};
  std::function<void(const OutputLine&)> on_line{};
  std::function<void(const RunInfo&)> on_ready{};
  std::function<void(const RunInfo&)> on_end{};  ///< it ended and all its output has been delivered
  Limits limits{};
  /// A memory cgroup of its own where one can be had, so that RunInfo knows the peak of the whole tree. Costs some
  /// 0.2 ms per start; without it the peak is that of the largest single process.
  bool account_memory = false;
  int stop_signal = SIGTERM;                                 ///< what stop() and a timeout send first
  std::chrono::nanoseconds grace = std::chrono::seconds{1};  ///< after a timeout: from stop_signal to SIGKILL
  /// When the leader has ended, the rest of its tree is killed this long after its last byte of output.
  std::chrono::nanoseconds drain = std::chrono::milliseconds{200};
  bool leave_tree = false;  ///< let the rest of the tree live until stop()
  /// False: return as soon as the request is on its way; a failed start is then reported as a failure (StartError)
  /// by keep_running(). Lets many starts be in flight at once.
  bool await_start = true;
};

}  // namespace dummynet
