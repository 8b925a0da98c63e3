#include "dummynet/core/warden_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "dummynet/core/secret.hpp"
#include "dummynet/os/anonymous_file.hpp"
#include "dummynet/os/cgroup.hpp"
#include "dummynet/os/cgroup_v1.hpp"
#include "dummynet/os/check.hpp"
#include "dummynet/os/proc_scan.hpp"
#include "dummynet/os/spawn.hpp"

namespace dummynet {

namespace {

using namespace std::chrono_literals;

static_assert(static_cast<int>(Containment::pid_namespace) == static_cast<int>(warden::Containment::pid_namespace));
static_assert(static_cast<int>(Source::sampled) == static_cast<int>(warden::Source::sampled));

constexpr int kGoneDeadlineMs = 10'000;

StartError::Step to_step(std::uint8_t step) {
  using Step = StartError::Step;
  switch (static_cast<os::SpawnStep>(step)) {
    case os::SpawnStep::clone:
      return Step::clone;
    case os::SpawnStep::cgroup:
      return Step::cgroup;
    case os::SpawnStep::namespaces:
      return Step::namespaces;
    case os::SpawnStep::limits:
      return Step::limits;
    case os::SpawnStep::identity:
      return Step::identity;
    case os::SpawnStep::working_directory:
      return Step::working_directory;
    case os::SpawnStep::input_output:
      return Step::input_output;
    case os::SpawnStep::execute:
      return Step::execute;
    case os::SpawnStep::none:
      break;
  }
  return Step::warden;
}

}  // namespace

StartError to_start_error(const warden::Refusal& refusal, const std::string& command) {
  std::string detail;
  if (refusal.interpreter_missing) detail = "the file is there, the interpreter that its first line names is not";
  return StartError{to_step(refusal.step), refusal.object, refusal.error_number, command, detail};
}

WardenProcess::WardenProcess(const MonitorOptions& options, std::string run, const Launcher& launch)
    : run_{std::move(run)} {
  auto [ours, its] = os::make_message_sockets();
  const int on = 1;
  os::check(::setsockopt(ours.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on), "setsockopt SO_PASSCRED");
  socket_ = std::move(ours);
  buffer_.resize(warden::kMaxInlineBytes + 1024);
  launch(std::move(its));
  warden::Configure configure;
  configure.sandbox = options.sandbox;
  configure.host_network = options.host_network;
  configure.isolate = options.isolate;
  configure.use_cgroups = options.use_cgroups;
  configure.run = run_;
  configure.directory = options.directory;
  send(warden::Type::configure, 0, configure);
  Message answer = await_hello();
  if (answer.type == warden::Type::refused) {
    const auto refusal = warden::parse<warden::Refusal>(answer.body);
    throw to_start_error(refusal.value_or(warden::Refusal{}), "the warden");
  }
  auto hello = warden::parse<warden::Hello>(answer.body);
  if (!hello) throw StartError{StartError::Step::warden, "warden", EBADMSG, "the warden"};
  hello_ = std::move(*hello);
  pid_ = hello_.own_pid_namespace ? answer.about : hello_.pid;
  pidfd_ = os::Fd{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0U))};
  if (hello_.guardian > 0) {
    guardian_pidfd_ = os::Fd{static_cast<int>(::syscall(SYS_pidfd_open, hello_.guardian, 0U))};
  }
}

WardenProcess::Message WardenProcess::await_hello() {
  try {
    return await(0, warden::Type::hello);
  } catch (const StartError&) {
    remove_unannounced_cgroup();
    throw;
  }
}

// Whoever kills the warden before it has a guardian leaves a cgroup that nobody has told us of.
void WardenProcess::remove_unannounced_cgroup() const noexcept {
  const std::filesystem::path own = os::Cgroup::where_am_i();
  for (const std::filesystem::path& place : {own.parent_path(), own}) {
    const std::filesystem::path left = place / warden::cgroup_name(run_);
    if (own.empty() || ::access(left.c_str(), F_OK) != 0) continue;
    try {
      const os::Cgroup parent = os::Cgroup::open(place);
      const auto deadline = Clock::now() + 2s;
      while (!parent.remove_child(left.filename()) && Clock::now() < deadline) ::poll(nullptr, 0, 1);
    } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): gone meanwhile, or not ours to remove
    }
  }
}

WardenProcess::~WardenProcess() {
  pollfd ours{socket_.get(), 0, 0};
  lost_ = lost_ || (::poll(&ours, 1, 0) == 1 && (ours.revents & POLLHUP) != 0);
  socket_.reset();
  clean_up_after_it();
}

Containment WardenProcess::containment() const { return static_cast<Containment>(hello_.containment); }

void WardenProcess::refresh_defaults() {
  warden::Defaults now;
  char directory[4096];
  if (::getcwd(directory, sizeof directory) != nullptr) now.cwd = directory;
  bool same = defaults_sent_ && now.cwd == defaults_.cwd;
  std::size_t count = 0;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    if (is_secret_variable(*one)) continue;
    same = same && count < defaults_.environment.size() && defaults_.environment[count] == *one;
    ++count;
  }
  if (same && count == defaults_.environment.size()) return;
  for (char** one = environ; one != nullptr && *one != nullptr; ++one) {
    if (!is_secret_variable(*one)) now.environment.emplace_back(*one);
  }
  defaults_ = std::move(now);
  defaults_sent_ = true;
  send(warden::Type::defaults, 0, defaults_);
}

bool WardenProcess::send_written(warden::Type type, std::uint32_t id, std::span<const int> fds) {
  if (lost_) return false;
  if (writer_.bytes().size() > warden::kMaxInlineBytes) return send_large(type, id, fds);
  if (os::send_message(socket_.get(), writer_.bytes(), fds)) return true;
  lost_ = true;
  return false;
}

bool WardenProcess::send_large(warden::Type type, std::uint32_t id, std::span<const int> fds) {
  const std::string_view body = writer_.bytes().substr(5);
  const os::Fd file = os::make_anonymous_file("dummynet-request", body);
  std::vector<int> all{fds.begin(), fds.end()};
  all.push_back(file.get());
  warden::Writer header;
  header.begin(type, id, true);
  if (os::send_message(socket_.get(), header.bytes(), all)) return true;
  lost_ = true;
  return false;
}

std::optional<WardenProcess::Message> WardenProcess::receive(bool wait) {
  for (;;) {
    auto received = os::receive_message(socket_.get(), buffer_, wait ? 0 : MSG_DONTWAIT);
    if (!received) return std::nullopt;
    if (received->bytes.empty()) {
      lost_ = true;
      return std::nullopt;
    }
    const auto header = warden::parse_header(received->bytes);
    if (!header) continue;
    Message message{header->type,        header->id, std::string{header->body}, std::move(received->fds),
                    received->truncated, 0};
    // The sender's own pid comes along with every message; only where it stands for another process does it count.
    if (hello_.own_pid_namespace || message.type == warden::Type::hello) message.about = received->about;
    return message;
  }
}

std::optional<WardenProcess::Message> WardenProcess::take() {
  if (!kept_.empty()) {
    Message first = std::move(kept_.front());
    kept_.pop_front();
    return first;
  }
  return lost_ ? std::nullopt : receive(false);
}

WardenProcess::Message WardenProcess::await(std::uint32_t id, warden::Type reply) {
  for (;;) {
    auto message = lost_ ? std::nullopt : receive(true);
    if (!message) throw StartError{StartError::Step::warden, "warden", 0, "a process", "the warden was lost"};
    if (message->id == id && (message->type == reply || message->type == warden::Type::refused))
      return std::move(*message);
    kept_.push_back(std::move(*message));
  }
}

void WardenProcess::throw_if_refused(const Message& answer) {
  if (answer.type != warden::Type::refused) return;
  const auto refusal = warden::parse<warden::Refusal>(answer.body).value_or(warden::Refusal{});
  os::throw_errno(refusal.error_number != 0 ? refusal.error_number : EPROTO, refusal.object);
}

template <typename Reply, typename Body>
Reply WardenProcess::ask(warden::Type type, const Body& body, warden::Type reply, std::uint32_t id, os::FdList* fds,
                         pid_t* about) {
  send(type, id, body);
  Message answer = await(id, reply);
  throw_if_refused(answer);
  auto parsed = warden::parse<Reply>(answer.body);
  if (!parsed) os::throw_errno(EBADMSG, "the warden's answer");
  if (fds != nullptr) *fds = std::move(answer.fds);
  if (about != nullptr) *about = answer.about;
  return std::move(*parsed);
}

void WardenProcess::set_node_file(int node, const std::string& path, const std::string& content) {
  ask<warden::Usage>(warden::Type::set_node_file, warden::NodeFile{node, path, content}, warden::Type::done, next_id());
}

std::vector<Warden::Sysctl> WardenProcess::set_sysctls(int node, const std::vector<Sysctl>& sysctls) {
  warden::SetSysctls request{node, {}};
  for (const auto& [name, value] : sysctls) request.sysctls.push_back({name, value});
  auto were = ask<warden::SysctlsWere>(warden::Type::set_sysctls, request, warden::Type::sysctls_were, next_id());
  if (were.values.size() != sysctls.size()) os::throw_errno(EBADMSG, "the warden's answer");
  std::vector<Sysctl> before;
  for (std::size_t i = 0; i < sysctls.size(); ++i) before.push_back({sysctls[i].name, std::move(were.values[i])});
  return before;
}

void WardenProcess::drop_node(int node) {
  ask<warden::Usage>(warden::Type::drop_node, warden::DropNode{node}, warden::Type::done, next_id());
}

std::uint32_t WardenProcess::keep_undo(const Undo& undo) {
  static_assert(static_cast<int>(Undo::Kind::cgroup) == static_cast<int>(warden::Undo::Kind::cgroup));
  const std::uint32_t number = next_id();
  const warden::Undo request{static_cast<warden::Undo::Kind>(undo.kind), number, undo.object, undo.value};
  ask<warden::Usage>(warden::Type::keep_undo, request, warden::Type::done, number);
  return number;
}

void WardenProcess::forget_undo(std::uint32_t number) {
  ask<warden::Usage>(warden::Type::forget_undo, warden::ForgetUndo{number}, warden::Type::done, next_id());
}

os::Fd WardenProcess::open_socket(int node, int domain, int type, int protocol) {
  os::FdList fds;
  ask<warden::SocketRequest>(warden::Type::open_socket, warden::SocketRequest{node, domain, type, protocol},
                             warden::Type::socket_opened, next_id(), &fds);
  return fds.take(0);
}

template warden::Usage WardenProcess::ask(warden::Type, const warden::Signal&, warden::Type, std::uint32_t, os::FdList*,
                                          pid_t*);

namespace {

// If it came to be our child (we are PID 1 or a subreaper ourselves) it also has to be reaped.
void wait_for_end(pid_t pid, const os::Fd& pidfd) noexcept {
  if (pid <= 0) return;
  if (pidfd) {
    pollfd watched{pidfd.get(), POLLIN, 0};
    while (::poll(&watched, 1, kGoneDeadlineMs) < 0 && errno == EINTR) {
    }
    siginfo_t info{};
    ::waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG | __WALL);
    return;
  }
  // A kernel, or a filter, without pidfd_open(2). The number cannot be another's within these moments.
  const auto deadline = Clock::now() + std::chrono::milliseconds{kGoneDeadlineMs};
  for (;;) {
    siginfo_t info{};
    ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOHANG | __WALL);
    const auto stat = os::read_process(pid);
    if (!stat || stat->state == 'Z' || stat->state == 'X' || Clock::now() > deadline) return;
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace

void WardenProcess::clean_up_after_it() noexcept {
  if (std::exchange(cleaned_, true)) return;
  // The guardian ends last, after all that was the warden's. If it was killed too: a warden that is PID 1 is dead when
  // everything in its namespace is, pid_namespaces(7).
  wait_for_end(hello_.guardian, guardian_pidfd_);
  wait_for_end(pid_, pidfd_);
  try {
    if (lost_) os::CgroupV1::remove_own_children(warden::memory_cgroup_prefix(run_));
  } catch (const std::system_error&) {  // NOLINT(bugprone-empty-catch): as below
  }
  try {
    if (!hello_.cgroup.empty() && ::access(hello_.cgroup.c_str(), F_OK) == 0) {
      const std::size_t slash = hello_.cgroup.rfind('/');
      const os::Cgroup parent = os::Cgroup::open(hello_.cgroup.substr(0, slash));
      os::Cgroup::open(hello_.cgroup).kill_all();
      const auto deadline = Clock::now() + 2s;
      // No event tells when the last killed process has left: cgroup.events does for the leaf, not for its parents'
      // rmdir.
      while (!parent.remove_child(hello_.cgroup.substr(slash + 1)) && Clock::now() < deadline) ::poll(nullptr, 0, 1);
    } else if (lost_ && containment() == Containment::subreaper) {
      sweep_marked();
    }
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): called while unwinding; what could be done is done
  }
}

// A warden without cgroup or namespace was killed, perhaps with its guardian: its orphans are marked in their
// environment.
void WardenProcess::sweep_marked() const noexcept {
  const std::string mark = "DUMMYNET_TREE=" + run_ + '.';
  for (int round = 0; round < 20; ++round) {
    bool found = false;
    for (const os::ProcessStat& one : os::read_processes()) {
      if (one.state == 'Z' || !os::has_in_environment(one.pid, mark, true)) continue;
      ::kill(one.pid, SIGKILL);
      found = true;
    }
    if (!found) return;
    ::poll(nullptr, 0, 1);
  }
}

}  // namespace dummynet
