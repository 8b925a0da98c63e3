#include "dummynet/wire/control.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>
#include <variant>

namespace dummynet::wire::control {

namespace {

class Writer {
 public:
  void bytes(const void* data, std::size_t size) {
    if (size > 0) text_.append(static_cast<const char*>(data), size);
  }
  std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

// After a failed read every further one gives zero, and done() is false.
class Reader {
 public:
  explicit Reader(std::string_view bytes) noexcept : rest_{bytes} {}
  void bytes(void* into, std::size_t size) {
    if (!good_ || rest_.size() < size) return spoil();
    if (size == 0) return;  // an empty vector has no place to be read into
    std::memcpy(into, rest_.data(), size);
    rest_.remove_prefix(size);
  }
  // A count beyond what is left, at `least` bytes each, is a lie and not to be reserved for.
  bool can_hold(std::uint64_t count, std::size_t least) const noexcept {
    return good_ && count <= rest_.size() / least;
  }
  void spoil() noexcept {
    good_ = false;
    rest_ = {};
  }
  bool good() const noexcept { return good_; }
  bool done() const noexcept { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

// One list of fields per message serves both directions, so that they cannot drift apart. A list is written as its
// length and its items; an item takes at least kLeast bytes.
template <typename Item>
constexpr std::size_t kLeast = std::is_arithmetic_v<Item> ? sizeof(Item) : 12;
template <>
constexpr std::size_t kLeast<Impairment> = 80;
template <>
constexpr std::size_t kLeast<Set::Change> = 80;
template <>
constexpr std::size_t kLeast<DirectionCounters> = 400;

struct Put {
  Writer& writer;

  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void operator()(const Number& value) { writer.bytes(&value, sizeof value); }
  void operator()(const bool& value) { (*this)(static_cast<std::uint8_t>(value ? 1 : 0)); }
  void operator()(const Nanoseconds& value) { (*this)(static_cast<std::int64_t>(value.count())); }
  void operator()(const std::string& value) {
    (*this)(static_cast<std::uint32_t>(value.size()));
    writer.bytes(value.data(), value.size());
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void enumeration(const Enum& value, Enum) { (*this)(static_cast<std::uint8_t>(value)); }
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
  Reader& reader;

  template <typename Number>
  requires std::is_arithmetic_v<Number>
  void operator()(Number& value) {
    value = {};
    reader.bytes(&value, sizeof value);
  }
  void operator()(bool& value) {
    std::uint8_t number = 0;
    (*this)(number);
    if (number > 1) reader.spoil();
    value = number == 1;
  }
  void operator()(Nanoseconds& value) {
    std::int64_t count = 0;
    (*this)(count);
    value = Nanoseconds{count};
  }
  void operator()(std::string& value) {
    std::uint32_t size = 0;
    (*this)(size);
    if (!reader.can_hold(size, 1)) return reader.spoil();
    value.resize(size);
    reader.bytes(value.data(), size);
  }
  template <typename Enum>
  requires std::is_enum_v<Enum>
  void enumeration(Enum& value, Enum last) {
    std::uint8_t number = 0;
    (*this)(number);
    if (number > static_cast<std::uint8_t>(last)) reader.spoil();
    value = reader.good() ? static_cast<Enum>(number) : Enum{};
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
    visit.enumeration(value.distribution, Jitter::Distribution::table);
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
    visit.enumeration(value.kind, Queue::Kind::pie);
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
  (*this)(static_cast<std::uint32_t>(values.size()));
  if constexpr (std::is_arithmetic_v<Item>) {
    writer.bytes(values.data(), values.size() * sizeof(Item));
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
  (*this)(static_cast<std::uint8_t>(value.index()));
  std::visit([this](const auto& one) { (*this)(one); }, value);
}

template <typename Struct>
requires std::is_aggregate_v<Struct>
void Put::operator()(const Struct& value) { fields(*this, value); }

template <typename Item>
void Get::operator()(std::vector<Item>& values) {
  std::uint32_t count = 0;
  (*this)(count);
  if (!reader.can_hold(count, kLeast<Item>)) return reader.spoil();
  values.resize(count);
  if constexpr (std::is_arithmetic_v<Item>) {
    reader.bytes(values.data(), values.size() * sizeof(Item));
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
  bool there = false;
  (*this)(there);
  if (there) (*this)(value.emplace());
}

template <typename... Kinds>
void Get::operator()(std::variant<Kinds...>& value) {
  std::uint8_t index = 0;
  (*this)(index);
  if (index >= sizeof...(Kinds)) return reader.spoil();
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
  Writer writer;
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
  Reader reader{body};
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
