// DummyNet, part: interfaces.

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "dummynet/net/dummy_net_state.hpp"
#include "dummynet/net/link_request.hpp"
#include "dummynet/net/name.hpp"

namespace dummynet::net {

namespace {

constexpr std::uint16_t kMaxVlanId = 4094;

NewLink new_link(const Netns& netns, const std::string& name) {
  NewLink link;
  link.node = netns.is_root() ? "root" : netns.name();
  link.name = name;
  link.up = false;
  return link;
}

/// What a request answers when that which it names is not there.
bool says_gone(int error) {
  constexpr std::array kGone{ENODEV, ENXIO, ESRCH, ENOENT, EADDRNOTAVAIL};
  return std::find(kGone.begin(), kGone.end(), error) != kGone.end();
}

}  // namespace

void send_tolerantly(Netns& netns, NetlinkRequest request) {
  if (netns.is_dropped()) return;
  try {
    netns.rtnetlink().run({&request, 1});
  } catch (const std::system_error& error) {
    if (!says_gone(error.code().value())) throw;
  }
}

// ---- how changes are made and undone

Rollback::Id DummyNet::State::keep(const std::shared_ptr<Netns>& netns, const std::string& what,
                                   std::function<void()> undo, const std::optional<Warden::Undo>& outside) {
  Rollback::Step step{what, netns.get(), std::move(undo), {}};
  if (outside && is_real(*netns)) {
    const std::uint32_t number = warden.keep_undo(*outside);
    step.over = [this, number] {
      try {
        warden.forget_undo(number);
      } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): the warden is lost; its guardian does it then
      }
    };
  }
  return rollback.add(std::move(step));
}

Rollback::Id DummyNet::State::change(const std::shared_ptr<Netns>& netns, NetlinkRequest request, NetlinkRequest undo) {
  const Warden::Undo outside{Warden::Undo::Kind::netlink, undo.bytes(), {}};
  const auto shared = std::make_shared<NetlinkRequest>(std::move(undo));  // std::function copies
  const Rollback::Id kept = keep(
      netns, "undo " + request.object(), [netns, shared] { send_tolerantly(*netns, std::move(*shared)); }, outside);
  try {
    netns->rtnetlink().run({&request, 1});
  } catch (...) {
    rollback.forget(kept);
    throw;
  }
  return kept;
}

void DummyNet::State::make_links(const std::shared_ptr<Netns>& netns, NetlinkRequest request,
                                 const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    // Before any undoing is kept: that would delete the other one.
    if (netns->find_link(name)) throw std::system_error{EEXIST, std::system_category(), netns->object(name)};
  }
  Rollback::Attempt attempt{rollback};
  std::vector<std::shared_ptr<Made>> new_ones;
  for (const std::string& name : names) {
    const auto one = std::make_shared<Made>(Made{netns, name, 0, {}});
    new_ones.push_back(one);
    const Warden::Undo outside{Warden::Undo::Kind::netlink, delete_link_named(name).bytes(), {}};
    keep(
        netns, "delete " + netns->object(name), [this, one] { delete_made(*one); }, outside);
  }
  netns->rtnetlink().run({&request, 1});
  for (const auto& one : new_ones) {
    if (const auto link = netns->find_link(one->name)) one->index = link->index;
    made.push_back(one);
  }
  if (new_ones.size() == 2) {
    new_ones[0]->peer = new_ones[1];
    new_ones[1]->peer = new_ones[0];
  }
  attempt.keep();
}

void DummyNet::State::delete_made(const Made& one) const {
  if (one.where->is_dropped()) return;
  const auto link = one.where->find_link(one.name);
  // Gone with its peer or by link_delete(), and another one may have its name by now.
  if (!link || (one.index != 0 && link->index != one.index)) return;
  send_tolerantly(*one.where, delete_link(link->index, one.where->object(one.name)));
}

LinkInfo DummyNet::State::find_link(Netns& netns, const std::string& name) const {
  auto found = netns.find_link(scope.interface(name));
  if (!found) {
    throw std::invalid_argument{"there is no interface " + in_quotes(name) + " in " +
                                (netns.is_root() ? "the root namespace" : "network namespace " + netns.name())};
  }
  return std::move(*found);
}

std::shared_ptr<DummyNet::State::Made> DummyNet::State::find_made(const Netns& netns, const LinkInfo& link) const {
  const auto found = std::find_if(made.begin(), made.end(), [&](const auto& one) {
    return one->where.get() == &netns && one->name == link.kernel_name && one->index == link.index;
  });
  return found == made.end() ? nullptr : *found;
}

// ---- the calls

void DummyNet::link_veth_add(const std::string& first, const std::string& second) {
  const NewLink one = new_link(here(), state_->scope.interface(first));
  const NewLink other = new_link(here(), state_->scope.interface(second));
  if (first == second || first == "lo" || second == "lo") {
    throw std::invalid_argument{"a veth pair cannot be " + in_quotes(first) + " and " + in_quotes(second)};
  }
  state_->make_links(here_, make_veth(one, other, here().fd()), {one.name, other.name});
}

std::string DummyNet::link_vlan_add(const std::string& parent, std::uint16_t id, const std::string& name) {
  if (id < 1 || id > kMaxVlanId) throw std::invalid_argument{"a vlan's id is 1 to 4094, not " + std::to_string(id)};
  std::string chosen = name.empty() ? parent + '.' + std::to_string(id) : name;
  const NewLink link = new_link(here(), state_->scope.interface(chosen));
  const LinkInfo below = state_->find_link(here(), parent);
  try {
    state_->make_links(here_, make_vlan(link, below.index, id), {link.name});
  } catch (const std::system_error& error) {
    if (error.code().value() != EOPNOTSUPP) throw;
    throw std::system_error{EOPNOTSUPP, std::system_category(),
                            "vlan " + here().object(link.name) +
                                ": this kernel has no vlan (CONFIG_VLAN_8021Q). Where it is a module, root can load "
                                "it: modprobe 8021q"};
  }
  return chosen;
}

void DummyNet::bridge_add(const std::string& name) {
  const NewLink link = new_link(here(), state_->scope.interface(name));
  state_->make_links(here_, make_bridge(link), {link.name});
}

void DummyNet::bridge_set(const std::string& bridge, const std::string& interface) {
  const LinkInfo master = state_->find_link(here(), bridge);
  if (master.kind != "bridge") throw std::invalid_argument{in_quotes(bridge) + " is no bridge"};
  const LinkInfo port = state_->find_link(here(), interface);
  const std::string object = here().object(port.kernel_name);
  state_->change(here_, set_master(port.index, master.index, object + ", port of " + master.kernel_name),
                 set_master(port.index, port.master, object));
}

std::vector<std::string> DummyNet::bridge_list(const std::string& bridge) const {
  const LinkInfo master = state_->find_link(here(), bridge);
  std::vector<std::string> ports;
  for (const LinkInfo& one : link_list()) {
    if (one.master == master.index) ports.push_back(one.name);
  }
  return ports;
}

void DummyNet::link_set(const std::string& netns, const std::string& interface) {
  const LinkInfo link = state_->find_link(here(), interface);
  const std::shared_ptr<Netns> from = here_;
  const std::shared_ptr<Netns> to = state_->find_netns(netns);
  if (from == to) return;
  const std::shared_ptr<State::Made> made = state_->find_made(*from, link);
  if (!made && state_->is_real(*from) && !link.kind.empty()) {
    throw std::invalid_argument{in_quotes(interface) + " was not made here, and would be lost with the namespace"};
  }
  const std::string object = from->object(link.kernel_name);
  const auto move_back = [from, to, made, link] {
    if (from->is_dropped() || to->is_dropped()) return;
    const auto there = to->find_link(link.kernel_name);
    if (!there) return;
    send_tolerantly(*to, move_link(there->index, from->fd(), to->object(link.kernel_name)));
    const auto back = from->find_link(link.kernel_name);
    if (!back) return;
    if (made) {
      made->where = from;
      made->index = back->index;
    }
    if (link.is_up) send_tolerantly(*from, set_up(back->index, from->object(link.kernel_name)));
  };
  Rollback::Attempt attempt{state_->rollback};
  NetlinkRequest move = move_link(link.index, to->fd(), object + " to " + (netns.empty() ? "the root" : netns));
  from->rtnetlink().run({&move, 1});
  // The kernel itself brings hardware back when the namespace ends, so the guardian has nothing to do.
  state_->keep(to, "move " + object + " back", move_back, std::nullopt);
  if (made) {
    made->where = to;
    if (const auto there = to->find_link(link.kernel_name)) made->index = there->index;
  }
  attempt.keep();
}

std::vector<LinkInfo> DummyNet::link_list(const std::string& kind) const {
  std::vector<LinkInfo> links = here().links();
  if (!kind.empty()) std::erase_if(links, [&](const LinkInfo& one) { return one.kind != kind; });
  for (LinkInfo& one : links) one.name = state_->scope.unscoped(one.kernel_name).value_or(one.kernel_name);
  return links;
}

void DummyNet::link_delete(const std::string& interface) {
  const LinkInfo link = state_->find_link(here(), interface);
  const auto made = state_->find_made(here(), link);
  if (!made && state_->is_real(here())) throw std::invalid_argument{in_quotes(interface) + " was not made here"};
  NetlinkRequest request = delete_link(link.index, here().object(link.kernel_name));
  here().rtnetlink().run({&request, 1});
  if (made) std::erase(state_->made, made);
}

void DummyNet::up(const std::string& interface) {
  const LinkInfo link = state_->find_link(here(), interface);
  const std::string object = here().object(link.kernel_name);
  if (!link.is_up) state_->change(here_, set_up(link.index, object + " up"), set_down(link.index, object + " down"));
  here().settle();
  // The other end of a veth pair has its carrier by this too.
  const auto made = state_->find_made(here(), link);
  const auto peer = made ? made->peer.lock() : nullptr;
  if (peer && peer->where != here_ && !peer->where->is_dropped()) peer->where->settle();
}

void DummyNet::down(const std::string& interface) {
  const LinkInfo link = state_->find_link(here(), interface);
  const std::string object = here().object(link.kernel_name);
  if (link.is_up) state_->change(here_, set_down(link.index, object + " down"), set_up(link.index, object + " up"));
}

std::string DummyNet::kernel_name(const std::string& interface) const {
  here();
  return state_->scope.interface(interface);
}

}  // namespace dummynet::net
