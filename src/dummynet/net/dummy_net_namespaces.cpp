// DummyNet, part: network namespaces and who runs in them.

#include <algorithm>
#include <stdexcept>

#include "dummynet/core/error.hpp"
#include "dummynet/net/dummy_net_state.hpp"
#include "dummynet/net/name.hpp"

namespace dummynet::net {

void DummyNet::netns_add(const std::string& name) {
  here();
  if (const auto fault = find_fault_in_node_name(name)) throw std::invalid_argument{*fault};
  const auto same = [&](const auto& one) { return one->name() == name; };
  if (std::any_of(state_->namespaces.begin(), state_->namespaces.end(), same)) {
    throw std::invalid_argument{"there is a network namespace " + in_quotes(name) + " already"};
  }
  state_->namespaces.push_back(Netns::make(state_->warden, name));
}

DummyNet DummyNet::netns_use(const std::string& name) const {
  here();
  return DummyNet{state_, state_->find_netns(name)};
}

std::vector<std::string> DummyNet::netns_list() const {
  here();
  std::vector<std::string> names;
  for (const auto& one : state_->namespaces) names.push_back(one->name());
  return names;
}

void DummyNet::netns_delete(const std::string& name) {
  here();
  if (name.empty()) throw std::invalid_argument{"the root namespace cannot be deleted"};
  const std::shared_ptr<Netns> netns = state_->find_netns(name);
  state_->kill_processes(*netns);
  std::vector<std::string> failures;
  state_->delete_netns(netns, failures);
  std::erase(state_->namespaces, netns);
  if (!failures.empty()) throw Error{"network namespace " + name + ": " + failures.front()};
}

std::vector<pid_t> DummyNet::netns_process_list(const std::string& name) const {
  here();
  return state_->find_netns(name)->processes();
}

void DummyNet::netns_kill_process(const std::string& name, pid_t pid) {
  here();
  Netns& netns = *state_->find_netns(name);
  for (const ProcessHandle& one : netns.started) {
    if (one->is_running() && one->pid() == pid) return one->stop(std::chrono::nanoseconds{0});
  }
  if (pid > 0 && netns.kill(pid)) return;
  throw std::invalid_argument{"there is no process " + std::to_string(pid) + " in network namespace " +
                              in_quotes(name)};
}

void DummyNet::netns_kill_all(const std::string& name) {
  here();
  if (name.empty()) throw std::invalid_argument{"not all processes of the root namespace are ours to kill"};
  state_->kill_processes(*state_->find_netns(name));
}

const std::shared_ptr<Netns>& DummyNet::State::find_netns(const std::string& name) const {
  if (name.empty()) return root;
  const auto found =
      std::find_if(namespaces.begin(), namespaces.end(), [&](const auto& one) { return one->name() == name; });
  if (found == namespaces.end()) throw std::invalid_argument{"there is no network namespace " + in_quotes(name)};
  return *found;
}

void DummyNet::State::delete_netns(const std::shared_ptr<Netns>& netns, std::vector<std::string>& failures) {
  // The kernel would take them away too, but some time later: until then their names, and their peers, would be there.
  for (const auto& one : made) {
    if (one->where == netns) delete_made(*one);
  }
  std::erase_if(made, [&](const auto& one) { return one->where == netns; });
  for (std::string& failure : rollback.undo_about(netns.get())) failures.push_back(std::move(failure));
  netns->drop();
}

}  // namespace dummynet::net
