#pragma once

#include <sys/types.h>

#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace dummynet {

/// An account of this machine: passwd(5), group(5).
struct Account {
  std::string name;  ///< empty: a number that no account has
  std::string home;
  std::string shell;
  uid_t uid = 0;
  gid_t gid = 0;
  std::vector<gid_t> groups;  ///< all of them, the first one included: getgrouplist(3)
};

/// By name or by number. A number without an account stands for itself, as user and as group.
std::optional<Account> find_account(const std::string& name_or_number);

/// Where a process is to be started, as far as its user is concerned.
struct Standing {
  bool sandbox = false;
  bool maps_to_root = false;  ///< a sandbox of an ordinary user, who is uid 0 in it: there is no other uid
  uid_t uid = 0;              ///< this program's
  gid_t gid = 0;
};

/// What has to be done so that a process is who it shall be.
struct Identity {
  enum class Kind {
    unchanged,  ///< it is that already
    nested,     ///< one more user namespace, in which the ids are `account`'s
    changed,    ///< to `account`
  };
  Kind kind = Kind::unchanged;
  Account account{};
};

/// `user` as in RunOptions. Throws std::invalid_argument, which says why that is not possible there.
Identity resolve_user(const std::string& user, const Standing& standing);

}  // namespace dummynet
