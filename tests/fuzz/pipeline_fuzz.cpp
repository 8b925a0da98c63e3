// From any bytes to a trace and an impairment, to arrivals and calls of all kinds: never a crash or a hang, what the
// check lets through can be carried out, each frame has one fate, and counts add up.
#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>
#include <vector>

#include "dummynet/wire/delivery_trace_text.hpp"
#include "dummynet/wire/impairment_check.hpp"
#include "dummynet/wire/pipeline.hpp"

namespace {

using namespace dummynet::wire;

void require(bool holds) {
  if (!holds) std::abort();
}

// Reads numbers off the input; zeros when it has ended.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_{data}, left_{size} {}

  bool empty() const { return left_ == 0; }
  std::uint64_t number(int bytes) {
    std::uint64_t value = 0;
    for (; bytes > 0; --bytes) value = value << 8 | byte();
    return value;
  }
  std::uint8_t byte() {
    if (left_ == 0) return 0;
    --left_;
    return *data_++;
  }
  // Any share, and what is none.
  double share() { return (static_cast<double>(byte()) - 8) / 200; }
  Nanoseconds time(int bytes) { return Nanoseconds{static_cast<std::int64_t>(number(bytes))}; }
  std::string_view text() {
    const std::size_t size = number(2) % (left_ + 1);
    const std::string_view taken{reinterpret_cast<const char*>(data_), size};
    data_ += size;
    left_ -= size;
    return taken;
  }

 private:
  const std::uint8_t* data_;
  std::size_t left_;
};

Loss read_loss(Input& input) {
  switch (input.byte() % 5) {
    case 0:
      return RandomLoss{input.share()};
    case 1:
      return GilbertElliott{input.share(), input.share(), input.share(), input.share()};
    case 2: {
      ListedLoss listed;
      for (int left = input.byte() % 8; left > 0; --left) listed.packets.push_back(input.byte());
      return listed;
    }
    case 3:
      return EveryNthLoss{input.byte()};
    default:
      return {};
  }
}

Rate read_rate(Input& input) {
  switch (input.byte() % 4) {
    case 0:
      return LineRate{input.number(6), static_cast<std::int32_t>(input.number(2)) - 12'000};
    case 1: {
      RateSchedule schedule;
      Nanoseconds at{0};
      for (int left = input.byte() % 6; left > 0; --left) {
        schedule.steps.push_back({at, input.number(4)});
        at += input.time(1 + left);
      }
      if (input.byte() % 2 == 0) schedule.repeat = at;
      schedule.overhead_bytes = static_cast<std::int32_t>(input.byte()) - 128;
      return schedule;
    }
    case 2: {
      auto trace = parse_delivery_trace(input.text(), input.byte() % 2 == 0);
      if (const auto* error = std::get_if<TraceTextError>(&trace)) {
        require(!error->message.empty());
        return {};
      }
      Impairment carried;
      carried.rate = std::get<DeliveryTrace>(trace);
      require(check_impairment(carried).empty());
      return carried.rate;
    }
    default:
      return {};
  }
}

Queue read_queue(Input& input) {
  Queue queue;
  queue.kind = static_cast<Queue::Kind>(input.byte() % 4);
  const std::uint8_t given = input.byte();
  if ((given & 1) != 0) queue.limit_packets = input.byte();
  if ((given & 2) != 0) queue.limit_bytes = input.number(2);
  if ((given & 4) != 0) queue.limit_time = input.time(5);
  queue.ecn = (given & 8) != 0;
  if ((given & 16) != 0) queue.codel_target = input.time(4);
  if ((given & 32) != 0) queue.codel_interval = input.time(4);
  if ((given & 64) != 0) queue.pie_target = input.time(4);
  if ((given & 128) != 0) queue.pie_update = input.time(4);
  return queue;
}

Impairment read_impairment(Input& input) {
  Impairment impairment;
  impairment.delay = input.time(6);
  impairment.jitter.amount = input.time(4);
  impairment.jitter.distribution = static_cast<Jitter::Distribution>(input.byte() % 5);
  for (int left = input.byte() % 4; left > 0; --left) {
    impairment.jitter.table.push_back(static_cast<std::int16_t>(input.number(2)));
  }
  const std::uint8_t flags = input.byte();
  impairment.jitter.reorder = (flags & 1) != 0;
  impairment.spare_control = (flags & 2) != 0;
  impairment.up = (flags & 4) == 0;
  impairment.loss = read_loss(input);
  impairment.rate = read_rate(input);
  impairment.queue = read_queue(input);
  if ((flags & 8) != 0) impairment.duplicate = input.share();
  if ((flags & 16) != 0) impairment.reorder = {input.share(), input.byte()};
  if ((flags & 32) != 0) impairment.corrupt = input.share();
  return impairment;
}

struct Frames final : Pipeline::Frames {
  std::vector<bool> has_fate{};
  std::uint32_t add() {
    has_fate.push_back(false);
    return static_cast<std::uint32_t>(has_fate.size() - 1);
  }
  std::uint32_t copy(std::uint32_t frame) override {
    require(!has_fate.at(frame));
    return add();
  }
};

void take(std::vector<Decision>& decisions, Frames& frames) {
  for (const Decision& decision : decisions) {
    require(!frames.has_fate.at(decision.frame));
    frames.has_fate[decision.frame] = true;
    require(decision.flip_bit < std::int64_t{decision.bytes} * 8);
    require(decision.kind == Decision::Kind::drop || decision.due >= decision.arrived);
  }
  decisions.clear();
}

void require_sums(const PipelineCounters& counters) {
  std::uint64_t drops = 0;
  for (const std::uint64_t count : counters.drops) drops += count;
  require(counters.offered_packets + counters.copies == counters.departed_packets + drops + counters.queue_packets);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input{data, size};
  Impairment impairment = read_impairment(input);
  if (!check_impairment(impairment).empty()) return 0;
  (void)needs_wire_packets(impairment);
  Frames frames;
  std::vector<Decision> decisions;
  Nanoseconds now{std::chrono::hours{1}};
  Pipeline pipeline{impairment, input.number(2), now, frames};
  while (!input.empty()) {
    switch (const std::uint8_t what = input.byte(); what % 16) {
      case 0:
        now += input.time(5);
        pipeline.advance(now, decisions);
        break;
      case 1: {
        Impairment changed = read_impairment(input);
        if (check_impairment(changed).empty()) pipeline.set(std::move(changed), now, decisions);
        break;
      }
      case 2:
        pipeline.drop_queued(now, decisions);
        break;
      case 3:
        if (pipeline.next() != Nanoseconds::max()) {
          now = std::max(now, pipeline.next());
          pipeline.advance(now, decisions);
          require(pipeline.next() > now || pipeline.counters().queue_packets == 0);
        }
        break;
      default:
        now += input.time(what % 5);
        // The kernel's stamp may lie before what was decided last.
        pipeline.offer({.at = now - input.time(1),
                        .bytes = static_cast<std::uint32_t>(input.number(2)),
                        .packet_class = static_cast<PacketClass>(what / 16 % 2),
                        .ecn = static_cast<Ecn>(what / 32 % 3),
                        .frame = frames.add()},
                       decisions);
    }
    take(decisions, frames);
    require_sums(pipeline.counters());
    if (now > std::chrono::hours{3}) return 0;
  }
  pipeline.drop_queued(now, decisions);
  take(decisions, frames);
  require_sums(pipeline.counters());
  for (const bool has_fate : frames.has_fate) require(has_fate);
  return 0;
}
