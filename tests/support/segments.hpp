#pragma once

#include <cstddef>
#include <vector>

#include "dummynet/wire/super_frame.hpp"
#include "support/frames.hpp"

namespace dummynet::test {

struct Segment {
  wire::VirtioHeader header;
  Bytes frame;
};

/// What a super-frame is cut into; nothing: it is none.
inline std::vector<Segment> cut_up(const wire::VirtioHeader& header, const Bytes& frame) {
  std::vector<Segment> segments;
  const auto super = wire::SuperFrame::parse(header, frame);
  if (!super) return segments;
  for (std::size_t i = 0; i < super->count(); ++i) {
    Segment segment;
    segment.frame.resize(super->bytes(i));
    segment.header = super->write(i, segment.frame);
    segments.push_back(segment);
  }
  return segments;
}

}  // namespace dummynet::test
