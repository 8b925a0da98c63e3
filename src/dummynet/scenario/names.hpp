#pragma once

#include <string>
#include <string_view>

namespace dummynet::scenario {

/// Each: what is wrong with this name, for people; empty when nothing is.

/// A node: it becomes a host name. RFC 1123: letters, digits and hyphens, no hyphen at either end, at most 63.
std::string why_no_host_name(std::string_view name);
/// A network interface: at most 15 bytes, no slash, colon, space or control character, not `.`, `..` or `lo`:
/// netdevice(7).
std::string why_no_interface_name(std::string_view name);
/// A process or a metric: letters, digits, hyphens, underscores and dots, the first one a letter or digit, at most 63.
std::string why_no_process_name(std::string_view name);

}  // namespace dummynet::scenario
