#include "dummynet/net/scoped_name.hpp"

#include <algorithm>
#include <stdexcept>

#include "dummynet/net/name.hpp"

namespace dummynet::net {

namespace {

constexpr std::string_view kDigits = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
constexpr std::size_t kMinDigits = 4;
constexpr std::size_t kMaxInterface = 15;  // IFNAMSIZ without its NUL

}  // namespace

std::string base58(std::uint32_t number) {
  std::string text;
  do {
    text += kDigits[number % kDigits.size()];
    number /= static_cast<std::uint32_t>(kDigits.size());
  } while (number > 0);
  std::reverse(text.begin(), text.end());
  return text;
}

NameScope::NameScope(std::uint32_t uid) {
  if (uid == 0) return;
  std::string number = base58(uid);
  if (number.size() < kMinDigits) number.insert(0, kMinDigits - number.size(), kDigits.front());
  prefix_ = "d-" + number + '-';
}

std::string NameScope::interface(std::string_view name) const {
  if (name == "lo") return std::string{name};
  if (const auto fault = find_fault_in_interface_name(name)) throw std::invalid_argument{*fault};
  if (prefix_.size() + name.size() > kMaxInterface) {
    throw std::invalid_argument{"interface name " + in_quotes(name) + " is longer than " +
                                std::to_string(kMaxInterface - prefix_.size()) + " characters, which is what " +
                                in_quotes(prefix_) + " before it leaves"};
  }
  return prefix_ + std::string{name};
}

std::optional<std::string> NameScope::unscoped(std::string_view kernel_name) const {
  if (kernel_name == "lo") return std::string{kernel_name};
  if (!kernel_name.starts_with(prefix_) || kernel_name.size() == prefix_.size()) return std::nullopt;
  return std::string{kernel_name.substr(prefix_.size())};
}

}  // namespace dummynet::net
