#include "dummynet/scenario/report_json.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dummynet/scenario/judge.hpp"
#include "dummynet/scenario/link_report.hpp"

namespace dummynet::scenario {
namespace {

using Json = nlohmann::ordered_json;

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json cause_as_json(const Cause& cause) {
  Json json;
  json["kind"] = to_string(cause.kind);
  json["text"] = cause.text;
  json["at_s"] = seconds(cause.at);
  json["process"] = cause.process.empty() ? Json{} : Json(cause.process);
  json["node"] = cause.node.empty() ? Json{} : Json(cause.node);
  json["last_lines"] = cause.last_lines;
  json["consequences"] = cause.consequences;
  return json;
}

Json ending_as_json(const RunInfo& info) {
  Json json;
  json["text"] = describe_ending(info);
  const auto* exited = info.ending ? std::get_if<Exited>(&*info.ending) : nullptr;
  const auto* killed = info.ending ? std::get_if<Killed>(&*info.ending) : nullptr;
  json["exit_code"] = exited ? Json(exited->code) : Json{};
  json["signal"] = killed ? Json(killed->signal) : Json{};
  json["core_dumped"] = killed && killed->core_dumped;
  json["stopped"] = info.stopped;
  json["timed_out"] = info.timed_out;
  return json;
}

Json resources_as_json(const Resources& used) {
  Json json;
  const bool cpu = used.cpu_source != Source::none;
  const bool memory = used.memory_peak_source != Source::none;
  json["cpu_s"] = cpu ? Json(seconds(used.cpu)) : Json{};
  json["cpu_source"] = to_string(used.cpu_source);
  json["memory_peak_bytes"] = memory ? Json(used.memory_peak_bytes) : Json{};
  json["memory_peak_source"] = to_string(used.memory_peak_source);
  return json;
}

Json process_as_json(const ProcessResult& process, Clock::time_point run_start) {
  Json json;
  json["name"] = process.name;
  json["node"] = process.node;
  json["daemon"] = process.daemon;
  json["started"] = process.info.has_value();
  json["notices"] = process.notices;
  if (!process.info) return json;
  const RunInfo& info = *process.info;
  json["command"] = info.command.text();
  json["start_s"] = seconds(info.start - run_start);
  json["ready_s"] = info.ready ? Json(seconds(*info.ready - run_start)) : Json{};
  json["end_s"] = info.end ? Json(seconds(*info.end - run_start)) : Json{};
  json["ending"] = ending_as_json(info);
  json["resources"] = resources_as_json(info.resources);
  json["stdout_bytes"] = info.out.total_bytes();
  json["stderr_bytes"] = info.err.total_bytes();
  json["leftovers"] = Json::array();
  for (const Leftover& leftover : info.leftovers) json["leftovers"].push_back(leftover.command);
  json["containment"] = to_string(info.containment);
  return json;
}

}  // namespace

void JsonReport::run_ended(const RunResult& result) {
  Json json;
  json["name"] = result.name;
  json["run"] = result.run;
  json["seed"] = result.seed;
  json["verdict"] = to_string(result.verdict);
  json["cause"] = cause_as_json(result.cause);
  json["duration_s"] = seconds(result.duration);
  json["signal"] = result.signal == 0 ? Json{} : Json(result.signal);
  json["processes"] = Json::array();
  for (const ProcessResult& process : result.processes) {
    json["processes"].push_back(process_as_json(process, result.start));
  }
  json["metrics"] = Json::object();
  for (const MetricValue& metric : result.metrics) {
    json["metrics"][metric.process + "." + metric.name] = {{"value", metric.value}, {"unit", metric.unit}};
  }
  json["links"] = Json::array();
  for (const LinkResult& link : result.links) json["links"].push_back(link_as_json(link));
  json["events"] = Json::array();
  for (const EventResult& event : result.events) {
    json["events"].push_back({{"at_s", seconds(event.at)},
                              {"done_s", event.done ? Json(seconds(*event.done)) : Json{}},
                              {"text", event.text}});
  }
  json["notes"] = notes_;
  out_ << dump(json) << '\n' << std::flush;
}

std::string complaints_as_json(const Complaints& complaints, std::string_view file) {
  Json json;
  json["verdict"] = to_string(Verdict::error);
  json["cause"] = {{"kind", "file"}, {"text", complaints.empty() ? "" : to_string(complaints.front(), file)}};
  json["complaints"] = Json::array();
  for (const Complaint& complaint : complaints) {
    json["complaints"].push_back({{"file", file},
                                  {"line", complaint.position.line},
                                  {"column", complaint.position.column},
                                  {"message", complaint.message}});
  }
  return dump(json) + '\n';
}

}  // namespace dummynet::scenario
