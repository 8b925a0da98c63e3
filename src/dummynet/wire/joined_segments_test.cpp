#include "dummynet/wire/joined_segments.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "dummynet/wire/super_frame.hpp"
#include "support/frames.hpp"
#include "support/segments.hpp"

namespace dummynet::wire {
namespace {

using test::Bytes;
using test::cut_up;
using test::FrameSpec;
using test::Segment;

/// What goes out for the segments from `begin` to before `end`.
Segment join(const std::vector<Segment>& segments, std::size_t begin, std::size_t end) {
  const std::size_t headers = headers_of_segment(segments[begin].frame);
  Bytes payload;
  for (std::size_t i = begin; i < end; ++i) {
    payload.insert(payload.end(), segments[i].frame.begin() + static_cast<std::ptrdiff_t>(headers),
                   segments[i].frame.end());
  }
  const JoinedHeaders joined = join_headers(segments[begin].frame, segments[end - 1].frame, headers, payload.size());
  Segment result;
  result.header = load_virtio(joined.bytes.data());
  result.frame.assign(joined.bytes.begin() + kVirtioBytes,
                      joined.bytes.begin() + static_cast<std::ptrdiff_t>(joined.length));
  result.frame.insert(result.frame.end(), payload.begin(), payload.end());
  return result;
}

std::vector<FrameSpec> specs() {
  std::vector<FrameSpec> all;
  for (const bool tcp : {false, true}) {
    for (const bool ipv6 : {false, true}) {
      for (const int tags : {0, 1, 2}) {
        for (const std::size_t payload : {2001U, 5000U, 64000U}) {
          all.push_back({.ipv6 = ipv6, .tcp = tcp, .payload = payload, .tags = tags, .tcp_flags = 0x19});
        }
      }
    }
  }
  all.push_back({.tcp = true, .payload = 4000, .ip_options = 40});
  return all;
}

TEST(JoinedSegments, AreWhatTheyWereCutFrom) {
  for (const FrameSpec& spec : specs()) {
    Bytes frame;
    const VirtioHeader header = test::make_super(frame, spec, 1000);
    const auto segments = cut_up(header, frame);

    const Segment again = join(segments, 0, segments.size());

    EXPECT_EQ(again.frame, frame);
    EXPECT_EQ(again.header.gso_type, header.gso_type);
    EXPECT_EQ(again.header.gso_size, header.gso_size);
    EXPECT_EQ(again.header.checksum_start, header.checksum_start);
    EXPECT_EQ(again.header.checksum_offset, header.checksum_offset);
    EXPECT_TRUE(again.header.needs_checksum());
  }
}

TEST(JoinedSegments, AreCutIntoTheSameAgain) {
  for (const FrameSpec& spec : specs()) {
    Bytes frame;
    const VirtioHeader header = test::make_super(frame, spec, 500);
    const auto segments = cut_up(header, frame);
    for (std::size_t begin = 0; begin + 1 < segments.size(); ++begin) {
      const std::size_t end = std::min(segments.size(), begin + 2 + begin % 5);
      const Segment joined = join(segments, begin, end);

      const auto again = cut_up(joined.header, joined.frame);

      ASSERT_EQ(again.size(), end - begin);
      for (std::size_t i = begin; i < end; ++i) EXPECT_EQ(again[i - begin].frame, segments[i].frame);
    }
  }
}

TEST(JoinedSegments, OnlyTheFirstTellsOfAReducedWindow) {
  Bytes frame;
  VirtioHeader header = test::make_super(frame, {.tcp = true, .payload = 4000, .tcp_flags = 0x90}, 1000);
  header.gso_type |= VirtioHeader::kGsoEcn;
  const auto segments = cut_up(header, frame);

  EXPECT_EQ(join(segments, 0, 2).header.gso_type, VirtioHeader::kGsoTcp4 | VirtioHeader::kGsoEcn);
  EXPECT_EQ(join(segments, 1, 3).header.gso_type, VirtioHeader::kGsoTcp4);
}

TEST(JoinedSegments, AreNoOtherFrames) {
  EXPECT_EQ(headers_of_segment(test::make_arp()), 0U);
  EXPECT_EQ(headers_of_segment(test::make_icmpv6(135, false)), 0U);
  EXPECT_EQ(headers_of_segment(test::make_frame({.tcp = true, .payload = 0})), 0U);
  const Bytes whole = test::make_frame({.tcp = true, .payload = 10});
  for (std::size_t length = 0; length <= test::headers_of({.tcp = true}); ++length) {
    EXPECT_EQ(headers_of_segment({whole.data(), length}), 0U);
  }
  EXPECT_EQ(headers_of_segment(whole), test::headers_of({.tcp = true}));
}

}  // namespace
}  // namespace dummynet::wire
