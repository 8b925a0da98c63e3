// What packet sockets may hand to the engine: whatever bytes come, looking at them is harmless; what is cut up adds up
// to what it was, and what is completed is right.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "dummynet/wire/checksum.hpp"
#include "dummynet/wire/frame_layout.hpp"
#include "dummynet/wire/super_frame.hpp"
#include "dummynet/wire/vlan_tag.hpp"

namespace {

using namespace dummynet::wire;
using Bytes = std::vector<std::byte>;

void require(bool holds) {
  if (!holds) std::abort();
}

void look_at(const Bytes& frame) {
  const FrameLayout layout = parse_frame(frame);
  require(layout.network <= frame.size());
  require(layout.transport == 0 || (layout.transport > layout.network && layout.transport < frame.size()));
  classify(frame, layout);
  if (read_ecn(frame, layout) != Ecn::capable) return;
  Bytes marked = frame;
  mark_congestion(marked, layout);
  require(read_ecn(marked, layout) == Ecn::marked);
}

void complete(VirtioHeader header, Bytes frame) {
  if (!header.needs_checksum() || !complete_checksum(header, frame)) return;
  require(!header.needs_checksum());
  // Again: nothing to do.
  const Bytes before = frame;
  require(complete_checksum(header, frame) && frame == before);
}

void cut_up(const VirtioHeader& header, const Bytes& frame) {
  const auto super = SuperFrame::parse(header, frame);
  if (!super) return;
  require(super->count() > 0);
  std::size_t all = 0;
  Bytes segment;
  // Of many a few: each is written by itself.
  for (std::size_t i = 0; i < super->count(); ++i) {
    all += super->bytes(i);
    if (i > 3 && i + 3 < super->count()) continue;
    segment.assign(super->bytes(i), std::byte{0});
    VirtioHeader its = super->write(i, segment);
    require(!its.is_super_frame());
    require(parse_frame(segment).network == parse_frame(frame).network);
    require(complete_checksum(its, segment));
  }
  require(all == frame.size() + super->extra_bytes());
}

void put_tag_back(const VirtioHeader& header, const Bytes& frame) {
  if (frame.size() < 14) return;
  Bytes memory(kVlanBytes + kVirtioBytes);
  store_virtio(memory.data() + kVlanBytes, header);
  memory.insert(memory.end(), frame.begin(), frame.end());
  std::byte* const at = insert_vlan_tag(memory.data() + kVlanBytes, 0x8100, 7);
  require(at == memory.data());
  const Bytes tagged(memory.begin() + kVirtioBytes, memory.end());
  require(std::equal(frame.begin() + 12, frame.end(), tagged.begin() + 16));
  look_at(tagged);
  const std::size_t network = parse_frame(frame).network;
  require(network == 0 || parse_frame(tagged).network == network + kVlanBytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < kVirtioBytes) return 0;
  const auto* bytes = reinterpret_cast<const std::byte*>(data);
  const VirtioHeader header = load_virtio(bytes);
  const Bytes frame(bytes + kVirtioBytes, bytes + size);
  look_at(frame);
  complete(header, frame);
  cut_up(header, frame);
  put_tag_back(header, frame);
  return 0;
}
