#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "dummynet/net/dummy_net.hpp"
#include "dummynet/net/netns.hpp"
#include "dummynet/net/rollback.hpp"
#include "dummynet/net/scoped_name.hpp"

namespace dummynet::net {

/// What a DummyNet and those of its netns_use() share: the namespaces, and how to undo what was done in them.
struct DummyNet::State {
  State(std::unique_ptr<ProcessMonitor> own, ProcessMonitor& used, const DummyNetOptions& options);

  /// An interface that was made here, wherever it has gone since.
  struct Made {
    std::shared_ptr<Netns> where;
    std::string name;            // the kernel's
    std::uint32_t index = 0;     // 0: not known yet
    std::weak_ptr<Made> peer{};  // the other end of a veth pair
  };

  std::unique_ptr<ProcessMonitor> own_monitor;
  ProcessMonitor& monitor;
  Warden& warden;
  bool host;
  NameScope scope;
  Log log;
  std::shared_ptr<Netns> root;
  std::vector<std::shared_ptr<Netns>> namespaces;
  std::vector<std::shared_ptr<Made>> made;
  std::vector<std::unique_ptr<CGroup>> cgroups;
  std::uint32_t nat_tables = 0;
  Rollback rollback;

  /// Throws std::invalid_argument when there is none of that name. "": the root.
  const std::shared_ptr<Netns>& find_netns(const std::string& name) const;
  /// Throws std::invalid_argument when there is none; `name` is the user's.
  LinkInfo find_link(Netns& netns, const std::string& name) const;
  std::shared_ptr<Made> find_made(const Netns& netns, const LinkInfo& link) const;

  /// The real network of the machine, which no kernel cleans up.
  bool is_real(const Netns& netns) const { return host && netns.is_root(); }

  /// Carries out one change, of which it keeps the undoing; that finding nothing to be undone is fine.
  Rollback::Id change(const std::shared_ptr<Netns>& netns, NetlinkRequest request, NetlinkRequest undo);
  /// Keeps an undoing. `outside`: the same for the guardian, on the real network.
  Rollback::Id keep(const std::shared_ptr<Netns>& netns, const std::string& what, std::function<void()> undo,
                    const std::optional<Warden::Undo>& outside);
  /// Makes interfaces of these names by one request; two are a pair.
  void make_links(const std::shared_ptr<Netns>& netns, NetlinkRequest request, const std::vector<std::string>& names);
  void change_sysctls(const std::shared_ptr<Netns>& netns, const std::vector<Warden::Sysctl>& sysctls);

  void delete_made(const Made& made) const;
  void kill_processes(Netns& netns);
  void delete_netns(const std::shared_ptr<Netns>& netns, std::vector<std::string>& failures);
  std::vector<std::string> clean_up();
};

/// Sends it; there being nothing of what it names is fine.
void send_tolerantly(Netns& netns, NetlinkRequest request);

}  // namespace dummynet::net
