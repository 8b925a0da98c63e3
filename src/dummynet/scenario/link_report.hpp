#pragma once

#include <chrono>
#include <nlohmann/json_fwd.hpp>
#include <span>

#include "dummynet/scenario/result.hpp"
#include "dummynet/scenario/table.hpp"

namespace dummynet::scenario {

/// As programs get every duration.
inline double seconds(std::chrono::nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

/// What links did, for people: a row for each direction.
Table tabulate_links(std::span<const LinkResult> links);

/// The same for programs, with everything that was counted.
nlohmann::ordered_json link_as_json(const LinkResult& link);

}  // namespace dummynet::scenario
