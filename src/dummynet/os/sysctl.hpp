#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dummynet::os {

/// The file of a setting below net, which each network namespace has for itself: "net.ipv4.ip_forward" is
/// "/proc/sys/net/ipv4/ip_forward". Names as in sysctl(8): parts are separated by dots, or, when the first separator is
/// a slash, by slashes, so that a part may hold dots ("net/ipv4/conf/eth0.5/rp_filter"). Nothing for any other name:
/// one that does not begin with net, has an empty part, "." or "..", or an unprintable character.
std::optional<std::string> sysctl_path(std::string_view name);

/// Reads one of the caller's network namespace, without the newline; empty where it may only be written. Throws as
/// set_sysctl() does.
std::string get_sysctl(const std::string& name);

/// Writes one for the caller's network namespace. Throws std::system_error in plain words: there is no such setting,
/// the kernel refuses the value, /proc/sys is read-only.
void set_sysctl(const std::string& name, const std::string& value);

}  // namespace dummynet::os
