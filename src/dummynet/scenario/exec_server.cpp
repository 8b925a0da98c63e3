#include "dummynet/scenario/exec_server.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <stdexcept>

#include "dummynet/net/near_word.hpp"

namespace dummynet::scenario {
namespace {

// As shells have it; what is wrong with the question itself is 2, as everywhere in this command.
constexpr int kUsage = 2;
constexpr int kCannotBeHad = 3;
constexpr int kCannotExecute = 126;
constexpr int kNotFound = 127;
constexpr int kGone = 137;

int code_of(const StartError& error) {
  if (error.step() == StartError::Step::argument) return kUsage;
  if (error.step() != StartError::Step::execute) return kCannotBeHad;
  return error.error_number() == ENOENT ? kNotFound : kCannotExecute;
}

bool may_ask(int socket) {
  ucred peer{};
  socklen_t size = sizeof peer;
  return ::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && (peer.uid == ::geteuid() || peer.uid == 0);
}

}  // namespace

int shell_code(const Ending& ending) {
  if (const auto* exited = std::get_if<Exited>(&ending)) return exited->code;
  if (const auto* killed = std::get_if<Killed>(&ending)) return 128 + killed->signal;
  return kGone;
}

ExecServer::ExecServer(ProcessMonitor& monitor, const os::Fd& listener, Run run)
    : monitor_{monitor}, listener_{listener}, run_{std::move(run)} {
  watch_ = monitor_.poller().add(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept(); });
}

ExecServer::~ExecServer() {
  monitor_.poller().remove(watch_);
  for (auto& [number, visit] : visits_) monitor_.poller().remove(visit.watch);
}

void ExecServer::accept() {
  os::Fd socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (!socket || !may_ask(socket.get())) return;
  const std::uint64_t number = ++last_;
  Visit& visit = visits_[number];
  visit.socket = std::move(socket);
  visit.watch = monitor_.poller().add(visit.socket.get(), EPOLLIN, [this, number](std::uint32_t) { receive(number); });
}

void ExecServer::receive(std::uint64_t number) {
  Visit& visit = visits_.at(number);
  std::string buffer(kMaxExecBytes + 1, '\0');
  std::optional<os::Received> received;
  try {
    received = os::receive_message(visit.socket.get(), buffer, MSG_DONTWAIT);
  } catch (const std::exception&) {
    return hang_up(number);
  }
  if (!received) return;
  if (received->bytes.empty()) return hang_up(number);
  if (!visit.asked) {
    visit.asked = true;
    const auto request = received->truncated ? std::nullopt : parse_exec_request(received->bytes);
    if (request && received->fds.size() == 3) return start(number, *request, received->fds);
    return say(number, {ExecNews::Kind::refused, kUsage, "the request cannot be understood"});
  }
  const auto news = parse_exec_news(received->bytes);
  if (news && news->kind == ExecNews::Kind::signal && visit.process && news->number > 0 && news->number <= 64) {
    visit.process->signal(news->number, true);
  }
}

void ExecServer::start(std::uint64_t number, const ExecRequest& request, os::FdList& fds) {
  const auto refuse = [&](int code, std::string text) {
    say(number, {ExecNews::Kind::refused, code, std::move(text)});
  };
  if (std::ranges::find(run_.nodes, request.node) == run_.nodes.end()) {
    const std::vector<std::string_view> nodes{run_.nodes.begin(), run_.nodes.end()};
    return refuse(kUsage, fmt::format("unknown node `{}`{}", request.node, net::did_you_mean(request.node, nodes)));
  }
  try {
    ProcessHandle process = start_process(number, request, fds);
    const auto visit = visits_.find(number);
    if (visit == visits_.end()) return;
    visit->second.process = std::move(process);
    run_.note(fmt::format("exec on node {}: {}", request.node, Command{request.command}.text()));
    say(number, {ExecNews::Kind::started, 0, {}});
  } catch (const StartError& error) {
    refuse(code_of(error), error.what());
  } catch (const std::logic_error&) {
    refuse(kCannotBeHad, "this run has no network yet, or none any more");
  } catch (const std::system_error& error) {
    refuse(kCannotBeHad, error.what());
  }
}

ProcessHandle ExecServer::start_process(std::uint64_t number, const ExecRequest& request, const os::FdList& fds) {
  RunOptions options = run_.options(request.node);
  options.name = "exec";
  options.bystander = true;
  options.leave_tree = true;  // what it leaves behind lives on, until the run ends
  options.drain = std::chrono::nanoseconds::zero();
  options.cwd = request.cwd;
  options.user = request.user;
  options.descriptors = Descriptors{{fds[0].get(), fds[1].get(), fds[2].get()}, request.terminal};
  for (const std::string& one : request.environment) {
    const std::size_t equals = one.find('=');
    if (equals != std::string::npos) options.env[one.substr(0, equals)] = one.substr(equals + 1);
  }
  options.on_end = [this, number](const RunInfo& info) {
    say(number, {ExecNews::Kind::ended, info.ending ? shell_code(*info.ending) : kGone, {}});
  };
  return monitor_.run_process_async(Command{request.command}, options);
}

// As when a terminal goes away: termios(3).
void ExecServer::hang_up(std::uint64_t number) {
  const auto found = visits_.find(number);
  if (found == visits_.end()) return;
  if (const ProcessHandle& process = found->second.process) {
    process->signal(SIGHUP, true);
    process->signal(SIGCONT, true);
  }
  monitor_.poller().remove(found->second.watch);
  visits_.erase(found);
}

void ExecServer::say(std::uint64_t number, const ExecNews& news) {
  const auto found = visits_.find(number);
  if (found == visits_.end()) return;
  // It is a short message on a fresh socket; who does not read it loses it.
  try {
    os::send_message(found->second.socket.get(), to_bytes(news), {}, MSG_DONTWAIT);
  } catch (const std::exception&) {
    return hang_up(number);
  }
  if (news.kind == ExecNews::Kind::started) return;
  monitor_.poller().remove(found->second.watch);
  visits_.erase(found);
}

}  // namespace dummynet::scenario
