#include "dummynet/wire/control.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>

#include "dummynet/wire/control_socket.hpp"

namespace dummynet::wire {
namespace {

using namespace std::chrono_literals;

Impairment everything() {
  Impairment all;
  all.delay = 20ms;
  all.jitter = {.amount = 3ms, .distribution = Jitter::Distribution::table, .table = {-3, 0, 7}, .reorder = true};
  all.loss = GilbertElliott{.p = 0.1, .r = 0.2, .loss_bad = 0.9, .loss_good = 0.01};
  all.rate = RateSchedule{.steps = {{0ns, 1000}, {1s, 0}}, .repeat = 2s, .overhead_bytes = -14};
  all.queue = {.kind = Queue::Kind::codel, .limit_packets = 7, .limit_time = 9ms, .ecn = true};
  all.duplicate = 0.5;
  all.reorder = {.probability = 0.25, .gap = 5};
  all.corrupt = 0.125;
  all.spare_control = false;
  all.up = false;
  return all;
}

template <typename Message>
void expect_round_trip(const Message& message) {
  const std::string bytes = encode(message);
  const auto back = control::decode<Message>(bytes);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, message);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    EXPECT_FALSE(control::decode<Message>(bytes.substr(0, length))) << length;
  }
  EXPECT_FALSE(control::decode<Message>(bytes + '\0'));
}

TEST(Control, ComesBackAsItWasAndNotWhenCutOff) {
  expect_round_trip(control::Configure{.seed = 7, .spin = 100us, .realtime = true, .log_packets = true});
  expect_round_trip(control::AddLink{3, {everything(), Impairment{}}, 7});
  expect_round_trip(control::AskCounters{4});
  expect_round_trip(control::Refused{"no"});
  control::Set set;
  for (const Loss& loss : {Loss{}, Loss{RandomLoss{0.5}}, Loss{ListedLoss{{1, 5}}}, Loss{EveryNthLoss{3}}}) {
    set.changes.push_back({1, 1, true, everything()});
    set.changes.back().impairment.loss = loss;
  }
  for (const Rate& rate : {Rate{}, Rate{LineRate{1000, 24}}, Rate{DeliveryTrace{{0, 5, 5}, false}}}) {
    set.changes.push_back({0, 0, false, everything()});
    set.changes.back().impairment.rate = rate;
  }
  expect_round_trip(set);
  control::Counters counters{.first = 2, .directions = {DirectionCounters{}, DirectionCounters{}}};
  counters.directions[1].fate.drops[2] = 9;
  counters.directions[1].lateness.add(5us);
  counters.directions[1].achieved_bits_per_second = 1e9;
  expect_round_trip(counters);
}

TEST(Control, RefusesNumbersThatNameNothing) {
  control::AddLink link{0, {Impairment{}}};
  std::string bytes = encode(link);
  const std::size_t distribution = 4 + 4 + 8 + 8;  // position, count, delay, amount
  bytes[distribution] = 5;
  EXPECT_FALSE(control::decode<control::AddLink>(bytes));
  std::string many = encode(link);
  many[4] = many[5] = many[6] = many[7] = '\x7f';  // two thousand million of them
  EXPECT_FALSE(control::decode<control::AddLink>(many));
}

TEST(ControlSocket, CarriesLargeMessagesAndDescriptors) {
  auto [one, other] = os::make_message_sockets();
  ControlSocket sender{std::move(one)};
  ControlSocket receiver{std::move(other)};
  const std::string small(100, 's');
  const std::string large(3U << 20U, 'l');
  const int fds[] = {STDIN_FILENO, STDOUT_FILENO};

  EXPECT_TRUE(sender.send(control::Type::set, small));
  EXPECT_TRUE(sender.send(control::Type::add_link, large, fds));
  const auto first = receiver.wait(60s);
  const auto second = receiver.wait(60s);

  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->body, small);
  EXPECT_EQ(first->type, control::Type::set);
  EXPECT_EQ(second->body, large);
  EXPECT_EQ(second->fds.size(), 3U);
  EXPECT_FALSE(receiver.take());
  EXPECT_FALSE(receiver.is_over());
  sender.close();
  EXPECT_FALSE(receiver.wait(60s));
  EXPECT_TRUE(receiver.is_over());
}

}  // namespace
}  // namespace dummynet::wire
