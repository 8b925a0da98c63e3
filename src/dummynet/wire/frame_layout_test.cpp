#include "dummynet/wire/frame_layout.hpp"

#include <gtest/gtest.h>

#include "support/frames.hpp"

namespace dummynet::wire {
namespace {

using test::Bytes;
using test::FrameSpec;

PacketClass class_of(const Bytes& frame) { return classify(frame, parse_frame(frame)); }
Ecn ecn_of(const Bytes& frame) { return read_ecn(frame, parse_frame(frame)); }

TEST(FrameLayout, FindsTheHeadersBehindAnyNumberOfTags) {
  for (const int tags : {0, 1, 2}) {
    const auto shift = static_cast<std::size_t>(4 * tags);
    const FrameLayout v4 = parse_frame(test::make_frame({.tcp = true, .tags = tags, .ip_options = 8}));
    EXPECT_EQ(v4.kind, FrameLayout::Network::ipv4);
    EXPECT_EQ(v4.network, 14 + shift);
    EXPECT_EQ(v4.transport, 14 + shift + 28);
    EXPECT_EQ(v4.protocol, 6);
    const FrameLayout v6 = parse_frame(test::make_frame({.ipv6 = true, .tags = tags}));
    EXPECT_EQ(v6.kind, FrameLayout::Network::ipv6);
    EXPECT_EQ(v6.transport, 14 + shift + 40);
    EXPECT_EQ(v6.protocol, 17);
  }
}

TEST(FrameLayout, ReadsNothingBeyondTheEndOfAFrame) {
  for (const FrameSpec& spec : {FrameSpec{.payload = 4}, FrameSpec{.ipv6 = true, .payload = 4, .tags = 2}}) {
    const Bytes whole = test::make_frame(spec);
    for (std::size_t length = 0; length <= whole.size(); ++length) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(length));  // a sanitizer watches
      const FrameLayout layout = parse_frame(cut);
      EXPECT_LE(layout.network, cut.size());
      EXPECT_TRUE(layout.transport == 0 || layout.transport < cut.size());
      classify(cut, layout);
      read_ecn(cut, layout);
    }
  }
}

TEST(FrameLayout, HasNoTransportInALaterFragment) {
  Bytes frame = test::make_frame({});
  frame[14 + 7] = std::byte{10};  // offset 80
  EXPECT_EQ(parse_frame(frame).transport, 0U);
}

TEST(PacketClass, IsControlForWhatComesByItself) {
  EXPECT_EQ(class_of(test::make_arp()), PacketClass::control);
  EXPECT_EQ(class_of(test::make_arp(1)), PacketClass::control);
  for (const unsigned type : {130U, 131U, 132U, 133U, 134U, 135U, 136U, 137U, 143U}) {
    EXPECT_EQ(class_of(test::make_icmpv6(type, false)), PacketClass::control) << type;
    EXPECT_EQ(class_of(test::make_icmpv6(type, true)), PacketClass::control) << type;
  }
  Bytes igmp = test::make_frame({});
  igmp[14 + 9] = std::byte{2};
  EXPECT_EQ(class_of(igmp), PacketClass::control);
  Bytes spanning_tree(60);
  spanning_tree[13] = std::byte{38};  // a length
  EXPECT_EQ(class_of(spanning_tree), PacketClass::control);
}

TEST(PacketClass, IsDataForTheRest) {
  EXPECT_EQ(class_of(test::make_frame({})), PacketClass::data);
  EXPECT_EQ(class_of(test::make_frame({.ipv6 = true, .tcp = true, .tags = 1})), PacketClass::data);
  EXPECT_EQ(class_of(test::make_icmpv6(128, false)), PacketClass::data);  // echo request
  EXPECT_EQ(class_of(test::make_icmpv6(1, true)), PacketClass::data);     // unreachable
}

TEST(Ecn, IsReadAndMarkedInBothFamilies) {
  for (const bool ipv6 : {false, true}) {
    for (const int tags : {0, 1}) {
      const Ecn expected[] = {Ecn::not_capable, Ecn::capable, Ecn::capable, Ecn::marked};
      for (unsigned bits = 0; bits < 4; ++bits) {
        const FrameSpec spec{.ipv6 = ipv6, .tags = tags, .ecn = bits};
        Bytes frame = test::make_frame(spec);
        EXPECT_EQ(ecn_of(frame), expected[bits]);

        mark_congestion(frame, parse_frame(frame));

        EXPECT_EQ(ecn_of(frame), Ecn::marked);
        EXPECT_TRUE(test::checksums_hold(frame, spec));
      }
    }
  }
  EXPECT_EQ(ecn_of(test::make_arp()), Ecn::not_capable);
}

}  // namespace
}  // namespace dummynet::wire
