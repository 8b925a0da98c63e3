#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <map>
#include <numeric>
#include <set>

#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/link_planner.hpp"
#include "dummynet/scenario/link_words.hpp"

namespace dummynet::scenario {
namespace {

constexpr std::string_view kArrow = " → ";

/// Carries the events out on paper, one after the other: what each link does is known at every moment.
class EventPlanner {
 public:
  EventPlanner(Reader& reader, const Scenario& scenario, const ScenarioNetwork& network,
               const std::vector<PlannedProcess>& processes, std::vector<PlannedLink>& links)
      : reader_{reader}, scenario_{scenario}, network_{network}, processes_{processes}, links_{links} {
    for (const net::NodeSpec& node : network.topology.nodes) nodes_.push_back(node.name);
    for (const ProcessSpec& process : scenario.processes) process_names_.push_back(process.name);
  }

  std::vector<PlannedEvent> plan() {
    name_all();
    find_all_links();
    std::vector<std::size_t> order(scenario_.events.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::stable_sort(order, {}, [this](std::size_t i) { return scenario_.events[i].at.value; });
    for (const std::size_t i : order) {
      const EventSpec& event = scenario_.events[i];
      planned_.emplace_back().at = event.at.value;
      if (scenario_.timeout && event.at.value >= *scenario_.timeout) {
        reader_.complain(event.at.position,
                         fmt::format("at {} the run is over: its `timeout` is {}", human_duration(event.at.value),
                                     human_duration(*scenario_.timeout)));
      }
      std::visit([&](const auto& what) { add(what, i); }, event.what);
    }
    return std::move(planned_);
  }

 private:
  /// One direction as it stands, and why it may be down.
  struct Now {
    wire::Impairment impairment{};
    bool is_cut = false;  // by a partition
  };

  void name_all();
  void find_all_links();
  std::optional<std::size_t> find_link(const LinkEventSpec& event);
  bool is_known_node(const Located<std::string>& node, std::string_view name);
  std::set<std::size_t> find_crossing(const PartitionSpec& partition);
  bool is_end(const std::string& wanted, const std::string& node, const std::string& whole) const {
    return wanted == node || wanted == whole;
  }
  void add(const LinkEventSpec& event, std::size_t number);
  void add(const PartitionSpec& event, std::size_t number);
  void add(const HealSpec& event, std::size_t number);
  void add(const SignalSpec& event, std::size_t number);
  void cut_exactly(const std::set<std::size_t>& links, bool drop_in_flight);
  void check_in_flight(std::size_t link, bool drop_in_flight, Position position);
  void change(std::size_t link, std::size_t direction, bool drop_in_flight);
  std::string describe_event(const LinkEventSpec& event, std::size_t link) const;

  Reader& reader_;
  const Scenario& scenario_;
  const ScenarioNetwork& network_;
  const std::vector<PlannedProcess>& processes_;
  std::vector<PlannedLink>& links_;
  std::vector<std::string_view> nodes_;
  std::vector<std::string_view> process_names_;
  std::vector<std::string> names_;                         // by link of the topology
  std::vector<std::array<std::string, 2>> ends_;           // the same
  std::map<std::size_t, std::size_t> found_;               // event → link of the topology
  std::map<std::size_t, std::set<std::size_t>> crossing_;  // event → links of the topology
  std::map<std::size_t, std::size_t> positions_;           // link of the topology → position in links_
  std::vector<std::array<Now, 2>> now_;                    // by position in links_
  std::set<std::size_t> cut_;                              // links of the topology
  std::vector<PlannedEvent> planned_;
};

void EventPlanner::name_all() {
  names_ = name_links(network_.topology, network_.plan);
  ends_ = name_ends(network_.topology, network_.plan);
}

/// Before anything is carried out: `links_` must be complete for its positions to be true.
void EventPlanner::find_all_links() {
  std::set<std::size_t> wanted;
  for (std::size_t i = 0; i < scenario_.events.size(); ++i) {
    const auto& what = scenario_.events[i].what;
    if (const auto* event = std::get_if<LinkEventSpec>(&what)) {
      if (const auto link = find_link(*event)) {
        found_.emplace(i, *link);
        wanted.insert(*link);
      }
    }
    if (const auto* event = std::get_if<PartitionSpec>(&what)) {
      crossing_[i] = find_crossing(*event);
      wanted.insert(crossing_[i].begin(), crossing_[i].end());
    }
  }
  for (const PlannedLink& link : links_) wanted.erase(link.link);
  for (const std::size_t link : wanted) {
    const FateSpec fate = fate_of(scenario_, network_, link);
    links_.push_back({link, fate.emulation.value_or(scenario_.emulation), {}});
  }
  std::ranges::sort(links_, {}, &PlannedLink::link);
  for (std::size_t i = 0; i < links_.size(); ++i) {
    positions_.emplace(links_[i].link, i);
    now_.push_back({Now{links_[i].directions[0]}, Now{links_[i].directions[1]}});
  }
}

bool EventPlanner::is_known_node(const Located<std::string>& node, std::string_view name) {
  if (!scenario_.are_all_nodes_known || std::ranges::find(nodes_, name) != nodes_.end()) return true;
  reader_.complain_about_word(node.position, fmt::format("unknown node {}", backticked(name)), name, nodes_);
  return false;
}

std::optional<std::size_t> EventPlanner::find_link(const LinkEventSpec& event) {
  const std::string& a = event.endpoints[0].value;
  const std::string& b = event.endpoints[1].value;
  bool known = true;
  for (const auto& end : event.endpoints) {
    known = is_known_node(end, std::string_view{end.value}.substr(0, end.value.find(':'))) && known;
  }
  if (!known || !scenario_.is_network_whole) return std::nullopt;
  std::vector<std::size_t> found;
  std::string between;
  for (std::size_t i = 0; i < network_.topology.links.size(); ++i) {
    const net::LinkSpec& link = network_.topology.links[i];
    const bool forth = is_end(a, link.first.node, ends_[i][0]) && is_end(b, link.second.node, ends_[i][1]);
    const bool back = is_end(b, link.first.node, ends_[i][0]) && is_end(a, link.second.node, ends_[i][1]);
    if (!forth && !back) continue;
    found.push_back(i);
    between += fmt::format("{}`[\"{}\", \"{}\"]`", between.empty() ? "" : " or ", ends_[i][0], ends_[i][1]);
  }
  if (found.empty()) {
    reader_.complain(event.position, fmt::format("no link joins {} and {}", backticked(a), backticked(b)));
  } else if (found.size() > 1) {
    reader_.complain(event.position, fmt::format("{} links join {} and {}; say which one: {}", found.size(),
                                                 backticked(a), backticked(b), between));
  } else if (network_.topology.links[found[0]].kind != net::LinkKind::veth) {
    reader_.complain(event.position, fmt::format("the link {} is no cable, so nothing can happen to it; name the link "
                                                 "that it runs over",
                                                 backticked(names_[found[0]])));
  } else {
    return found[0];
  }
  return std::nullopt;
}

std::set<std::size_t> EventPlanner::find_crossing(const PartitionSpec& partition) {
  std::map<std::string_view, std::size_t> set_of;
  bool all_known = true;
  for (std::size_t set = 0; set < partition.sets.size(); ++set) {
    for (const auto& node : partition.sets[set]) {
      all_known = is_known_node(node, node.value) && all_known;
      const auto [place, is_new] = set_of.emplace(node.value, set);
      if (is_new) continue;
      reader_.complain(node.position, fmt::format("the node {} is named twice", backticked(node.value)));
    }
  }
  std::set<std::size_t> crossing;
  for (std::size_t i = 0; i < network_.topology.links.size(); ++i) {
    const net::LinkSpec& link = network_.topology.links[i];
    const auto first = set_of.find(link.first.node);
    const auto second = set_of.find(link.second.node);
    if (link.kind != net::LinkKind::veth || first == set_of.end() || second == set_of.end()) continue;
    if (first->second != second->second) crossing.insert(i);
  }
  if (crossing.empty() && all_known && scenario_.is_network_whole) {
    reader_.complain(partition.position,
                     "no link joins nodes of different sets, so this partition parts nothing; routers and switches "
                     "between them belong to a set too");
  }
  return crossing;
}

/// A link of the kernel's cannot go down in every way.
void EventPlanner::check_in_flight(std::size_t link, bool drop_in_flight, Position position) {
  if (drop_in_flight || links_[link].emulation != Emulation::kernel) return;
  reader_.complain(position, fmt::format("{} loses what is on its way when it goes down, since the kernel emulates it; "
                                         "use `emulation: engine`, or `in_flight: drop`",
                                         names_[links_[link].link]));
}

void EventPlanner::change(std::size_t link, std::size_t direction, bool drop_in_flight) {
  const Now& now = now_[link].at(direction);
  PlannedChange planned{link, direction, now.impairment, false};
  planned.impairment.up = now.impairment.up && !now.is_cut;
  planned.drop_in_flight = drop_in_flight && !planned.impairment.up;
  planned_.back().changes.push_back(std::move(planned));
}

std::string EventPlanner::describe_event(const LinkEventSpec& event, std::size_t link) const {
  std::string text = "link " + names_[link];
  if (event.directions != std::array{true, true}) {
    const net::LinkSpec& spec = network_.topology.links[link];
    const auto& [from, to] = event.directions[0] ? std::pair{spec.first.node, spec.second.node}
                                                 : std::pair{spec.second.node, spec.first.node};
    text = fmt::format("link {}{}{}", from, kArrow, to);
  }
  if (event.up) text += *event.up ? " comes up" : " goes down";
  if (event.up == false) text += event.drop_in_flight ? "" : ", what is on its way arrives";
  const std::string set = describe(event.set);
  if (!set.empty()) text += ": " + set;
  return text;
}

void EventPlanner::add(const LinkEventSpec& event, std::size_t number) {
  const auto found = found_.find(number);
  if (found == found_.end()) return;
  const std::size_t link = positions_.at(found->second);
  planned_.back().text = describe_event(event, found->second);
  if (event.up == false) check_in_flight(link, event.drop_in_flight, event.position);
  for (std::size_t direction = 0; direction < 2; ++direction) {
    if (!event.directions.at(direction)) continue;
    wire::Impairment& impairment = now_[link].at(direction).impairment;
    refine(impairment, event.set);
    if (event.up) impairment.up = *event.up;
    check_impairment(reader_, impairment, links_[link].emulation, event.set, event.position);
    change(link, direction, event.up == false && event.drop_in_flight);
  }
}

void EventPlanner::cut_exactly(const std::set<std::size_t>& links, bool drop_in_flight) {
  std::set<std::size_t> concerned = links;
  concerned.insert(cut_.begin(), cut_.end());
  for (const std::size_t link : concerned) {
    const bool is_cut = links.contains(link);
    if (is_cut == cut_.contains(link)) continue;
    const std::size_t position = positions_.at(link);
    for (std::size_t direction = 0; direction < 2; ++direction) {
      now_[position].at(direction).is_cut = is_cut;
      change(position, direction, is_cut && drop_in_flight);
    }
  }
  cut_ = links;
}

void EventPlanner::add(const PartitionSpec& event, std::size_t number) {
  std::vector<std::string> sets;
  for (const auto& set : event.sets) {
    std::vector<std::string> names;
    names.reserve(set.size());
    for (const auto& node : set) names.push_back(node.value);
    sets.push_back(names.size() <= 5 ? human_list(names) : fmt::format("{} nodes", names.size()));
  }
  planned_.back().text = fmt::format("partition: {}", fmt::join(sets, " | "));
  for (const std::size_t link : crossing_[number]) {
    check_in_flight(positions_.at(link), event.drop_in_flight, event.position);
  }
  cut_exactly(crossing_[number], event.drop_in_flight);
}

void EventPlanner::add(const HealSpec& event, std::size_t) {
  planned_.back().text = "the partition heals";
  if (cut_.empty() && scenario_.is_network_whole) {
    reader_.complain(event.position, "there is no partition to heal at this time");
  }
  cut_exactly({}, false);
}

void EventPlanner::add(const SignalSpec& event, std::size_t) {
  const char* name = sigabbrev_np(event.signal);
  planned_.back().text =
      fmt::format("{} to {}", name ? fmt::format("SIG{}", name) : std::to_string(event.signal), event.process.value);
  const auto found = std::ranges::find(processes_, event.process.value, &PlannedProcess::name);
  if (found != processes_.end()) {
    planned_.back().signal = {static_cast<std::size_t>(found - processes_.begin()), event.signal};
  } else if (std::ranges::find(process_names_, event.process.value) == process_names_.end()) {
    reader_.complain_about_word(event.process.position,
                                fmt::format("unknown process {}", backticked(event.process.value)), event.process.value,
                                process_names_);
  }
}

}  // namespace

std::vector<PlannedEvent> plan_events(Reader& reader, const Scenario& scenario, const ScenarioNetwork& network,
                                      const std::vector<PlannedProcess>& processes, std::vector<PlannedLink>& links) {
  return EventPlanner{reader, scenario, network, processes, links}.plan();
}

}  // namespace dummynet::scenario
