#pragma once

#include <string>
#include <string_view>

namespace dummynet::scenario {

/// What is wrong with the name of a process or a metric, for people; empty when nothing is. Letters, digits, hyphens,
/// underscores and dots, the first one a letter or digit, at most 63: it becomes part of file names and of "p.metric".
std::string why_no_process_name(std::string_view name);

}  // namespace dummynet::scenario
