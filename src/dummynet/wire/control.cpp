#include "dummynet/wire/control.hpp"

#include <array>
#include <bit>
#include <type_traits>
#include <utility>
#include <variant>

#include "dummynet/os/bytes.hpp"

namespace dummynet::wire::control {

namespace {

// One list of fields per message serves both directions, so that they cannot drift apart. A list is written as its
// length and its items; an item takes at least kLeast bytes.
template <typename Item>
constexpr std::size_t kLeast = os::Number<Item> ? sizeof(Item) : 12;
template <>
constexpr std::size_t kLeast<Impairment> = 80;
template <>
constexpr std::size_t kLeast<Set::Change> = 80;
template <>
constexpr std::size_t kLeast<DirectionCounters> = 400;

struct Put {
  os::ByteWriter& bytes;

  void operator()(const os::Number auto& value) { bytes.number(value); }
  void operator()(const bool& value) { bytes.flag(value); }
  void operator()(const Nanoseconds& value) { bytes.number(std::int64_t{value.count()}); }
  void operator()(const std::string& value) { bytes.text(value); }
  template <os::Enumeration Enum>
  void choice(const Enum& value, Enum) {
    bytes.choice(value);
  }
  template <typename Item>
  void operator()(const std::vector<Item>& values);
  template <typename Item, std::size_t size>
  void operator()(const std::array<Item, size>& values);
  template <typename Item>
  void operator()(const std::optional<Item>& value);
  template <typename... Kinds>
  void operator()(const std::variant<Kinds...>& value);
  template <typename Struct>
  requires std::is_aggregate_v<Struct>
  void operator()(const Struct& value);
};

struct Get {
  os::ByteReader& bytes;

  template <os::Number Value>
  void operator()(Value& value) {
    value = bytes.number<Value>();
  }
  void operator()(bool& value) { value = bytes.flag(); }
  void operator()(Nanoseconds& value) { value = Nanoseconds{bytes.number<std::int64_t>()}; }
  void operator()(std::string& value) { value = bytes.text(); }
  template <os::Enumeration Enum>
  void choice(Enum& value, Enum last) {
    value = bytes.choice(last);
  }
  template <typename Item>
  void operator()(std::vector<Item>& values);
  template <typename Item, std::size_t size>
  void operator()(std::array<Item, size>& values);
  template <typename Item>
  void operator()(std::optional<Item>& value);
  template <typename... Kinds>
  void operator()(std::variant<Kinds...>& value);
  template <typename Struct>
  requires std::is_aggregate_v<Struct>
  void operator()(Struct& value);

 private:
  template <typename Variant, std::size_t index>
  void alternative(Variant& value, std::size_t wanted);
};

template <typename Struct, typename Value>
constexpr bool kIs = std::is_same_v<std::remove_const_t<Value>, Struct>;

template <typename Visit, typename Value>
void fields(Visit& visit, Value& value) {
  if constexpr (kIs<std::monostate, Value>) {
  } else if constexpr (kIs<Jitter, Value>) {
    visit(value.amount);
    visit.choice(value.distribution, Jitter::Distribution::table);
    visit(value.table);
    visit(value.reorder);
  } else if constexpr (kIs<RandomLoss, Value>) {
    visit(value.probability);
  } else if constexpr (kIs<GilbertElliott, Value>) {
    visit(value.p);
    visit(value.r);
    visit(value.loss_bad);
    visit(value.loss_good);
  } else if constexpr (kIs<ListedLoss, Value>) {
    visit(value.packets);
  } else if constexpr (kIs<EveryNthLoss, Value>) {
    visit(value.n);
  } else if constexpr (kIs<LineRate, Value>) {
    visit(value.bits_per_second);
    visit(value.overhead_bytes);
  } else if constexpr (kIs<RateSchedule::Step, Value>) {
    visit(value.at);
    visit(value.bits_per_second);
  } else if constexpr (kIs<RateSchedule, Value>) {
    visit(value.steps);
    visit(value.repeat);
    visit(value.overhead_bytes);
  } else if constexpr (kIs<DeliveryTrace, Value>) {
    visit(value.milliseconds);
    visit(value.repeat);
  } else if constexpr (kIs<Queue, Value>) {
    visit.choice(value.kind, Queue::Kind::pie);
    visit(value.limit_packets);
    visit(value.limit_bytes);
    visit(value.limit_time);
    visit(value.ecn);
    visit(value.codel_target);
    visit(value.codel_interval);
    visit(value.pie_target);
    visit(value.pie_update);
  } else if constexpr (kIs<Reorder, Value>) {
    visit(value.probability);
    visit(value.gap);
  } else if constexpr (kIs<Impairment, Value>) {
    visit(value.delay);
    visit(value.jitter);
    visit(value.loss);
    visit(value.rate);
    visit(value.queue);
    visit(value.duplicate);
    visit(value.reorder);
    visit(value.corrupt);
    visit(value.spare_control);
    visit(value.up);
  } else if constexpr (kIs<PipelineCounters, Value>) {
    for (auto* one : {&value.offered_packets, &value.offered_bytes, &value.departed_packets, &value.departed_bytes}) {
      visit(*one);
    }
    visit(value.drops);
    for (auto* one : {&value.copies, &value.corrupted, &value.marked, &value.reordered, &value.queue_packets,
                      &value.queue_bytes, &value.max_queue_packets, &value.max_queue_bytes}) {
      visit(*one);
    }
  } else if constexpr (kIs<LatenessHistogram, Value>) {
    visit(value.buckets);
    visit(value.max);
  } else if constexpr (kIs<DirectionCounters, Value>) {
    visit(value.fate);
    visit(value.lateness);
    visit(value.own_losses);
    visit(value.missed_packets);
    visit(value.room_bytes);
    visit(value.room_is_limited);
    visit(value.late_packets);
    visit(value.very_late_packets);
    visit(value.unlogged_packets);
    visit(value.achieved_bits_per_second);
  } else if constexpr (kIs<Configure, Value>) {
    visit(value.version);
    visit(value.seed);
    visit(value.spin);
    visit(value.realtime);
    visit(value.log_packets);
  } else if constexpr (kIs<AddLink, Value>) {
    visit(value.position);
    visit(value.directions);
    visit(value.first_sockets);
  } else if constexpr (kIs<Set::Change, Value>) {
    visit(value.link);
    visit(value.direction);
    visit(value.drop_in_flight);
    visit(value.impairment);
  } else if constexpr (kIs<Set, Value>) {
    visit(value.changes);
  } else if constexpr (kIs<AskCounters, Value>) {
    visit(value.first);
  } else if constexpr (kIs<Counters, Value>) {
    visit(value.first);
    visit(value.directions);
  } else {
    static_assert(kIs<Refused, Value>, "a message without a list of fields");
    visit(value.why);
  }
}

template <typename Item>
void Put::operator()(const std::vector<Item>& values) {
  bytes.count(values.size());
  if constexpr (os::Number<Item>) {
    bytes.raw(values.data(), values.size() * sizeof(Item));
  } else {
    for (const Item& value : values) (*this)(value);
  }
}

template <typename Item, std::size_t size>
void Put::operator()(const std::array<Item, size>& values) {
  for (const Item& value : values) (*this)(value);
}

template <typename Item>
void Put::operator()(const std::optional<Item>& value) {
  (*this)(value.has_value());
  if (value) (*this)(*value);
}

template <typename... Kinds>
void Put::operator()(const std::variant<Kinds...>& value) {
  bytes.number(static_cast<std::uint8_t>(value.index()));
  std::visit([this](const auto& one) { (*this)(one); }, value);
}

template <typename Struct>
requires std::is_aggregate_v<Struct>
void Put::operator()(const Struct& value) { fields(*this, value); }

template <typename Item>
void Get::operator()(std::vector<Item>& values) {
  values.resize(bytes.count(kLeast<Item>));
  if constexpr (os::Number<Item>) {
    bytes.raw(values.data(), values.size() * sizeof(Item));
  } else {
    for (Item& value : values) (*this)(value);
  }
}

template <typename Item, std::size_t size>
void Get::operator()(std::array<Item, size>& values) {
  for (Item& value : values) (*this)(value);
}

template <typename Item>
void Get::operator()(std::optional<Item>& value) {
  if (bytes.flag()) (*this)(value.emplace());
}

template <typename... Kinds>
void Get::operator()(std::variant<Kinds...>& value) {
  const auto index = bytes.number<std::uint8_t>();
  if (index >= sizeof...(Kinds)) return bytes.spoil();
  alternative<std::variant<Kinds...>, 0>(value, index);
}

template <typename Variant, std::size_t index>
void Get::alternative(Variant& value, std::size_t wanted) {
  if (index == wanted) return (*this)(value.template emplace<index>());
  if constexpr (index + 1 < std::variant_size_v<Variant>) alternative<Variant, index + 1>(value, wanted);
}

template <typename Struct>
requires std::is_aggregate_v<Struct>
void Get::operator()(Struct& value) { fields(*this, value); }

template <typename Message>
std::string encode_any(const Message& message) {
  os::ByteWriter writer;
  Put{writer}(message);
  return writer.take();
}

}  // namespace

std::string encode(const Configure& message) { return encode_any(message); }
std::string encode(const AddLink& message) { return encode_any(message); }
std::string encode(const Set& message) { return encode_any(message); }
std::string encode(const AskCounters& message) { return encode_any(message); }
std::string encode(const Counters& message) { return encode_any(message); }
std::string encode(const Refused& message) { return encode_any(message); }

template <typename Message>
std::optional<Message> decode(std::string_view body) {
  os::ByteReader reader{body};
  Message message;
  Get{reader}(message);
  if (!reader.done()) return std::nullopt;
  return message;
}
template std::optional<Configure> decode(std::string_view);
template std::optional<AddLink> decode(std::string_view);
template std::optional<Set> decode(std::string_view);
template std::optional<AskCounters> decode(std::string_view);
template std::optional<Counters> decode(std::string_view);
template std::optional<Refused> decode(std::string_view);

}  // namespace dummynet::wire::control
