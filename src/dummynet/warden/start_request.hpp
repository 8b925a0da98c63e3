#pragma once

#include <string>
#include <vector>

#include "dummynet/os/message_socket.hpp"
#include "dummynet/os/spawn.hpp"
#include "dummynet/warden/cgroup_pool.hpp"
#include "dummynet/warden/node_namespaces.hpp"
#include "dummynet/warden/protocol.hpp"
#include "dummynet/warden/trees.hpp"

namespace dummynet::warden {

/// Turns a Start message into what os::Spawner takes: environment put together, program looked up in PATH, every
/// pointer kept alive. Everything borrowed must outlive it.
class StartRequest {
 public:
  StartRequest(const Start& start, const Defaults& defaults, const std::vector<const char*>& default_environment,
               std::string mark);
  StartRequest(const StartRequest&) = delete;
  StartRequest& operator=(const StartRequest&) = delete;

  void set_standard_fds(os::FdList& fds);
  void close_fds() { fds_.clear(); }
  /// Unless the request itself sets that limit.
  void set_limit(const os::ResourceLimit& limit);
  void set_node(const NodeNamespaces& node);
  void die_with_parent() { request_.death_signal = 9; }
  /// Makes what can be had of the cgroups that were asked for; what cannot be had becomes a notice.
  void join_cgroups(Tree& tree, CgroupPool* pool, const std::string& run, std::vector<std::string>& notices);

  const os::SpawnRequest& request() const noexcept { return request_; }
  /// Says which object the failed step was about.
  Refusal refusal(const os::SpawnResult& result) const;

 private:
  void make_environment(const std::vector<const char*>& default_environment);
  std::vector<std::string> look_up(const std::string& program) const;
  void join_memory_v1(Tree& tree, const std::string& run, std::vector<std::string>& notices);

  const Start& start_;
  std::string mark_;
  std::string cwd_;
  std::vector<const char*> arguments_;
  std::vector<const char*> environment_;
  std::vector<std::string> candidate_paths_;
  std::vector<std::string> must_exist_paths_;
  std::vector<const char*> candidates_;
  std::vector<const char*> must_exist_;
  std::vector<os::ResourceLimit> limits_;
  std::string uid_map_;
  std::string gid_map_;
  std::vector<os::Fd> fds_;
  os::Fd memory_procs_;
  os::SpawnRequest request_;
};

}  // namespace dummynet::warden
