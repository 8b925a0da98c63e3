#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// Something wrong with an impairment.
struct ImpairmentComplaint {
  std::string property;  ///< the scenario file's key: "loss", "jitter", "queue" …
  std::string message;   ///< "must be at most 100%, is 120%"
  bool operator==(const ImpairmentComplaint&) const = default;
};

/// Everything at once; empty: it can be carried out.
std::vector<ImpairmentComplaint> check_impairment(const Impairment& impairment);

/// Packets of 1,514 bytes that `rate` × 2 × the delay hold, at least 20; 0: without limit, since there is no rate. For
/// a schedule its highest rate counts, for a trace its average.
std::uint64_t default_limit_packets(const Impairment& impairment);

/// Every wire packet must be decided by itself: a frame of many segments has to be cut up before. Not for a constant
/// delay alone, nor for nothing at all.
bool needs_wire_packets(const Impairment& impairment);

}  // namespace dummynet::wire
