#pragma once

#include <sys/types.h>

#include <string>

namespace dummynet::test {

/// An account of its own with a random password, for as long as it lives; and what sudoers(5) says about it. Needs
/// root. An account that a killed test left behind goes with the next one.
class TestUser {
 public:
  TestUser();
  ~TestUser();
  TestUser(const TestUser&) = delete;
  TestUser& operator=(const TestUser&) = delete;

  /// Empty: it may do nothing. Else the rule after the user's name, e.g. "ALL=(ALL:ALL) ALL".
  void set_rule(const std::string& rule, const std::string& defaults = {}) const;

  const std::string& name() const noexcept { return name_; }
  const std::string& password() const noexcept { return password_; }
  uid_t uid() const noexcept { return uid_; }
  /// For good: this process becomes that user.
  void become() const;

  /// Why no such user can be made here; empty: it can.
  static std::string why_not();

 private:
  std::string name_;
  std::string password_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
};

}  // namespace dummynet::test
