#pragma once

#include "dummynet/wire/impairment.hpp"

namespace dummynet::test {

/// A link that delays everything and does nothing else.
inline wire::Impairment delayed(wire::Nanoseconds delay) {
  wire::Impairment impairment;
  impairment.delay = delay;
  return impairment;
}

}  // namespace dummynet::test
