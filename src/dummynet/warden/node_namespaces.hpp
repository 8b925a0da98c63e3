#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/os/fd.hpp"
#include "dummynet/warden/protocol.hpp"

namespace dummynet::warden {

/// A node: a network namespace and a mount namespace in which /sys and replaced files belong to it. Only its two
/// descriptors are kept.
class NodeNamespaces {
 public:
  NodeNamespaces(os::Fd network, os::Fd mount) noexcept : network_{std::move(network)}, mount_{std::move(mount)} {}
  const os::Fd& network() const noexcept { return network_; }
  const os::Fd& mount() const noexcept { return mount_; }
  /// Gives the file new content for all who live in the node's mount namespace. Throws std::system_error.
  void set_file(const std::string& path, const std::string& content);
  /// See change_sysctls().
  std::vector<std::string> set_sysctls(const std::vector<Sysctl>& sysctls) const;
  /// Lets processes that are not root listen on every port and use ping: ip(7), icmp(7). False where that is refused.
  bool open_to_everybody();

 private:
  friend class NodeMaker;
  os::Fd network_;
  os::Fd mount_;
  std::vector<std::string> own_files_;  // replaced, and not shared with other nodes
  bool is_open_ = false;
};

/// Sets those of the caller's network namespace: all or, when one is refused, none. Returns what they were.
std::vector<std::string> change_sysctls(const std::vector<Sysctl>& sysctls);

/// Makes nodes. What they have in common is prepared once: a mount namespace in which nobody lives, with a tmpfs that
/// holds all replaced files. Each node's mount namespace is a copy of it, binds its files over the machine's own and
/// drops the tmpfs, which lives on in these bindings.
class NodeMaker {
 public:
  /// Leaves the caller where it was. Throws std::system_error.
  NodeMaker();

  struct Made {
    std::unique_ptr<NodeNamespaces> node;
    os::Fd rtnetlink;  ///< a socket in its network
  };
  /// Throws std::system_error that names node and step; what was made before is gone then.
  std::vector<Made> make(const std::vector<NewNode>& wanted);

 private:
  Made make_one(const NewNode& wanted);
  void place_file(NodeNamespaces& node, const NewFile& file);
  std::string stage_file(const NewFile& file);

  os::Fd home_network_;
  os::Fd home_mount_;
  os::Fd template_mount_;
  std::string stage_;
  std::uint64_t files_ = 0;
  std::map<std::uint32_t, std::string> shared_;  // where they lie
};

}  // namespace dummynet::warden
