#include "dummynet/scenario/process_parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace dummynet::scenario {
namespace {

/// `5201`, `tcp/5201`, `udp/5201`.
std::optional<Ready> parse_listen(Reader& reader, const Element& element) {
  std::string_view text = element.text;
  auto protocol = ReadyListen::Protocol::tcp;
  if (text.starts_with("udp/")) protocol = ReadyListen::Protocol::udp;
  if (text.starts_with("udp/") || text.starts_with("tcp/")) text.remove_prefix(4);
  std::uint16_t port = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (!element.is_text() || text.empty() || error != std::errc{} || rest != text.data() + text.size() || port == 0) {
    reader.complain(element.position,
                    "`listen` must be a port from 1 to 65535: `5201` (tcp), `tcp/5201` or `udp/5201`");
    return std::nullopt;
  }
  return Ready::listen(port, protocol);
}

std::optional<Ready> parse_ready_condition(Reader& reader, const Member& member) {
  const Element& value = member.value;
  if (member.key == "listen") return parse_listen(reader, value);
  if (member.key == "exec") {
    std::optional<Command> command = reader.command(value, "`exec`");
    return command ? std::optional{Ready::exec(std::move(*command))} : std::nullopt;
  }
  if (member.key == "notify") {
    const std::optional<bool> wanted = reader.boolean(value, "`notify`");
    if (wanted == false) reader.complain(value.position, "`notify` can only be `true`; leave it out instead");
    return wanted == true ? std::optional{Ready::notify()} : std::nullopt;
  }
  std::optional<std::string> text = reader.text(value, fmt::format("`{}`", member.key));
  if (text && text->empty()) {
    reader.complain(value.position, fmt::format("`{}` is empty", member.key));
    text.reset();
  }
  if (!text) return std::nullopt;
  if (member.key == "log") return Ready::log(std::move(*text));
  if (member.key == "file") return Ready::file(std::move(*text));
  return Ready::http(std::move(*text));
}

/// Always something: a condition that could not be understood must not lead to the complaint that there is none.
Located<Ready> parse_ready(Reader& reader, const Element& element) {
  Located<Ready> ready{Ready::notify(), element.position};
  if (!reader.map(element, kReadyKeys)) return ready;
  const Member* first = nullptr;
  for (const Member& member : element.members) {
    if (member.key == "timeout" || std::ranges::find(keys::kReady, member.key) == keys::kReady.end()) continue;
    if (first) {
      reader.complain(member.key_position,
                      fmt::format("`ready` has one condition: `{}` or `{}`", first->key, member.key));
      continue;
    }
    first = &member;
    if (std::optional<Ready> condition = parse_ready_condition(reader, member)) {
      ready = {std::move(*condition), member.value.position};
    }
  }
  if (!first) reader.complain(element.position, "`ready` has no condition; write e.g. `{listen: 5201}`");
  if (const Element* timeout = find(element, "timeout")) {
    const std::optional<std::chrono::nanoseconds> limit = reader.timeout(*timeout, "`timeout`");
    if (limit) ready.value.timeout = *limit;
  }
  return ready;
}

std::optional<Condition> parse_condition(Reader& reader, const Element& element) {
  if (element.is_text()) {
    const auto found = std::ranges::find(keys::kConditions, element.text);
    if (found != keys::kConditions.end()) return static_cast<Condition>(found - keys::kConditions.begin());
    reader.complain_about_word(
        element.position,
        fmt::format("unknown condition {}; there are `started`, `ready`, `completed` and `succeeded`",
                    backticked(element.text)),
        element.text, keys::kConditions);
  } else {
    reader.complain(
        element.position,
        "a condition must be `started`, `ready`, `completed` or `succeeded`, e.g. `depends_on: {server: ready}`");
  }
  return std::nullopt;
}

/// A map of conditions, or a list of names, which then need only have been started.
std::vector<DependencySpec> parse_depends_on(Reader& reader, const Element& element) {
  std::vector<DependencySpec> dependencies;
  if (element.is_list()) {
    for (const Element& item : element.items) {
      if (std::optional<std::string> name = reader.text(item, "a dependency")) {
        dependencies.push_back({std::move(*name), Condition::started, item.position});
      }
    }
  } else if (element.is_map()) {
    for (const Member& member : element.members) {
      if (const std::optional<Condition> condition = parse_condition(reader, member.value)) {
        dependencies.push_back({member.key, *condition, member.key_position});
      }
    }
  } else {
    reader.complain(element.position, "`depends_on` must be a map, e.g. `{server: ready}`, or a list of names");
  }
  return dependencies;
}

ExpectSpec parse_expect(Reader& reader, const Element& element) {
  ExpectSpec expect;
  if (!reader.map(element, kExpectKeys)) return expect;
  if (const Element* code = find(element, "exit_code")) {
    if (const auto value = reader.integer(*code, "`exit_code`", 0, 255)) {
      expect.exit_code = {static_cast<int>(*value), code->position};
    }
  }
  if (const Element* signal = find(element, "signal")) {
    if (const auto value = reader.signal(*signal)) expect.signal = {*value, signal->position};
  }
  if (const Element* running = find(element, "running")) {
    if (const auto value = reader.boolean(*running, "`running`")) expect.running = {*value, running->position};
  }
  if (const Element* out = find(element, "stdout")) expect.out = reader.text(*out, "`stdout`");
  if (const Element* err = find(element, "stderr")) expect.err = reader.text(*err, "`stderr`");
  return expect;
}

std::optional<JsonPath> parse_json_path(Reader& reader, const Element& element) {
  const std::optional<std::string> text = reader.text(element, "`json`");
  if (!text) return std::nullopt;
  JsonPath path;
  for (std::size_t start = 0; start <= text->size();) {
    const std::size_t end = std::min(text->find('.', start), text->size());
    path.steps.push_back(text->substr(start, end - start));
    start = end + 1;
  }
  if (std::ranges::find(path.steps, "") != path.steps.end()) {
    reader.complain(element.position,
                    fmt::format("{} is no path; write e.g. `end.sum.seconds` or `intervals.0.rtt`", backticked(*text)));
    return std::nullopt;
  }
  return path;
}

std::optional<MetricSpec> parse_metric(Reader& reader, const Member& member) {
  if (!reader.map(member.value, kMetricKeys)) return std::nullopt;
  MetricSpec metric{member.key, {}, "", member.key_position, {}};
  const Element* json = find(member.value, "json");
  const Element* regex = find(member.value, "regex");
  if (const Element* unit = find(member.value, "unit")) metric.unit = reader.text(*unit, "`unit`").value_or("");
  if ((json != nullptr) == (regex != nullptr)) {
    reader.complain(member.key_position,
                    fmt::format("the metric {} needs `json` or `regex`, one of them", backticked(member.key)));
    return std::nullopt;
  }
  metric.source_position = (json ? json : regex)->position;
  if (json) {
    std::optional<JsonPath> path = parse_json_path(reader, *json);
    if (!path) return std::nullopt;
    metric.source = std::move(*path);
  } else {
    std::optional<std::string> text = reader.text(*regex, "`regex`");
    if (!text) return std::nullopt;
    metric.source = MetricRegex{std::move(*text)};
  }
  return metric;
}

std::vector<MetricSpec> parse_metrics(Reader& reader, const Element& element) {
  std::vector<MetricSpec> metrics;
  if (!reader.is(element, Element::Kind::map, "`metrics`")) return metrics;
  for (const Member& member : element.members) {
    if (std::optional<MetricSpec> metric = parse_metric(reader, member)) metrics.push_back(std::move(*metric));
  }
  return metrics;
}

}  // namespace

ProcessSpec parse_process(Reader& reader, const Member& member) {
  ProcessSpec process;
  process.name = member.key;
  process.position = member.key_position;
  const Element& map = member.value;
  if (!reader.map(map, kProcessKeys)) return process;

  if (const Element* node = find(map, "node")) {
    if (std::optional<std::string> name = reader.text(*node, "`node`"))
      process.node = {std::move(*name), node->position};
  } else {
    reader.complain(member.key_position, fmt::format("the process {} has no `node` to run on", backticked(member.key)));
  }
  if (const Element* command = find(map, "command")) {
    if (std::optional<Command> value = reader.command(*command, "`command`")) process.command = std::move(*value);
  } else {
    reader.complain(member.key_position, fmt::format("the process {} has no `command`", backticked(member.key)));
  }
  if (const Element* daemon = find(map, "daemon")) process.daemon = reader.boolean(*daemon, "`daemon`").value_or(false);
  if (const Element* ready = find(map, "ready")) process.ready = parse_ready(reader, *ready);
  if (const Element* depends_on = find(map, "depends_on")) process.depends_on = parse_depends_on(reader, *depends_on);
  if (const Element* timeout = find(map, "timeout")) process.timeout = reader.timeout(*timeout, "`timeout`");
  if (const Element* cwd = find(map, "cwd")) {
    process.cwd = reader.text(*cwd, "`cwd`").value_or("");
    if (cwd->is_text() && cwd->text.empty()) reader.complain(cwd->position, "`cwd` is empty");
  }
  if (const Element* user = find(map, "user")) {
    process.user = reader.text(*user, "`user`").value_or("");
    if (user->is_text() && user->text.empty()) {
      reader.complain(user->position, "`user` is empty; it is `root`, `self`, or an account of this machine");
    }
  }
  if (const Element* environment = find(map, "environment")) process.environment = reader.environment(*environment);
  if (const Element* expect = find(map, "expect")) process.expect = parse_expect(reader, *expect);
  if (const Element* metrics = find(map, "metrics")) process.metrics = parse_metrics(reader, *metrics);
  return process;
}

}  // namespace dummynet::scenario
