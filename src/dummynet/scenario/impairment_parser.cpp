#include "dummynet/scenario/impairment_parser.hpp"

#include <fmt/format.h>

#include <limits>

#include "dummynet/scenario/link_file.hpp"

namespace dummynet::scenario {
namespace {

constexpr std::uint64_t kMostPackets = std::numeric_limits<std::int64_t>::max();

void parse_distribution(Reader& reader, const Element& element, wire::Jitter& jitter) {
  if (!element.is_map()) {
    if (const auto kind = reader.word(element, "distribution", keys::kDistributions)) {
      jitter.distribution = static_cast<wire::Jitter::Distribution>(*kind);
    }
    return;
  }
  reader.map(element, kDistributionKeys);
  const Element* table = find(element, "table");
  if (!table) {
    reader.complain(element.position, "`distribution` needs a `table`, the name of a file, or is a word: `normal`");
    return;
  }
  const auto text = reader.file(*table, "`table`");
  if (!text) return;
  LinkFile<std::vector<std::int16_t>> file = parse_jitter_table(*text);
  reader.complain_about_file(*table, file.line, file.error);
  jitter.distribution = wire::Jitter::Distribution::table;
  jitter.table = std::move(file.value);
}

/// `1ms`, or a map.
std::optional<wire::Jitter> parse_jitter(Reader& reader, const Element& element) {
  wire::Jitter jitter;
  if (!element.is_map()) {
    const auto amount = reader.duration(element, "`jitter`");
    if (!amount) return std::nullopt;
    jitter.amount = *amount;
    return jitter;
  }
  reader.map(element, kJitterKeys);
  const Element* amount = find(element, "amount");
  if (!amount) {
    reader.complain(element.position, "`jitter` needs an `amount`, e.g. `jitter: {amount: 1ms}`");
    return std::nullopt;
  }
  if (const auto value = reader.duration(*amount, "`amount`")) jitter.amount = *value;
  if (const Element* distribution = find(element, "distribution")) parse_distribution(reader, *distribution, jitter);
  if (const Element* order = find(element, "reorder")) {
    jitter.reorder = reader.boolean(*order, "`reorder`").value_or(false);
  }
  return jitter;
}

wire::GilbertElliott parse_gemodel(Reader& reader, const Element& element) {
  wire::GilbertElliott model;
  if (!reader.map(element, kGemodelKeys)) return model;
  const auto share = [&](std::string_view key, double& value) {
    const Element* given = find(element, key);
    if (!given) return false;
    value = reader.percentage(*given, fmt::format("`{}`", key)).value_or(value);
    return true;
  };
  const bool has_p = share("p", model.p);
  const bool has_r = share("r", model.r);
  // With tc, r is 1-p when it is missing, which nobody means.
  if (!has_p || !has_r) {
    reader.complain(element.position,
                    "`gemodel` needs `p` and `r`, how often it turns bad and good again: `{p: 1%, r: 25%}`");
  }
  share("loss_bad", model.loss_bad);
  share("loss_good", model.loss_good);
  return model;
}

wire::ListedLoss parse_packets(Reader& reader, const Element& element) {
  wire::ListedLoss loss;
  for (const Element& item : reader.one_or_more(element, "`packets`")) {
    if (const auto number = reader.integer(item, "the number of a packet", 1, kMostPackets)) {
      loss.packets.push_back(*number);
    }
  }
  return loss;
}

/// `1%`, or a map with one key, which says the kind.
std::optional<wire::Loss> parse_loss(Reader& reader, const Element& element) {
  if (!element.is_map()) {
    const auto probability = reader.percentage(element, "`loss`");
    return probability ? std::optional<wire::Loss>{wire::RandomLoss{*probability}} : std::nullopt;
  }
  reader.map(element, kLossKeys);
  if (element.members.size() != 1) {
    reader.complain(element.position,
                    "`loss` is one of `random`, `gemodel`, `packets` and `every`, e.g. `loss: 1%` or "
                    "`loss: {every: 10}`");
    return std::nullopt;
  }
  const auto& [key, position, value] = element.members.front();
  if (key == "gemodel") return parse_gemodel(reader, value);
  if (key == "packets") return parse_packets(reader, value);
  if (key == "every") return wire::EveryNthLoss{reader.integer(value, "`every`", 1, kMostPackets).value_or(1)};
  if (key == "random") return wire::RandomLoss{reader.percentage(value, "`random`").value_or(0)};
  return std::nullopt;  // reader.map() has complained
}

/// `25%`, or a map.
std::optional<wire::Reorder> parse_reorder(Reader& reader, const Element& element) {
  wire::Reorder reorder;
  if (!element.is_map()) {
    const auto probability = reader.percentage(element, "`reorder`");
    if (!probability) return std::nullopt;
    reorder.probability = *probability;
    return reorder;
  }
  reader.map(element, kReorderKeys);
  const Element* probability = find(element, "probability");
  if (!probability) {
    reader.complain(element.position, "`reorder` needs a `probability`, e.g. `reorder: {probability: 25%, gap: 5}`");
    return std::nullopt;
  }
  reorder.probability = reader.percentage(*probability, "`probability`").value_or(0);
  if (const Element* gap = find(element, "gap")) {
    reorder.gap = static_cast<std::uint32_t>(
        reader.integer(*gap, "`gap`", 1, std::numeric_limits<std::uint32_t>::max()).value_or(1));
  }
  return reorder;
}

/// Takes over a value that could be read.
template <typename T>
void set(ImpairmentSpec& spec, std::string key, Position position, T& property, std::optional<T> value) {
  if (!value) return;
  property = std::move(*value);
  spec.given.emplace(std::move(key), position);
}

}  // namespace

ImpairmentSpec parse_impairment(Reader& reader, const Element& map) {
  ImpairmentSpec spec;
  wire::Impairment& values = spec.values;
  for (const Member& member : map.members) {
    const auto& [key, key_position, value] = member;
    const Position at = value.position;
    if (key == "delay") set(spec, key, at, values.delay, reader.duration(value, "`delay`"));
    if (key == "jitter") set(spec, key, at, values.jitter, parse_jitter(reader, value));
    if (key == "loss") set(spec, key, at, values.loss, parse_loss(reader, value));
    if (key == "rate") set(spec, key, at, values.rate, parse_rate(reader, value));
    if (key == "trace") {
      if (find(map, "rate"))
        reader.complain(key_position, "`trace` is short for `rate: {trace: FILE}`; only one of both");
      set(spec, "rate", at, values.rate, parse_trace(reader, value));
    }
    if (key == "queue") parse_queue(reader, member, spec);
    if (key == "limit") parse_limit(reader, member, spec);
    if (key == "duplicate") set(spec, key, at, values.duplicate, reader.percentage(value, "`duplicate`"));
    if (key == "reorder") set(spec, key, at, values.reorder, parse_reorder(reader, value));
    if (key == "corrupt") set(spec, key, at, values.corrupt, reader.percentage(value, "`corrupt`"));
    if (key == "spare_control") set(spec, key, at, values.spare_control, reader.boolean(value, "`spare_control`"));
  }
  return spec;
}

std::optional<Emulation> parse_emulation(Reader& reader, const Element& element) {
  const auto word = reader.word(element, "emulation", keys::kEmulations);
  return word ? std::optional{static_cast<Emulation>(*word)} : std::nullopt;
}

FateSpec parse_fate(Reader& reader, const Element& map) {
  FateSpec fate;
  fate.both = parse_impairment(reader, map);
  for (std::size_t direction = 0; direction < fate.directions.size(); ++direction) {
    const Element* own = find(map, keys::kDirections.at(direction));
    if (own && reader.map(*own, kImpairmentKeys)) fate.directions.at(direction) = parse_impairment(reader, *own);
  }
  if (const Element* emulation = find(map, "emulation")) fate.emulation = parse_emulation(reader, *emulation);
  return fate;
}

}  // namespace dummynet::scenario
