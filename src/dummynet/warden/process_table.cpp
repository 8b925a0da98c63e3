#include "dummynet/warden/process_table.hpp"

#include <unordered_set>

namespace dummynet::warden {

namespace {

std::vector<const os::ProcessStat*> values(const std::unordered_multimap<pid_t, const os::ProcessStat*>& map,
                                           pid_t key) {
  std::vector<const os::ProcessStat*> found;
  const auto [begin, end] = map.equal_range(key);
  for (auto one = begin; one != end; ++one) found.push_back(one->second);
  return found;
}

}  // namespace

ProcessTable::ProcessTable(std::vector<os::ProcessStat> processes) : processes_{std::move(processes)} {
  std::erase_if(processes_, [](const os::ProcessStat& one) { return one.state == 'Z'; });
  for (const os::ProcessStat& one : processes_) {
    by_pid_.emplace(one.pid, &one);
    by_parent_.emplace(one.parent, &one);
    by_session_.emplace(one.session, &one);
  }
}

const os::ProcessStat* ProcessTable::find(pid_t pid) const {
  const auto found = by_pid_.find(pid);
  return found == by_pid_.end() ? nullptr : found->second;
}

std::vector<const os::ProcessStat*> ProcessTable::children_of(pid_t parent) const { return values(by_parent_, parent); }
std::vector<const os::ProcessStat*> ProcessTable::in_session(pid_t session) const {
  return values(by_session_, session);
}

std::vector<const os::ProcessStat*> ProcessTable::with_descendants(std::vector<const os::ProcessStat*> first) const {
  std::vector<const os::ProcessStat*> found;
  std::unordered_set<pid_t> seen;
  while (!first.empty()) {
    const os::ProcessStat* one = first.back();
    first.pop_back();
    if (!seen.insert(one->pid).second) continue;
    found.push_back(one);
    for (const os::ProcessStat* child : children_of(one->pid)) first.push_back(child);
  }
  return found;
}

std::string find_mark(pid_t pid, const std::string& prefix) {
  const std::string environment = os::read_environment(pid);
  const std::size_t begin = environment.find('\0' + prefix);
  if (begin == std::string::npos) return {};
  return environment.substr(begin + 1, environment.find('\0', begin + 1) - begin - 1);
}

}  // namespace dummynet::warden
