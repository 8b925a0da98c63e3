#include "dummynet/scenario/result.hpp"

namespace dummynet::scenario {

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::passed:
      return "passed";
    case Verdict::failed:
      return "failed";
    case Verdict::error:
      return "error";
    case Verdict::inconclusive:
      return "inconclusive";
    case Verdict::interrupted:
      return "interrupted";
  }
  return "";
}

std::string_view to_string(Cause::Kind kind) {
  switch (kind) {
    case Cause::Kind::completed:
      return "completed";
    case Cause::Kind::daemon_ended:
      return "daemon_ended";
    case Cause::Kind::unexpected_ending:
      return "unexpected_ending";
    case Cause::Kind::unexpected_output:
      return "unexpected_output";
    case Cause::Kind::process_timeout:
      return "process_timeout";
    case Cause::Kind::never_ready:
      return "never_ready";
    case Cause::Kind::start_failed:
      return "start_failed";
    case Cause::Kind::run_timeout:
      return "run_timeout";
    case Cause::Kind::metric_missing:
      return "metric_missing";
    case Cause::Kind::ending_unknown:
      return "ending_unknown";
    case Cause::Kind::interrupted:
      return "interrupted";
    case Cause::Kind::machine:
      return "machine";
    case Cause::Kind::event_failed:
      return "event_failed";
    case Cause::Kind::engine_ended:
      return "engine_ended";
    case Cause::Kind::unfaithful:
      return "unfaithful";
  }
  return "";
}

Verdict verdict_of(Cause::Kind kind) {
  switch (kind) {
    case Cause::Kind::completed:
      return Verdict::passed;
    case Cause::Kind::ending_unknown:
    case Cause::Kind::unfaithful:
      return Verdict::inconclusive;
    case Cause::Kind::interrupted:
      return Verdict::interrupted;
    case Cause::Kind::machine:
    case Cause::Kind::engine_ended:
      return Verdict::error;
    default:
      return Verdict::failed;
  }
}

}  // namespace dummynet::scenario
