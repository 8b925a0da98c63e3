#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dummynet::net {

/// What is wrong with a node's name, or nothing. It must be one label of a host name (RFC 1123: letters, digits,
/// hyphens, at most 63, no hyphen at the ends), not `localhost`, and nothing that resolvers take for an address ("7",
/// "0x7f").
std::optional<std::string> find_fault_in_node_name(std::string_view name);

/// The same for an interface: 1 to 15 printable characters of ASCII without '/', ':' and '%'; not ".", "..", "lo",
/// "all" or "default", which have meanings of their own in /proc/sys/net.
std::optional<std::string> find_fault_in_interface_name(std::string_view name);

/// Names are compared without regard to case when they are resolved (RFC 4343).
std::string to_lower(std::string_view name);

/// For messages: in quotes, with anything unprintable as \xNN, at most 80 characters.
std::string in_quotes(std::string_view name);

/// A name as complaints quote it: `name`, shortened if it is very long, control characters escaped.
std::string backticked(std::string_view name);

}  // namespace dummynet::net
