#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dummynet::net {

/// Names that two programs at work on the same network do not share: "eth0" becomes "d-1HXb-eth0". In the middle stands
/// the number of the user of the names, the program's pid by default, in base58 (digits and letters without 0, O, I
/// and l), four characters at least. Pure.
class NameScope {
 public:
  /// 0: names stay as they are.
  explicit NameScope(std::uint32_t uid);

  /// The kernel's name of an interface: 15 characters at most, so that 8 are left for the name while the number is
  /// below 11,316,496, as all pids are. `lo` is everybody's and stays. Throws std::invalid_argument for a name that is
  /// too long or that the kernel would refuse.
  std::string interface(std::string_view name) const;
  /// The name that this scope gave; nothing for an interface of somebody else. `lo` is its own.
  std::optional<std::string> unscoped(std::string_view kernel_name) const;

  /// "d-1HXb-", or nothing.
  const std::string& prefix() const noexcept { return prefix_; }

 private:
  std::string prefix_;
};

/// "1" for 0, "21" for 58: most significant digit first.
std::string base58(std::uint32_t number);

}  // namespace dummynet::net
