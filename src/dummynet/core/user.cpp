#include "dummynet/core/user.hpp"

#include <grp.h>
#include <pwd.h>

#include <cerrno>
#include <charconv>

namespace dummynet {

namespace {

// getpwnam_r(3) or getpwuid_r(3), with as much room as they ask for.
template <typename LookUp>
std::optional<Account> look_up(LookUp call) {
  std::string buffer(4096, '\0');
  passwd entry{};
  passwd* found = nullptr;
  while (call(&entry, buffer, &found) == ERANGE && buffer.size() < (1U << 20U)) buffer.resize(buffer.size() * 2);
  if (found == nullptr) return std::nullopt;
  Account account{found->pw_name, found->pw_dir, found->pw_shell, found->pw_uid, found->pw_gid, {}};
  int count = 64;
  account.groups.resize(64);
  while (::getgrouplist(account.name.c_str(), account.gid, account.groups.data(), &count) < 0 &&
         count > static_cast<int>(account.groups.size())) {
    account.groups.resize(static_cast<std::size_t>(count));
  }
  account.groups.resize(static_cast<std::size_t>(count));
  return account;
}

std::optional<uid_t> as_number(const std::string& text) {
  uid_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size() || number == static_cast<uid_t>(-1)) return std::nullopt;
  return number;
}

[[noreturn]] void refuse(const std::string& why) { throw std::invalid_argument{why}; }

// With the caller's own ids, which need no rights, only another name.
Identity own_identity(const Standing& standing) {
  if (!standing.maps_to_root || standing.uid == 0) return {};
  return {Identity::Kind::nested, {{}, {}, {}, standing.uid, standing.gid, {}}};
}

}  // namespace

std::optional<Account> find_account(const std::string& name_or_number) {
  if (auto named = look_up([&](passwd* entry, std::string& buffer, passwd** found) {
        return ::getpwnam_r(name_or_number.c_str(), entry, buffer.data(), buffer.size(), found);
      })) {
    return named;
  }
  const std::optional<uid_t> number = as_number(name_or_number);
  if (!number) return std::nullopt;
  if (auto numbered = look_up([&](passwd* entry, std::string& buffer, passwd** found) {
        return ::getpwuid_r(*number, entry, buffer.data(), buffer.size(), found);
      })) {
    return numbered;
  }
  return Account{{}, {}, {}, *number, *number, {*number}};
}

Identity resolve_user(const std::string& user, const Standing& standing) {
  if (user.empty()) return {};
  if (user == "self") return own_identity(standing);
  if (user == "root" && (standing.uid == 0 || standing.maps_to_root)) return {};
  const std::optional<Account> account = find_account(user);
  if (!account)
    refuse("there is no account '" + user + "' on this machine; it may be root, self, or an account's name or number");
  if (account->uid == standing.uid) return own_identity(standing);
  if (standing.maps_to_root) {
    refuse("'" + user +
           "' needs a sandbox that real root made: an ordinary user's one knows no ids but his own, which may be root "
           "or self in it");
  }
  if (standing.uid != 0) refuse("only root may start a process as '" + user + "'");
  return {Identity::Kind::changed, *account};
}

}  // namespace dummynet
