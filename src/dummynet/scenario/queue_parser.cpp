#include <fmt/format.h>

#include <algorithm>
#include <variant>

#include "dummynet/scenario/impairment_parser.hpp"
#include "dummynet/scenario/units.hpp"

namespace dummynet::scenario {
namespace {

void add_limit(Reader& reader, const Element& element, wire::Queue& queue) {
  if (!reader.is(element, Element::Kind::text, "`limit`")) return;
  const Parsed<QueueLimit> limit = parse_queue_limit(element.text);
  if (!limit.value) {
    reader.complain(element.position, "`limit`: " + limit.error);
    return;
  }
  const auto take = [&](auto& where, auto value, std::string_view kind) {
    if (where) reader.complain(element.position, fmt::format("`limit` has two values in {}", kind));
    where = value;
  };
  if (const auto* packets = std::get_if<Packets>(&*limit.value)) take(queue.limit_packets, packets->value, "packets");
  if (const auto* bytes = std::get_if<Bytes>(&*limit.value)) take(queue.limit_bytes, bytes->value, "bytes");
  if (const auto* time = std::get_if<wire::Nanoseconds>(&*limit.value)) take(queue.limit_time, *time, "time");
}

void parse_queue_values(Reader& reader, const Element& map, wire::Queue& queue) {
  const bool is_codel = queue.kind == wire::Queue::Kind::codel;
  const bool is_pie = queue.kind == wire::Queue::Kind::pie;
  for (const auto& [key, key_position, value] : map.members) {
    if (key == "kind" || key == "limit" || std::ranges::find(keys::kQueue, key) == keys::kQueue.end()) continue;
    if (!is_codel && !is_pie) {
      reader.complain(key_position, fmt::format("`{}` is for `codel` and `pie`", key));
    }
    if (key == "ecn") queue.ecn = reader.boolean(value, "`ecn`").value_or(false);
    if (key == "target") {
      wire::Nanoseconds& target = is_pie ? queue.pie_target : queue.codel_target;
      target = reader.timeout(value, "`target`").value_or(target);
    }
    if (key == "interval") {
      wire::Nanoseconds& interval = is_pie ? queue.pie_update : queue.codel_interval;
      interval = reader.timeout(value, "`interval`").value_or(interval);
    }
  }
}

}  // namespace

void parse_limit(Reader& reader, const Member& member, ImpairmentSpec& spec) {
  if (spec.is_given("limit")) {
    reader.complain(member.key_position, "`limit` stands beside `queue` and within it; once is enough");
    return;
  }
  for (const Element& item : reader.one_or_more(member.value, "`limit`")) add_limit(reader, item, spec.values.queue);
  spec.given.emplace("limit", member.value.position);
}

void parse_queue(Reader& reader, const Member& member, ImpairmentSpec& spec) {
  const Element& element = member.value;
  const Element* kind = &element;
  if (element.is_map()) {
    reader.map(element, kQueueKeys);
    kind = find(element, "kind");
  }
  if (kind) {
    if (const auto word = reader.word(*kind, "queue", keys::kQueueKinds)) {
      spec.values.queue.kind = static_cast<wire::Queue::Kind>(*word);
    }
  }
  if (element.is_map()) {
    parse_queue_values(reader, element, spec.values.queue);
    if (const Member* limit = find_member(element, "limit")) parse_limit(reader, *limit, spec);
  }
  // A map with nothing but a limit leaves the kind as it is.
  const bool is_mere_limit = element.is_map() && element.members.size() == 1 && spec.is_given("limit");
  if (!is_mere_limit) spec.given.emplace("queue", element.position);
}

}  // namespace dummynet::scenario
