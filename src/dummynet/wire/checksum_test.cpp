#include "dummynet/wire/checksum.hpp"

#include <gtest/gtest.h>

#include "dummynet/wire/byte_order.hpp"
#include "support/frames.hpp"

namespace dummynet::wire {
namespace {

using test::Bytes;
using test::FrameSpec;

TEST(Checksum, AddsUpTheExampleOfRfc1071) {
  const Bytes example{std::byte{0x00}, std::byte{0x01}, std::byte{0xf2}, std::byte{0x03},
                      std::byte{0xf4}, std::byte{0xf5}, std::byte{0xf6}, std::byte{0xf7}};
  EXPECT_EQ(internet_sum(example), 0xddf2);
}

TEST(Checksum, PadsAnOddByteWithZero) {
  const Bytes odd{std::byte{0x12}, std::byte{0x34}, std::byte{0x56}};
  EXPECT_EQ(internet_sum(odd), 0x1234 + 0x5600);
  EXPECT_EQ(internet_sum(Bytes{}), 0);
  EXPECT_EQ(internet_sum(Bytes{}, 0x12345), 0x2346);
}

TEST(Checksum, CompletesWhatASenderLeftToTheHardware) {
  for (const bool tcp : {false, true}) {
    for (const bool ipv6 : {false, true}) {
      for (const std::size_t payload : {0U, 1U, 2U, 3U, 99U, 1400U}) {
        const FrameSpec spec{.ipv6 = ipv6, .tcp = tcp, .payload = payload, .tags = payload % 2 == 0 ? 0 : 1};
        const Bytes right = test::make_frame(spec);
        ASSERT_TRUE(test::checksums_hold(right, spec));
        Bytes frame = right;
        VirtioHeader header = test::make_partial(frame, spec);
        ASSERT_NE(frame, right);

        EXPECT_TRUE(complete_checksum(header, frame));

        EXPECT_EQ(frame, right);
        EXPECT_FALSE(header.needs_checksum());
      }
    }
  }
}

TEST(Checksum, WritesZeroAsAllOnes) {
  Bytes frame(4, std::byte{0xff});  // sums up to 0xffff, whose complement is zero: "no checksum" in UDP
  VirtioHeader header{.flags = VirtioHeader::kNeedsChecksum, .checksum_start = 0, .checksum_offset = 2};

  EXPECT_TRUE(complete_checksum(header, frame));

  EXPECT_EQ(load16(frame, 2), 0xffff);
}

TEST(Checksum, LeavesAFrameAloneThatItsHeaderPointsOutOf) {
  const Bytes before(20, std::byte{1});
  for (const unsigned at : {19U, 20U, 21U, 0xffffU}) {
    const auto start = static_cast<std::uint16_t>(at);
    Bytes frame = before;
    VirtioHeader header{.flags = VirtioHeader::kNeedsChecksum, .checksum_start = start, .checksum_offset = 0};
    EXPECT_FALSE(complete_checksum(header, frame));
    EXPECT_EQ(frame, before);
  }
}

}  // namespace
}  // namespace dummynet::wire
