#include "dummynet/wire/pipeline.hpp"

#include <algorithm>
#include <utility>

#include "dummynet/wire/bottleneck.hpp"
#include "dummynet/wire/delay_stage.hpp"
#include "dummynet/wire/instant.hpp"
#include "dummynet/wire/loss.hpp"
#include "dummynet/wire/random_stream.hpp"

namespace dummynet::wire {

std::string_view to_string(DropReason reason) {
  switch (reason) {
    case DropReason::loss:
      return "loss";
    case DropReason::queue_full:
      return "queue_full";
    case DropReason::codel:
      return "codel";
    case DropReason::pie:
      return "pie";
    case DropReason::link_down:
      return "link_down";
    case DropReason::trace_over:
      return "trace_over";
  }
  return "unknown";
}

class Pipeline::State final : public Outlet {
 public:
  State(Impairment impairment, std::uint64_t seed, Nanoseconds start, Frames& frames)
      : random_{seed}, frames_{frames}, start_{start}, impairment_{std::move(impairment)} {
    apply(start, false);
  }

  void offer(const Arrival& arrival, std::vector<Decision>& decisions);
  Nanoseconds next() const noexcept {
    const Nanoseconds turn = bottleneck_.next_turn();
    return turn == kNever ? kNever : later(turn, slack_);
  }
  void advance(Nanoseconds now, std::vector<Decision>& decisions) {
    decisions_ = &decisions;
    bottleneck_.serve(now);
    note_queue();
  }
  void set(Impairment impairment, Nanoseconds now, std::vector<Decision>& decisions);
  void drop_queued(Nanoseconds now, std::vector<Decision>& decisions) {
    advance(now, decisions);
    bottleneck_.clear(DropReason::link_down, now);
    note_queue();
  }
  const Impairment& impairment() const noexcept { return impairment_; }
  const PipelineCounters& counters() const noexcept { return counters_; }

  void pass(const Packet& packet, Nanoseconds finish) override;
  void drop(const Packet& packet, DropReason reason, Nanoseconds at) override;

 private:
  void apply(Nanoseconds now, bool keep_line);
  Packet count(const Arrival& arrival);
  bool is_early(PacketClass packet_class, std::uint64_t number);
  void corrupt(Packet& packet) const;
  void note_queue() noexcept {
    counters_.queue_packets = bottleneck_.queue().packets();
    counters_.queue_bytes = bottleneck_.queue().bytes();
    counters_.max_queue_packets = std::max(counters_.max_queue_packets, counters_.queue_packets);
    counters_.max_queue_bytes = std::max(counters_.max_queue_bytes, counters_.queue_bytes);
  }

  RandomStreams random_;
  Frames& frames_;
  Nanoseconds start_;
  Impairment impairment_;
  PipelineCounters counters_{};
  std::array<std::uint64_t, 2> numbers_{};      // the last of each class
  std::array<std::uint64_t, 2> since_early_{};  // Reorder: packets of each class since the last that went ahead
  LossModel loss_{};
  Chance duplicate_{}, corrupt_{}, early_{};
  Bottleneck bottleneck_{random_, *this};
  DelayStage delay_{};
  Nanoseconds slack_{0};
  std::vector<Decision>* decisions_ = nullptr;  // the caller's, during a call
};

// The models look into impairment_, which must hold still between two calls.
void Pipeline::State::apply(Nanoseconds now, bool keep_line) {
  loss_.set(impairment_.loss, impairment_.spare_control);
  duplicate_ = Chance{impairment_.duplicate};
  corrupt_ = Chance{impairment_.corrupt};
  early_ = Chance{impairment_.reorder.probability};
  delay_.set(impairment_);
  // A turn may be found out late, as long as the packet can still depart in time: fewer wake-ups. Not too late, or
  // many would have to be carried out at once.
  slack_ = std::min(delay_.least() / 2, Nanoseconds{std::chrono::milliseconds{1}});
  bottleneck_.set(impairment_, start_, now, keep_line);
}

void Pipeline::State::set(Impairment impairment, Nanoseconds now, std::vector<Decision>& decisions) {
  advance(now, decisions);
  const bool keep_line = impairment.rate == impairment_.rate;
  // The line that goes on looks into the steps it knows; a moved vector keeps them where they are.
  if (keep_line) impairment.rate = std::move(impairment_.rate);
  impairment_ = std::move(impairment);
  apply(now, keep_line);
  note_queue();
}

void Pipeline::State::offer(const Arrival& arrival, std::vector<Decision>& decisions) {
  decisions_ = &decisions;
  Packet packet = count(arrival);
  if (!impairment_.up) return drop(packet, DropReason::link_down, arrival.at);
  if (loss_.loses(packet.packet_class, packet.number, random_)) return drop(packet, DropReason::loss, arrival.at);

  const bool is_spared = packet.packet_class == PacketClass::control && impairment_.spare_control;
  Packet copy = packet;
  copy.is_copy = duplicate_.is_possible() && !is_spared &&
                 duplicate_.hits(random_.draw(Purpose::duplicate, packet.packet_class, packet.number));
  if (copy.is_copy) {
    copy.frame = frames_.copy(packet.frame);
    ++counters_.copies;
  }
  packet.is_early = early_.is_possible() && is_early(packet.packet_class, packet.number);
  if (corrupt_.is_possible() && !is_spared) corrupt(packet);
  bottleneck_.enqueue(packet);
  if (copy.is_copy) {
    if (corrupt_.is_possible()) corrupt(copy);
    bottleneck_.enqueue(copy);
  }
  note_queue();
}

Packet Pipeline::State::count(const Arrival& arrival) {
  ++counters_.offered_packets;
  counters_.offered_bytes += arrival.bytes;
  Packet packet;
  packet.arrived = arrival.at;
  packet.number = ++numbers_[static_cast<std::size_t>(arrival.packet_class)];
  packet.bytes = arrival.bytes;
  packet.frame = arrival.frame;
  packet.packet_class = arrival.packet_class;
  packet.ecn = arrival.ecn;
  return packet;
}

// tc-netem(8): after gap - 1 delayed packets each has its chance, until one takes it.
bool Pipeline::State::is_early(PacketClass packet_class, std::uint64_t number) {
  std::uint64_t& since = since_early_[static_cast<std::size_t>(packet_class)];
  if (since + 1 < impairment_.reorder.gap || !early_.hits(random_.draw(Purpose::reorder, packet_class, number))) {
    ++since;
    return false;
  }
  since = 0;
  return true;
}

void Pipeline::State::corrupt(Packet& packet) const {
  if (packet.bytes == 0) return;
  if (!corrupt_.hits(random_.draw(Purpose::corrupt, packet.packet_class, packet.number, packet.is_copy))) return;
  const std::uint64_t random_bits =
      random_.draw(Purpose::corrupt_bit, packet.packet_class, packet.number, packet.is_copy);
  packet.flip_bit = static_cast<std::int64_t>(pick(random_bits, std::uint64_t{packet.bytes} * 8));
}

void Pipeline::State::pass(const Packet& packet, Nanoseconds finish) {
  const DelayStage::Departure departure = delay_.depart(packet, finish, random_);
  ++counters_.departed_packets;
  counters_.departed_bytes += packet.bytes;
  counters_.reordered += departure.is_reordered ? 1 : 0;
  counters_.corrupted += packet.flip_bit >= 0 ? 1 : 0;
  counters_.marked += packet.mark ? 1 : 0;
  decisions_->push_back({.kind = Decision::Kind::depart,
                         .packet_class = packet.packet_class,
                         .mark = packet.mark,
                         .flip_bit = packet.flip_bit,
                         .frame = packet.frame,
                         .bytes = packet.bytes,
                         .number = packet.number,
                         .arrived = packet.arrived,
                         .due = departure.due});
}

void Pipeline::State::drop(const Packet& packet, DropReason reason, Nanoseconds at) {
  ++counters_.drops[static_cast<std::size_t>(reason)];
  decisions_->push_back({.kind = Decision::Kind::drop,
                         .reason = reason,
                         .packet_class = packet.packet_class,
                         .frame = packet.frame,
                         .bytes = packet.bytes,
                         .number = packet.number,
                         .arrived = packet.arrived,
                         .due = at});
}

Pipeline::Pipeline(Impairment impairment, std::uint64_t seed, Nanoseconds start, Frames& frames)
    : state_{std::make_unique<State>(std::move(impairment), seed, start, frames)} {}
Pipeline::~Pipeline() = default;
Pipeline::Pipeline(Pipeline&&) noexcept = default;
Pipeline& Pipeline::operator=(Pipeline&&) noexcept = default;

void Pipeline::offer(const Arrival& arrival, std::vector<Decision>& decisions) { state_->offer(arrival, decisions); }
Nanoseconds Pipeline::next() const noexcept { return state_->next(); }
void Pipeline::advance(Nanoseconds now, std::vector<Decision>& decisions) { state_->advance(now, decisions); }
void Pipeline::set(Impairment impairment, Nanoseconds now, std::vector<Decision>& decisions) {
  state_->set(std::move(impairment), now, decisions);
}
void Pipeline::drop_queued(Nanoseconds now, std::vector<Decision>& decisions) { state_->drop_queued(now, decisions); }
const Impairment& Pipeline::impairment() const noexcept { return state_->impairment(); }
const PipelineCounters& Pipeline::counters() const noexcept { return state_->counters(); }

}  // namespace dummynet::wire
