#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/core/run_info.hpp"
#include "dummynet/scenario/fate_spec.hpp"
#include "dummynet/wire/counters.hpp"

namespace dummynet::scenario {

enum class Verdict {
  passed,        ///< everything held
  failed,        ///< something that was asked for did not hold
  error,         ///< the run could not take place here
  inconclusive,  ///< it took place, but nobody can say whether it held
  interrupted,   ///< somebody ended it before its time
};
std::string_view to_string(Verdict verdict);

/// Why the verdict is what it is: what happened first, and what followed from it.
struct Cause {
  enum class Kind {
    completed,          ///< nothing went wrong
    daemon_ended,       ///< a daemon ended by itself
    unexpected_ending,  ///< another exit code or signal than expected
    unexpected_output,  ///< no line as expected
    process_timeout,    ///< longer than its `timeout`
    never_ready,        ///< not ready in time, or ended before it was
    start_failed,       ///< the program could not be started
    run_timeout,        ///< the whole run took too long
    metric_missing,     ///< no such number in the output
    ending_unknown,     ///< it is gone, and nobody can say how
    interrupted,        ///< a signal to us
    machine,            ///< this machine refused the network or the sandbox
    event_failed,       ///< an event could not be carried out
    engine_ended,       ///< who decided packets' fate is gone
    unfaithful,         ///< packets did not meet the fate that was asked for
  };

  Kind kind = Kind::completed;
  std::string process{};  ///< what it happened to; empty: the run as a whole
  std::string node{};
  std::chrono::nanoseconds at{0};           ///< since the run's start
  std::string text{};                       ///< one sentence without a full stop
  std::string last_lines{};                 ///< of its output: standard error, or else standard output
  std::vector<std::string> consequences{};  ///< "client was stopped after 1.2s", "late was never started"
};
std::string_view to_string(Cause::Kind kind);

/// passed, or what a run with such a cause is.
Verdict verdict_of(Cause::Kind kind);

struct MetricValue {
  std::string process{};
  std::string name{};
  double value = 0;
  std::string unit{};
};

struct ProcessResult {
  std::string name{};
  std::string node{};
  bool daemon = false;
  std::optional<RunInfo> info{};  ///< absent: it was never started
  std::vector<std::string> notices{};
};

/// What one direction of a link did.
struct DirectionResult {
  std::string from{};         ///< "client:eth0"
  std::string to{};           ///< "server:eth0"
  std::string fate{};         ///< at the start, in short: "20ms 10mbit"
  std::string queue_limit{};  ///< "60p", "-" without a queue
  std::uint64_t dropped_packets = 0;
  wire::DirectionCounters counters{};  ///< of the kernel only what has departed
};
struct LinkResult {
  std::string name{};                           ///< "client–server"
  Emulation emulation = Emulation::engine;      ///< who it was: never `automatic`
  std::array<DirectionResult, 2> directions{};  ///< by wire::Direction
};

struct EventResult {
  std::chrono::nanoseconds at{0};                  ///< when it was to happen, since time zero of events
  std::optional<std::chrono::nanoseconds> done{};  ///< when it did, since the run's start; absent: the run was over
  std::string text{};
};

struct RunResult {
  std::string name{};
  std::string run{};  ///< unique: $DUMMYNET_RUN
  std::uint64_t seed = 1;
  Verdict verdict = Verdict::passed;
  Cause cause{};
  int signal = 0;  ///< of `interrupted`
  Clock::time_point start{};
  std::chrono::nanoseconds duration{0};
  std::vector<ProcessResult> processes{};  ///< in the order of their start
  std::vector<MetricValue> metrics{};
  std::vector<LinkResult> links{};    ///< those whose packets' fate was decided by somebody
  std::vector<EventResult> events{};  ///< in the order of time
};

}  // namespace dummynet::scenario
