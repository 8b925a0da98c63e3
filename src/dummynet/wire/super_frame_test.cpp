#include "dummynet/wire/super_frame.hpp"

#include <gtest/gtest.h>

#include <optional>

#include "dummynet/wire/byte_order.hpp"
#include "dummynet/wire/checksum.hpp"
#include "support/frames.hpp"
#include "support/segments.hpp"

namespace dummynet::wire {
namespace {

using test::Bytes;
using test::cut_up;
using test::FrameSpec;
using test::Segment;

TEST(SuperFrame, IsCutIntoFramesThatAreRightByThemselves) {
  for (const bool tcp : {false, true}) {
    for (const bool ipv6 : {false, true}) {
      for (const std::size_t payload : {1000U, 2000U, 2001U, 64000U}) {
        const FrameSpec spec{.ipv6 = ipv6, .tcp = tcp, .payload = payload, .tags = payload == 2001 ? 1 : 0};
        Bytes frame;
        const VirtioHeader header = test::make_super(frame, spec, 1000);
        const auto segments = cut_up(header, frame);

        ASSERT_EQ(segments.size(), (payload + 999) / 1000);
        Bytes together(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(test::headers_of(spec)));
        for (Segment segment : segments) {
          EXPECT_FALSE(segment.header.is_super_frame());
          EXPECT_TRUE(complete_checksum(segment.header, segment.frame));
          EXPECT_TRUE(test::checksums_hold(segment.frame, spec));
          const auto begin = segment.frame.begin() + static_cast<std::ptrdiff_t>(test::headers_of(spec));
          together.insert(together.end(), begin, segment.frame.end());
        }
        EXPECT_EQ(Bytes(together.begin() + static_cast<std::ptrdiff_t>(test::headers_of(spec)), together.end()),
                  Bytes(frame.begin() + static_cast<std::ptrdiff_t>(test::headers_of(spec)), frame.end()));
      }
    }
  }
}

TEST(SuperFrame, CountsOnAndKeepsFlagsWhereTheyBelong) {
  constexpr std::uint8_t kAll = 0x10 | 0x08 | 0x01 | 0x80;  // ACK, PSH, FIN, CWR
  Bytes frame;
  const FrameSpec spec{.tcp = true, .payload = 2500, .tcp_flags = kAll};
  VirtioHeader header = test::make_super(frame, spec, 1000);
  header.gso_type = VirtioHeader::kGsoTcp4 | VirtioHeader::kGsoEcn;
  const auto segments = cut_up(header, frame);
  ASSERT_EQ(segments.size(), 3U);
  const std::uint32_t first = load32(frame, 34 + 4);
  const std::uint8_t flags[] = {0x10 | 0x80, 0x10, 0x10 | 0x08 | 0x01};
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(load32(segments[i].frame, 34 + 4), static_cast<std::uint32_t>(first + 1000 * i));
    EXPECT_EQ(load16(segments[i].frame, 14 + 4), static_cast<std::uint16_t>(0xfffe + i));
    EXPECT_EQ(segments[i].frame[34 + 13], std::byte{flags[i]});
  }
}

TEST(SuperFrame, IsNotWhatOnlySaysSo) {
  Bytes frame;
  const FrameSpec spec{.tcp = true, .payload = 3000};
  const VirtioHeader right = test::make_super(frame, spec, 1000);
  ASSERT_TRUE(SuperFrame::parse(right, frame));
  for (const std::uint8_t type :
       {std::uint8_t{0}, std::uint8_t{3}, std::uint8_t{4}, std::uint8_t{5}, std::uint8_t{9}}) {
    VirtioHeader wrong = right;
    wrong.gso_type = type;
    EXPECT_FALSE(SuperFrame::parse(wrong, frame)) << int{type};
  }
  VirtioHeader without_size = right;
  without_size.gso_size = 0;
  EXPECT_FALSE(SuperFrame::parse(without_size, frame));
  for (std::size_t length = 0; length <= test::headers_of(spec); ++length) {
    const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(SuperFrame::parse(right, cut));
  }
}

}  // namespace
}  // namespace dummynet::wire
