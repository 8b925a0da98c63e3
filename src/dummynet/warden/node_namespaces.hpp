#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "dummynet/os/fd.hpp"
#include "dummynet/warden/protocol.hpp"

namespace dummynet::warden {

/// A node: a network namespace and, from its first use on, a mount namespace in which /sys and replaced files belong to
/// it. Only its descriptors are kept.
class NodeNamespaces {
 public:
  NodeNamespaces(std::string name, os::Fd network) noexcept : name_{std::move(name)}, network_{std::move(network)} {}
  const os::Fd& network() const noexcept { return network_; }
  /// Empty until NodeMaker::prepare().
  const os::Fd& mount() const noexcept { return mount_; }
  /// Gives the file new content for all who live in the node's mount namespace. Throws std::system_error.
  void set_file(const std::string& path, const std::string& content);
  /// See change_sysctls().
  std::vector<std::string> set_sysctls(const std::vector<Sysctl>& sysctls) const;
  /// Lets processes that are not root listen on every port and use ping: ip(7), icmp(7). False where that is refused.
  bool open_to_everybody();

 private:
  friend class NodeMaker;
  std::string name_;
  os::Fd network_;
  os::Fd mount_;
  std::vector<NewFile> files_;          // for the mount namespace to come
  std::vector<std::string> own_files_;  // replaced, and not shared with other nodes
  bool is_open_ = false;
};

/// Sets those of the caller's network namespace: all or, when one is refused, none. Returns what they were.
std::vector<std::string> change_sysctls(const std::vector<Sysctl>& sysctls);

/// Makes nodes. What they have in common is prepared once: a mount namespace in which nobody lives, with a tmpfs that
/// holds all replaced files. Each node's mount namespace is a copy of it, binds its files over the machine's own and
/// drops the tmpfs, which lives on in these bindings.
///
/// That copy is made with the node's first process: in a large network few nodes have one, and it costs as much as the
/// network namespace (mounting sysfs and looking a sysctl up are linear in the nodes there are).
class NodeMaker {
 public:
  /// Leaves the caller where it was. Throws std::system_error.
  NodeMaker();

  struct Made {
    std::unique_ptr<NodeNamespaces> node;
    os::Fd rtnetlink;  ///< a socket in its network
  };
  /// Throws std::system_error that names node and step; what was made before is gone then.
  std::vector<Made> make(std::vector<NewNode> wanted);

  /// Makes the mount namespace, unless it is there. Throws as above.
  void prepare(NodeNamespaces& node);

 private:
  class Journey;
  Made make_one(NewNode& wanted);
  os::Fd make_mount_namespace(NodeNamespaces& node);
  void keep(NodeNamespaces& node, NewFile& file);
  void place_file(NodeNamespaces& node, const NewFile& file);
  std::string write_staged(const std::string& content, const std::string& path);

  os::Fd home_network_;
  os::Fd home_mount_;
  os::Fd template_mount_;
  std::string stage_;       // where the tmpfs is mounted in there
  os::Fd stage_directory_;  // reaches it from everywhere
  std::uint64_t files_ = 0;
  std::map<std::uint32_t, std::string> shared_;  // their names on the tmpfs
};

}  // namespace dummynet::warden
