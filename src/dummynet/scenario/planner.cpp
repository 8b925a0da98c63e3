#include "dummynet/scenario/planner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <set>
#include <unordered_map>
#include <utility>

#include "dummynet/scenario/link_planner.hpp"
#include "dummynet/scenario/names.hpp"
#include "dummynet/scenario/network_planner.hpp"
#include "dummynet/scenario/process_check.hpp"
#include "dummynet/scenario/reader.hpp"
#include "dummynet/scenario/start_order.hpp"

namespace dummynet::scenario {
namespace {

/// Names → indices, and all names for suggestions.
struct Index {
  std::unordered_map<std::string_view, std::size_t> by_name;
  std::vector<std::string_view> names;

  void add(std::string_view name) { by_name.emplace(name, names.size()), names.push_back(name); }
  std::optional<std::size_t> find(std::string_view name) const {
    const auto found = by_name.find(name);
    return found == by_name.end() ? std::nullopt : std::optional{found->second};
  }
};

class Planner {
 public:
  explicit Planner(const Scenario& scenario) : scenario_{scenario}, network_{plan_network(scenario)} {
    for (const net::NodeSpec& node : network_.topology.nodes) nodes_.add(node.name);
    for (const ProcessSpec& process : scenario.processes) processes_.add(process.name);
  }

  Planned plan() {
    for (const ProcessSpec& process : scenario_.processes) check_place(process);
    for (const ProcessSpec& process : scenario_.processes) check_process(reader_, process);
    check_roles();
    Plan& plan = result_.plan;
    for (std::size_t i = 0; i < network_.topology.nodes.size(); ++i) {
      plan.nodes.push_back(network_.topology.nodes[i].name);
      const auto given = network_.given_as[i];
      if (!given || scenario_.nodes[*given].environment.empty()) continue;
      plan.environments[plan.nodes.back()] = scenario_.nodes[*given].environment;
    }
    order_processes();
    plan_fates();
    plan.name = scenario_.name;
    plan.seed = scenario_.seed;
    plan.timeout = scenario_.timeout;
    plan.topology = std::move(network_.topology);
    plan.network = std::move(network_.plan);
    std::ranges::move(network_.complaints, std::back_inserter(result_.complaints));
    result_.warnings = std::move(network_.warnings);
    sort_by_position(result_.complaints);
    sort_by_position(result_.warnings);
    return std::move(result_);
  }

 private:
  void check_place(const ProcessSpec& process);
  void check_roles();
  void order_processes();
  void plan_fates();
  std::vector<std::size_t> check_dependencies(const ProcessSpec& process);
  void check_dependency(const ProcessSpec& process, const DependencySpec& dependency, const ProcessSpec& target);
  void add_process(const ProcessSpec& process, const std::vector<std::size_t>& places);

  const Scenario& scenario_;
  ScenarioNetwork network_;
  Planned result_;
  Reader reader_{result_.complaints};
  Index nodes_;
  Index processes_;
};

void Planner::check_place(const ProcessSpec& process) {
  if (const std::string why = why_no_process_name(process.name); !why.empty()) {
    reader_.complain(process.position, fmt::format("{} is no name for a process: {}", backticked(process.name), why));
  }
  if (process.node && scenario_.are_all_nodes_known && !nodes_.find(process.node->value)) {
    reader_.complain_about_word(process.node->position, fmt::format("unknown node {}", backticked(process.node->value)),
                                process.node->value, nodes_.names);
  }
}

void Planner::check_roles() {
  const auto& processes = scenario_.processes;
  if (!processes.empty() && std::ranges::all_of(processes, &ProcessSpec::daemon)) {
    reader_.complain(
        processes.front().position,
        "all processes are daemons, so the run would never end; at least one must be without `daemon: true`");
  }
}

void Planner::order_processes() {
  Dependencies dependencies;
  for (const ProcessSpec& process : scenario_.processes) dependencies.push_back(check_dependencies(process));
  StartOrder order = find_start_order(dependencies);
  if (!order.cycle.empty()) {
    std::string circle;
    for (const std::size_t i : order.cycle) circle += backticked(scenario_.processes[i].name) + " → ";
    const ProcessSpec& first = scenario_.processes[order.cycle.front()];
    const Position position = first.depends_on.empty() ? first.position : first.depends_on.front().position;
    reader_.complain(position,
                     fmt::format("these processes wait for each other: {}{}", circle, backticked(first.name)));
    return;
  }
  std::vector<std::size_t> places(scenario_.processes.size());
  for (std::size_t place = 0; place < order.order.size(); ++place) places[order.order[place]] = place;
  for (const std::size_t i : order.order) add_process(scenario_.processes[i], places);
}

void Planner::plan_fates() {
  Plan& plan = result_.plan;
  plan.links = plan_links(reader_, scenario_, network_);
  plan.events = plan_events(reader_, scenario_, network_, plan.processes, plan.links);
  for (PlannedLink& link : plan.links) {
    network_.topology.links[link.link].cut = link.emulation != Emulation::kernel;
  }
  // Events name interfaces, so the network has been planned before it was known which links are to be cut.
  for (net::PlannedInterface& interface : network_.plan.interfaces) {
    if (interface.link) interface.cut = network_.topology.links[*interface.link].cut;
  }
}

std::vector<std::size_t> Planner::check_dependencies(const ProcessSpec& process) {
  std::vector<std::size_t> found;
  std::set<std::string_view> seen;
  for (const DependencySpec& dependency : process.depends_on) {
    const std::optional<std::size_t> target = processes_.find(dependency.process);
    if (!seen.insert(dependency.process).second) {
      reader_.complain(dependency.position,
                       fmt::format("the dependency {} is named twice", backticked(dependency.process)));
    } else if (!target) {
      reader_.complain_about_word(dependency.position,
                                  fmt::format("unknown process {}", backticked(dependency.process)), dependency.process,
                                  processes_.names);
    } else {
      check_dependency(process, dependency, scenario_.processes[*target]);
      found.push_back(*target);
    }
  }
  return found;
}

void Planner::check_dependency(const ProcessSpec& process, const DependencySpec& dependency,
                               const ProcessSpec& target) {
  const std::string name = backticked(target.name);
  const auto complain = [&](std::string message) { reader_.complain(dependency.position, std::move(message)); };
  switch (dependency.condition) {
    case Condition::started:
      break;
    case Condition::ready: {
      if (!target.ready)
        complain(fmt::format(
            "{} has no `ready` condition that could be waited for; give it one, or depend on `started`", name));
      const auto from = process.node ? nodes_.find(process.node->value) : std::nullopt;
      const auto to = target.node ? nodes_.find(target.node->value) : std::nullopt;
      if (from && to && !network_.are_joined(*from, *to)) {
        complain(fmt::format("{} cannot be reached: no links lead from node {} to node {}", name,
                             backticked(process.node->value), backticked(target.node->value)));
      }
      break;
    }
    case Condition::completed:
    case Condition::succeeded:
      if (target.daemon)
        complain(fmt::format("{} is a daemon, it never ends by itself; depend on `started` or `ready`", name));
      else if (dependency.condition == Condition::succeeded &&
               (target.expect.signal || (target.expect.exit_code && target.expect.exit_code->value != 0))) {
        complain(fmt::format("{} is not expected to end with 0, so it never succeeds; depend on `completed`", name));
      }
      break;
  }
}

void Planner::add_process(const ProcessSpec& process, const std::vector<std::size_t>& places) {
  PlannedProcess planned;
  planned.name = process.name;
  planned.node = process.node ? process.node->value : "";
  planned.command = process.command;
  planned.daemon = process.daemon;
  if (process.ready) planned.ready = process.ready->value;
  for (const DependencySpec& dependency : process.depends_on) {
    if (const std::optional<std::size_t> target = processes_.find(dependency.process))
      planned.depends_on.push_back({places[*target], dependency.condition});
  }
  planned.timeout = process.timeout;
  planned.cwd = process.cwd;
  planned.user = process.user;
  planned.environment = process.environment;
  const auto node = result_.plan.environments.find(planned.node);
  if (node != result_.plan.environments.end()) {
    planned.environment.insert(node->second.begin(), node->second.end());
  }
  if (process.expect.exit_code) planned.exit_code = process.expect.exit_code->value;
  if (process.expect.signal) planned.signal = process.expect.signal->value;
  planned.out_pattern = process.expect.out;
  planned.err_pattern = process.expect.err;
  planned.metrics = process.metrics;
  result_.plan.processes.push_back(std::move(planned));
}

/// Whatever the file says about itself.
void overrule(Scenario& scenario, Emulation emulation) {
  scenario.emulation = emulation;
  scenario.topology_fate.emulation.reset();
  scenario.bottleneck.emulation.reset();
  for (LinkSpec& link : scenario.links) link.fate.emulation.reset();
}

}  // namespace

Planned plan(const Scenario& scenario) { return Planner{scenario}.plan(); }

Planned read_plan(std::string_view text, const PlanOptions& options) {
  Document document = parse_document(text);
  if (!document.root) return {{}, std::move(document.complaints)};
  ParsedScenario parsed = parse_scenario(*document.root, options.read_file);
  if (options.emulation) overrule(parsed.scenario, *options.emulation);
  Planned planned = plan(parsed.scenario);
  planned.complaints.insert(planned.complaints.end(), parsed.complaints.begin(), parsed.complaints.end());
  planned.complaints.insert(planned.complaints.end(), document.complaints.begin(), document.complaints.end());
  sort_by_position(planned.complaints);
  return planned;
}

}  // namespace dummynet::scenario
