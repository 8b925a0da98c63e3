#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// What is wrong with a trace's text, and where.
struct TraceTextError {
  std::size_t line = 0;  ///< from 1; 0: the whole text
  std::string message;
  bool operator==(const TraceTextError&) const = default;
};

/// Reads Mahimahi's format: one decimal number a line, the milliseconds of an opportunity since the start, never
/// descending; several at the same millisecond are as many opportunities. Lines end with LF or CRLF, the last may lack
/// its end. What it gives passes check_impairment().
std::variant<DeliveryTrace, TraceTextError> parse_delivery_trace(std::string_view text, bool repeat = true);

}  // namespace dummynet::wire
