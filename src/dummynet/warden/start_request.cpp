#include "dummynet/warden/start_request.hpp"

#include <unistd.h>

#include <cstring>
#include <string_view>
#include <system_error>

namespace dummynet::warden {

namespace {

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  result.reserve(texts.size() + 1);
  for (const std::string& text : texts) result.push_back(text.c_str());
  result.push_back(nullptr);
  return result;
}

std::string_view name_of(std::string_view assignment) { return assignment.substr(0, assignment.find('=')); }

}  // namespace

StartRequest::StartRequest(const Start& start, const Defaults& defaults,
                           const std::vector<const char*>& default_environment, std::string mark)
    : start_{start}, mark_{std::move(mark)}, arguments_{pointers(start.arguments)} {
  cwd_ = start.cwd.empty() ? defaults.cwd : start.cwd.front() == '/' ? start.cwd : defaults.cwd + '/' + start.cwd;
  make_environment(default_environment);
  request_.envp = environment_.empty() ? default_environment.data() : environment_.data();
  candidate_paths_ = look_up(start.program);
  candidates_ = pointers(candidate_paths_);
  request_.argv = arguments_.data();
  request_.candidates = candidates_.data();
  if (!start.must_exist.empty()) {
    must_exist_paths_ = look_up(start.must_exist);
    must_exist_ = pointers(must_exist_paths_);
    request_.must_exist = must_exist_.data();
  }
  request_.cwd = cwd_.empty() ? nullptr : cwd_.c_str();
  request_.change_identity = start.change_identity;
  request_.uid = start.uid;
  request_.gid = start.gid;
  request_.groups = start.groups;
  if (start.own_user_namespace) {
    uid_map_ = std::to_string(start.uid) + ' ' + std::to_string(::geteuid()) + " 1";
    gid_map_ = std::to_string(start.gid) + ' ' + std::to_string(::getegid()) + " 1";
    request_.uid_map = uid_map_.c_str();
    request_.gid_map = gid_map_.c_str();
  }
  request_.controlling_terminal = start.controlling_terminal;
  for (const Limit& limit : start.limits) set_limit({limit.resource, limit.value, limit.value});
}

void StartRequest::make_environment(const std::vector<const char*>& default_environment) {
  if (start_.environment.empty() && !start_.clear_environment && mark_.empty()) return;  // the defaults as they are
  if (!start_.clear_environment) {
    for (const char* one : default_environment) {
      if (one == nullptr) break;
      bool replaced = false;
      for (const std::string& added : start_.environment) replaced |= name_of(added) == name_of(one);
      if (!replaced) environment_.push_back(one);
    }
  }
  for (const std::string& added : start_.environment) environment_.push_back(added.c_str());
  if (!mark_.empty()) environment_.push_back(mark_.c_str());
  environment_.push_back(nullptr);
}

std::vector<std::string> StartRequest::look_up(const std::string& program) const {
  if (program.find('/') != std::string::npos || program.empty()) return {program};
  std::string_view path = "/usr/local/bin:/usr/bin:/bin";  // as execvp(3) without PATH
  const char* const* environment = request_.envp;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    if (std::strncmp(*environment, "PATH=", 5) == 0) path = *environment + 5;
  }
  std::vector<std::string> candidates;
  for (;;) {
    const std::size_t colon = path.find(':');
    const std::string_view directory = path.substr(0, colon);
    candidates.push_back(directory.empty() ? "./" + program : std::string{directory} + '/' + program);
    if (colon == std::string_view::npos) return candidates;
    path.remove_prefix(colon + 1);
  }
}

void StartRequest::set_standard_fds(os::FdList& fds) {
  for (std::size_t i = 0; i < 3; ++i) {
    fds_.push_back(fds.take(i));
    request_.standard_fds[i] = fds_.back().get();
  }
}

void StartRequest::set_limit(const os::ResourceLimit& limit) {
  for (const os::ResourceLimit& present : limits_) {
    if (present.resource == limit.resource) return;  // the request's own word counts
  }
  limits_.push_back(limit);
  request_.limits = limits_;
}

void StartRequest::set_node(const NodeNamespaces& node) {
  request_.network_namespace = node.network().get();
  request_.mount_namespace = node.mount().get();
}

void StartRequest::join_cgroups(Tree& tree, CgroupPool* pool, const std::string& run,
                                std::vector<std::string>& notices) {
  const bool limited = start_.memory_bytes > 0 || start_.cpu_thousandths > 0 || start_.processes > 0;
  const auto unsupported = [&notices](const std::string& what, const std::string& why) {
    notices.push_back(what + " is not supported here: " + why);
  };
  const bool v2_memory = pool != nullptr && pool->accounts_memory();
  if (tree.account_memory && !v2_memory) join_memory_v1(tree, run, notices);
  if (!tree.account_memory && start_.memory_bytes > 0) unsupported("memory.max", "cgroups are not to be used");
  if (pool == nullptr) {
    if (start_.cpu_thousandths > 0) unsupported("cpu.max", "no cgroup of our own");
    if (start_.processes > 0) unsupported("pids.max", "no cgroup of our own");
    return;
  }
  try {
    tree.slot = pool->acquire(tree.account_memory && v2_memory);
    if (limited) {
      os::Cgroup::Limits limits;
      if (start_.memory_bytes > 0 && v2_memory) limits.memory_bytes = start_.memory_bytes;
      if (start_.cpu_thousandths > 0) limits.cpus = static_cast<double>(start_.cpu_thousandths) / 1000;
      if (start_.processes > 0) limits.processes = start_.processes;
      for (const auto& refused : pool->set_limits(tree.slot, limits)) {
        unsupported(refused.what, std::generic_category().message(refused.error_number));
      }
    }
    request_.cgroup_directory = pool->directory(tree.slot);
  } catch (const std::system_error& error) {
    if (tree.slot >= 0) pool->release(tree.slot);
    tree.slot = -1;
    notices.push_back(std::string{"no cgroup for this process: "} + error.what());
  }
}

void StartRequest::join_memory_v1(Tree& tree, const std::string& run, std::vector<std::string>& notices) {
  try {
    const std::string own = os::CgroupV1::where_am_i();
    if (!own.empty()) {
      const std::string name = memory_cgroup_prefix(run) + std::to_string(tree.id);
      tree.memory_v1 = std::make_unique<os::CgroupV1>(os::CgroupV1::open(own).create(name));
      if (start_.memory_bytes > 0) {
        const int error = tree.memory_v1->set_limit_in_bytes(start_.memory_bytes);
        if (error != 0) notices.push_back("memory limit: " + std::generic_category().message(error));
      }
      memory_procs_ = tree.memory_v1->open_procs();
      request_.memory_cgroup_procs = memory_procs_.get();
      return;
    }
  } catch (const std::system_error& error) {
    notices.push_back(std::string{"no memory cgroup: "} + error.what());
    return;
  }
  if (start_.memory_bytes > 0) notices.push_back("memory.max is not supported here: no memory cgroup of our own");
}

Refusal StartRequest::refusal(const os::SpawnResult& result) const {
  Refusal refusal{static_cast<std::uint8_t>(result.step), result.error_number, {}, result.interpreter_missing};
  if (result.step == os::SpawnStep::working_directory) refusal.object = cwd_;
  if (result.step == os::SpawnStep::identity) refusal.object = "user " + std::to_string(start_.uid);
  if (result.step == os::SpawnStep::execute) {
    // The name as it was asked for; the path where one was found there, for a script without its interpreter.
    const bool of_shell_line = !start_.must_exist.empty();
    const std::vector<std::string>& paths = of_shell_line ? must_exist_paths_ : candidate_paths_;
    const auto index = static_cast<std::size_t>(result.candidate);
    refusal.object = of_shell_line ? start_.must_exist : start_.program;
    if (result.interpreter_missing && index < paths.size()) refusal.object = paths[index];
  }
  return refusal;
}

}  // namespace dummynet::warden
