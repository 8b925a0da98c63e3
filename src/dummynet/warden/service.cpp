#include "dummynet/warden/service.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <system_error>

#include "dummynet/os/check.hpp"
#include "dummynet/os/proc_scan.hpp"
#include "dummynet/warden/namespaces.hpp"
#include "dummynet/warden/start_request.hpp"

namespace dummynet::warden {

namespace {

using namespace std::chrono_literals;

os::Fd block_and_watch_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGQUIT}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return os::Fd{os::check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd")};
}

}  // namespace

Service::Service(Setup setup)
    : setup_{std::move(setup)},
      replies_{setup_.socket},
      signals_{block_and_watch_signals()},
      trees_{setup_.cgroups.get(), setup_.own_pid_namespace, setup_.run} {
  buffer_.resize(kMaxInlineBytes + 1024);
  default_environment_.push_back(nullptr);
  if (setup_.cgroups) {
    const int slot = setup_.cgroups->acquire(false);
    spawner_.try_cgroup(setup_.cgroups->directory(slot));
    setup_.cgroups->release(slot);
  }
}

void Service::say_hello(std::vector<std::string> notices) {
  Hello hello;
  hello.own_pid_namespace = setup_.own_pid_namespace;
  hello.accounts_cpu = setup_.cgroups != nullptr;
  hello.accounts_memory = setup_.cgroups != nullptr && setup_.cgroups->accounts_memory();
  hello.containment = setup_.own_pid_namespace ? Containment::pid_namespace
                      : setup_.cgroups         ? Containment::cgroup
                                               : Containment::subreaper;
  hello.pid = ::getpid();
  hello.maps_to_root = setup_.maps_to_root;
  hello.guardian = setup_.guardian;
  if (setup_.cgroups) hello.cgroup = setup_.cgroups->path();
  hello.notices = std::move(notices);
  reply(Type::hello, 0, hello, {}, setup_.own_pid_namespace ? std::optional{::getpid()} : std::nullopt);
}

void Service::run() {
  for (;;) {
    pollfd watched[3] = {{setup_.socket.get(), static_cast<short>(POLLIN | (replies_.are_waiting() ? POLLOUT : 0)), 0},
                         {signals_.get(), POLLIN, 0},
                         {setup_.owner.get(), POLLIN, 0}};
    const int ready = ::poll(watched, 3, poll_timeout_ms());
    if (ready < 0 && errno != EINTR) os::throw_errno(errno, "poll");
    if (watched[2].revents != 0) break;
    if ((watched[0].revents & POLLOUT) != 0) replies_.flush();
    if ((watched[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !receive_one()) break;
    if (watched[1].revents != 0) {
      if (read_signals()) break;
      tell(reaper_.take(signalled_child_));
    }
    if (reaper_.is_due()) tell(reaper_.take_all());
    if (!trees_.empty()) look_after_lingering();
    if (kill_all_id_) look_after_kill_all();
    if (replies_.is_closed()) break;
  }
  shut_down();
}

// True when one of them asks us to end.
bool Service::read_signals() {
  signalfd_siginfo infos[8];  // one read(2) for all that can be pending: five kinds
  const ssize_t length = ::read(signals_.get(), infos, sizeof infos);
  bool asked_to_end = false;
  for (std::size_t i = 0; length > 0 && i < static_cast<std::size_t>(length) / sizeof infos[0]; ++i) {
    if (infos[i].ssi_signo == SIGCHLD) {
      signalled_child_ = static_cast<pid_t>(infos[i].ssi_pid);
    } else {
      asked_to_end = true;
    }
  }
  return asked_to_end;
}

int Service::poll_timeout_ms() const {
  // Only while something is being killed: an orphan dies without telling us until it is our child.
  const bool killing = kill_all_id_ || trees_.any_being_killed();
  int timeout = reaper_.timeout_ms();
  const auto at_most = [&timeout](std::int64_t ms) {
    const int limit = static_cast<int>(std::max<std::int64_t>(ms, 0));
    timeout = timeout < 0 ? limit : std::min(timeout, limit);
  };
  if (killing) at_most(5);
  if (look_put_off_) {
    at_most(std::chrono::ceil<std::chrono::milliseconds>(next_look_ - Clock::now()).count());
  }
  return timeout;
}

bool Service::receive_one() {
  auto received = os::receive_message(setup_.socket.get(), buffer_, MSG_DONTWAIT);
  if (!received) return true;
  if (received->bytes.empty()) return false;
  auto header = parse_header(received->bytes);
  if (!header || received->truncated) return true;  // no message at all
  std::string large;
  if (header->body_in_memfd) {
    if (received->fds.size() == 0) return true;
    const os::Fd body = received->fds.take(received->fds.size() - 1);
    struct stat status {};
    if (::fstat(body.get(), &status) != 0 || status.st_size < 0 ||
        static_cast<std::size_t>(status.st_size) > kMaxBodyBytes) {
      refuse(header->id, Refusal{static_cast<std::uint8_t>(os::SpawnStep::execute), E2BIG, "", false});
      return true;
    }
    large.resize(static_cast<std::size_t>(status.st_size));
    const ssize_t length = ::pread(body.get(), large.data(), large.size(), 0);
    if (length != status.st_size) return true;
    header->body = large;
  }
  handle(*header, received->fds);
  return true;
}

void Service::handle(const Header& header, os::FdList& fds) {
  const auto malformed = [&] {
    refuse(header.id, Refusal{static_cast<std::uint8_t>(os::SpawnStep::none), EBADMSG, "malformed request", false});
  };
  try {
    switch (header.type) {
      case Type::defaults:
        if (auto message = parse<Defaults>(header.body)) {
          defaults_ = std::move(*message);
          default_environment_.clear();
          for (const std::string& one : defaults_.environment) default_environment_.push_back(one.c_str());
          default_environment_.push_back(nullptr);
        }
        return;
      case Type::start:
        if (auto message = parse<Start>(header.body)) return start(header.id, *message, fds);
        return malformed();
      case Type::signal:
        if (auto message = parse<Signal>(header.body)) {
          if (Tree* tree = trees_.find(header.id)) trees_.signal(*tree, message->number, message->whole_tree);
          return;
        }
        return malformed();
      case Type::kill_tree:
        if (Tree* tree = trees_.find(header.id)) {
          if (!tree->leader_alive) tree->killed = trees_.members(*tree);
          trees_.kill(*tree);
        }
        return;
      case Type::kill_all:
        kill_all_id_ = header.id;
        kill_all_since_ = Clock::now();
        kill_all_refused_ = 0;
        trees_.kill_all();
        return;
      case Type::usage: {
        const Tree* tree = trees_.find(header.id);
        return reply(Type::usage_is, header.id, tree != nullptr ? trees_.usage(*tree) : Usage{});
      }
      case Type::make_nodes:
        if (auto message = parse<MakeNodes>(header.body)) return make_nodes(header.id, std::move(*message));
        return malformed();
      case Type::set_node_file:
        if (auto message = parse<NodeFile>(header.body)) {
          prepared_node(message->node).set_file(message->path, message->content);
          return reply(Type::done, header.id, Usage{});
        }
        return malformed();
      case Type::set_sysctls:
        if (auto message = parse<SetSysctls>(header.body)) return set_sysctls(header.id, *message);
        return malformed();
      case Type::drop_node:
        if (auto message = parse<DropNode>(header.body)) return drop_node(header.id, message->node);
        return malformed();
      case Type::keep_undo:
        if (auto message = parse<Undo>(header.body)) return tell_guardian(header.type, header.id, *message);
        return malformed();
      case Type::forget_undo:
        if (auto message = parse<ForgetUndo>(header.body)) return tell_guardian(header.type, header.id, *message);
        return malformed();
      case Type::open_socket:
        if (auto message = parse<SocketRequest>(header.body)) return open_socket(header.id, *message);
        return malformed();
      case Type::find_socket: {
        os::ByteReader reader{header.body};
        const auto inode = reader.number<std::uint64_t>();
        return reader.done() ? find_socket(header.id, inode) : malformed();
      }
      default:
        return malformed();
    }
  } catch (const std::exception& error) {
    refuse(header.id, error);
  }
}

void Service::refuse(std::uint32_t id, const Refusal& refusal) { reply(Type::refused, id, refusal); }

void Service::refuse(std::uint32_t id, const std::exception& error) {
  Refusal refusal{static_cast<std::uint8_t>(os::SpawnStep::none), 0, error.what(), false};
  if (const auto* system = dynamic_cast<const std::system_error*>(&error)) {
    refusal.error_number = system->code().value();
    // what() ends with the system's words, which the owner adds from the number.
    const std::string words = ": " + system->code().message();
    if (refusal.object.ends_with(words)) refusal.object.resize(refusal.object.size() - words.size());
  }
  refuse(id, refusal);
}

NodeNamespaces& Service::node(std::int32_t index) {
  const bool known = index >= 0 && static_cast<std::size_t>(index) < nodes_.size();
  if (!known || nodes_[static_cast<std::size_t>(index)] == nullptr) os::throw_errno(EINVAL, "no such node");
  return *nodes_[static_cast<std::size_t>(index)];
}

NodeNamespaces& Service::prepared_node(std::int32_t index) {
  NodeNamespaces& found = node(index);
  node_maker_->prepare(found);
  return found;
}

void Service::start(std::uint32_t id, const Start& request, os::FdList& fds) {
  if (request.arguments.empty() || fds.size() < 3 || trees_.find(id) != nullptr) {
    return refuse(id, Refusal{static_cast<std::uint8_t>(os::SpawnStep::none), EINVAL, "start request", false});
  }
  auto tree = std::make_unique<Tree>();
  tree->id = id;
  tree->account_memory = setup_.use_cgroups && (request.account_memory || request.memory_bytes > 0);
  Started started;
  StartRequest spawn{request, defaults_, default_environment_, trees_.mark(id)};
  spawn.set_standard_fds(fds);
  if (setup_.open_files.rlim_cur != setup_.open_files.rlim_max) {
    spawn.set_limit({RLIMIT_NOFILE, setup_.open_files.rlim_cur, setup_.open_files.rlim_max});
  }
  if (!setup_.own_pid_namespace && !setup_.cgroups) spawn.die_with_parent();
  if (request.node >= 0) {
    NodeNamespaces& place = prepared_node(request.node);
    spawn.set_node(place);
    const bool may_lack_rights = request.change_identity || request.own_user_namespace;
    if (may_lack_rights && !place.open_to_everybody()) {
      started.notices.emplace_back("ports below 1024 and ping need root here: /proc/sys cannot be written");
    }
  }
  spawn.join_cgroups(*tree, setup_.cgroups.get(), setup_.run, started.notices);

  const os::SpawnResult result = spawner_.spawn(spawn.request());
  spawn.close_fds();  // before the answer: the owner then sees both streams end in one wake-up
  if (result.pid < 0) {
    trees_.remove(trees_.add(std::move(tree)));
    return refuse(id, spawn.refusal(result));
  }
  tree->leader = result.pid;
  trees_.add(std::move(tree));
  started.pid = result.pid;
  reply(Type::started, id, started, {}, setup_.own_pid_namespace ? std::optional{result.pid} : std::nullopt);
}

void Service::make_nodes(std::uint32_t id, MakeNodes request) {
  if (!setup_.can_make_nodes) os::throw_errno(EPERM, "nodes need a sandbox");
  if (request.nodes.size() > MakeNodes::kMax) os::throw_errno(E2BIG, "make nodes");
  if (!node_maker_) node_maker_.emplace();
  std::vector<NodeMaker::Made> made = node_maker_->make(std::move(request.nodes));
  NodesMade answer;
  answer.first = static_cast<std::int32_t>(nodes_.size());
  answer.count = static_cast<std::uint32_t>(made.size());
  std::vector<os::Fd> fds;
  for (NodeMaker::Made& one : made) {
    fds.emplace_back(os::check(::fcntl(one.node->network().get(), F_DUPFD_CLOEXEC, 0), "fcntl"));
    fds.push_back(std::move(one.rtnetlink));
  }
  for (NodeMaker::Made& one : made) nodes_.push_back(std::move(one.node));
  reply(Type::nodes_made, id, answer, std::move(fds));
}

void Service::set_sysctls(std::uint32_t id, const SetSysctls& request) {
  if (request.node >= 0) {
    return reply(Type::sysctls_were, id, SysctlsWere{node(request.node).set_sysctls(request.sysctls)});
  }
  if (!setup_.can_make_nodes) os::throw_errno(EPERM, "the settings of the network need a sandbox");
  reply(Type::sysctls_were, id, SysctlsWere{change_sysctls(request.sysctls)});
}

// Its processes keep the namespaces until they end; nobody else gets in any more.
void Service::drop_node(std::uint32_t id, std::int32_t index) {
  node(index);
  nodes_[static_cast<std::size_t>(index)].reset();
  reply(Type::done, id, Usage{});
}

template <typename Message>
void Service::tell_guardian(Type type, std::uint32_t id, const Message& message) {
  Writer writer;
  write(writer.begin(type, id), message);
  const std::string_view bytes = writer.bytes();
  // Waits for room: the guardian has nothing else to do than to read.
  os::check(::send(setup_.to_guardian.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL), "tell the guardian");
  reply(Type::done, id, Usage{});
}

void Service::open_socket(std::uint32_t id, const SocketRequest& request) {
  os::Fd opened;
  {
    std::optional<NamespaceVisit> visit;
    if (request.node >= 0) visit.emplace(node(request.node).network(), CLONE_NEWNET);
    opened = os::Fd{os::check(::socket(request.domain, request.type | SOCK_CLOEXEC, request.protocol), "socket")};
  }
  std::vector<os::Fd> fds;
  fds.push_back(std::move(opened));
  reply(Type::socket_opened, id, request, std::move(fds));
}

void Service::find_socket(std::uint32_t id, std::uint64_t inode) {
  SocketOwner owner;
  const Tree* tree = trees_.find(id);
  if (tree != nullptr) {
    const std::vector<Member> members = trees_.members(*tree);
    owner.in_tree = std::any_of(members.begin(), members.end(),
                                [inode](const Member& one) { return os::holds_socket(one.pid, inode); });
  }
  if (!owner.in_tree) {
    for (const os::ProcessStat& one : os::read_processes()) {
      if (!os::holds_socket(one.pid, inode)) continue;
      owner.holder = one.pid;
      owner.command = one.command;
      break;
    }
  }
  const auto about = setup_.own_pid_namespace && owner.holder != 0 ? std::optional{owner.holder} : std::nullopt;
  reply(Type::socket_owner, id, owner, {}, about);
}

}  // namespace dummynet::warden
