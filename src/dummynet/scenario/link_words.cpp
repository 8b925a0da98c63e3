#include "dummynet/scenario/link_words.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/keys.hpp"
#include "dummynet/wire/impairment_check.hpp"

namespace dummynet::scenario {
namespace {

struct Property {
  std::string_view key;
  std::string text;        // by itself: "1%", "codel"
  bool needs_key = false;  // to be understood
  bool operator==(const Property&) const = default;
};

std::string percent(double probability) { return fmt::format("{:g}%", probability * 100); }

std::string rate_text(std::uint64_t bits) {
  constexpr std::pair<std::uint64_t, std::string_view> kUnits[] = {
      {1'000'000'000'000, "tbit"}, {1'000'000'000, "gbit"}, {1'000'000, "mbit"}, {1'000, "kbit"}};
  for (const auto& [factor, unit] : kUnits) {
    if (bits >= factor) return fmt::format("{:g}{}", static_cast<double>(bits) / static_cast<double>(factor), unit);
  }
  return fmt::format("{}bit", bits);
}

struct RateText {
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(const wire::LineRate& rate) const { return rate_text(rate.bits_per_second); }
  std::string operator()(const wire::RateSchedule&) const { return "scheduled rate"; }
  std::string operator()(const wire::DeliveryTrace&) const { return "trace"; }
};

struct LossText {
  std::string operator()(std::monostate) const { return ""; }
  std::string operator()(const wire::RandomLoss& loss) const {
    return loss.probability > 0 ? percent(loss.probability) : "";
  }
  std::string operator()(const wire::GilbertElliott& loss) const {
    return fmt::format("bursts {}/{}", percent(loss.p), percent(loss.r));
  }
  std::string operator()(const wire::ListedLoss& loss) const {
    constexpr std::size_t kShown = 3;
    std::string text;
    for (std::size_t i = 0; i < std::min(loss.packets.size(), kShown); ++i) {
      text += fmt::format("{}{}", text.empty() ? "#" : ",", loss.packets[i]);
    }
    return loss.packets.size() > kShown ? text + "…" : text;
  }
  std::string operator()(const wire::EveryNthLoss& loss) const { return fmt::format("1 of {}", loss.n); }
};

std::string jitter_text(const wire::Jitter& jitter) {
  if (jitter.amount.count() == 0) return "";
  std::string text = "±" + human_duration(jitter.amount);
  const auto kind = static_cast<std::size_t>(jitter.distribution);
  if (kind > 0)
    text += fmt::format(" {}", kind < keys::kDistributions.size() ? keys::kDistributions.at(kind) : "table");
  return jitter.reorder ? text + " reordering" : text;
}

std::string limit_text(const wire::Queue& queue) {
  std::string text;
  const auto add = [&](const std::string& limit) { text += (text.empty() ? "" : " ") + limit; };
  if (queue.limit_packets) add(fmt::format("{}p", *queue.limit_packets));
  if (queue.limit_bytes) add(human_bytes(*queue.limit_bytes));
  if (queue.limit_time) add(human_duration(*queue.limit_time));
  return text;
}

std::string queue_text(const wire::Queue& queue) {
  const std::string kind{keys::kQueueKinds.at(static_cast<std::size_t>(queue.kind))};
  return queue.ecn ? kind + " with ECN" : kind;
}

/// All that is done, in the order of the keys; an empty text stands for nothing.
std::vector<Property> properties(const wire::Impairment& impairment) {
  const wire::Queue& queue = impairment.queue;
  return {{"delay", impairment.delay.count() > 0 ? human_duration(impairment.delay) : ""},
          {"jitter", jitter_text(impairment.jitter)},
          {"rate", std::visit(RateText{}, impairment.rate)},
          {"loss", std::visit(LossText{}, impairment.loss)},
          {"limit", limit_text(queue)},
          {"queue", queue.kind == wire::Queue::Kind::drop_tail ? "" : queue_text(queue)},
          {"duplicate", impairment.duplicate > 0 ? percent(impairment.duplicate) : "", true},
          {"reorder", impairment.reorder.probability > 0 ? percent(impairment.reorder.probability) : "", true},
          {"corrupt", impairment.corrupt > 0 ? percent(impairment.corrupt) : "", true},
          {"state", impairment.up ? "" : "down"}};
}

std::string shown(const Property& property) {
  return property.needs_key ? fmt::format("{} {}", property.key, property.text) : property.text;
}

std::string joined(const std::vector<Property>& list) {
  std::string text;
  for (const Property& property : list) {
    if (!property.text.empty()) text += (text.empty() ? "" : " ") + shown(property);
  }
  return text;
}

}  // namespace

std::string describe(const wire::Impairment& impairment) { return joined(properties(impairment)); }

std::string describe(const std::array<wire::Impairment, 2>& directions) {
  std::vector<Property> common;
  std::array<std::vector<Property>, 2> own{};
  const std::vector<Property> up = properties(directions[0]);
  const std::vector<Property> down = properties(directions[1]);
  for (std::size_t i = 0; i < up.size(); ++i) {
    if (up[i] == down[i]) {
      common.push_back(up[i]);
    } else {
      own[0].push_back(up[i]);
      own[1].push_back(down[i]);
    }
  }
  std::string text = joined(common);
  const std::string names[] = {"up ", "down "};
  for (std::size_t i = 0; i < own.size(); ++i) {
    const std::string one = joined(own.at(i));
    if (!one.empty()) text += (text.empty() ? "" : " ") + names[i] + one;
  }
  return text;
}

std::string describe(const ImpairmentSpec& spec) {
  std::string text;
  const auto add = [&](const std::string& one) { text += (text.empty() ? "" : ", ") + one; };
  for (const Property& property : properties(spec.values)) {
    if (!spec.is_given(property.key)) continue;
    if (property.key == "queue") {
      add("queue " + queue_text(spec.values.queue));
    } else if (property.text.empty()) {
      add(fmt::format("no {}", property.key));
    } else {
      add(fmt::format("{} {}", property.key, property.text));
    }
  }
  if (spec.is_given("spare_control")) add(spec.values.spare_control ? "control packets spared" : "control packets too");
  return text;
}

std::string describe_queue_limit(const wire::Impairment& impairment) {
  if (std::holds_alternative<std::monostate>(impairment.rate)) return "-";
  const std::string given = limit_text(impairment.queue);
  return given.empty() ? fmt::format("{}p by default", wire::default_limit_packets(impairment)) : given;
}

std::vector<std::string> describe_links(const Plan& plan) {
  std::vector<std::string> fates(plan.topology.links.size());
  for (const PlannedLink& link : plan.links) fates[link.link] = describe(link.directions);
  return fates;
}

std::vector<std::array<std::string, 2>> name_ends(const net::Topology& topology, const net::NetworkPlan& plan) {
  std::vector<std::array<std::string, 2>> ends;
  ends.reserve(topology.links.size());
  for (const net::LinkSpec& link : topology.links) ends.push_back({link.first.node, link.second.node});
  for (const net::PlannedInterface& interface : plan.interfaces) {
    if (!interface.link) continue;
    std::array<std::string, 2>& of_link = ends[*interface.link];
    const std::string& node = plan.nodes[interface.node].name;
    of_link.at(of_link[0] == node ? 0 : 1) = fmt::format("{}:{}", node, interface.name);
  }
  return ends;
}

std::vector<std::string> name_links(const net::Topology& topology, const net::NetworkPlan& plan) {
  std::map<std::pair<std::string_view, std::string_view>, int> count;
  const auto pair = [](const net::LinkSpec& link) {
    return std::minmax({std::string_view{link.first.node}, std::string_view{link.second.node}});
  };
  for (const net::LinkSpec& link : topology.links) ++count[pair(link)];
  const std::vector<std::array<std::string, 2>> ends = name_ends(topology, plan);
  std::vector<std::string> names;
  for (std::size_t i = 0; i < topology.links.size(); ++i) {
    const net::LinkSpec& link = topology.links[i];
    names.push_back(count[pair(link)] == 1 ? fmt::format("{}–{}", link.first.node, link.second.node)
                                           : fmt::format("{}–{}", ends[i][0], ends[i][1]));
  }
  return names;
}

}  // namespace dummynet::scenario
