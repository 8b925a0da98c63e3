#include "dummynet/wire/engine.hpp"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <stdexcept>

#include "dummynet/os/check.hpp"
#include "dummynet/wire/impairment_check.hpp"

namespace dummynet::wire {

namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 60s;  // until the owner has said what is wanted

os::Fd block_and_watch_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set, signal);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  return os::Fd{os::check(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd")};
}

void raise_open_file_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// Refused to ordinary users, and where the cgroup gives no such time.
bool go_before_all_others() {
  sched_param parameters{};
  parameters.sched_priority = 1;
  return ::sched_setscheduler(0, SCHED_FIFO, &parameters) == 0;
}

std::string complaint_about(const Impairment& impairment) {
  std::string text;
  for (const ImpairmentComplaint& one : check_impairment(impairment)) {
    text.append(text.empty() ? "" : ", ").append(one.property).append(" ").append(one.message);
  }
  return text;
}

}  // namespace

void Engine::run() {
  signals_ = block_and_watch_signals();
  auto first = control_.wait(kPatience);
  if (!first) return;
  configure(*first);
  if (!pump_) return;
  // One of our own, since the socket's belongs to ControlSocket.
  control_watch_ = os::Fd{os::check(::fcntl(control_.fd(), F_DUPFD_CLOEXEC, 3), "fcntl")};
  pump_->watch(control_watch_, [this] { handle_messages(); });
  pump_->watch(signals_, [this] {
    for (std::uint32_t link = 0; link < pump_->links(); link += control::Counters::kMax) tell_counters(link);
    pump_->stop();
  });
  pump_->run();
  pump_->end_log();
}

void Engine::handle_messages() {
  while (auto message = control_.take()) handle(*message);
  if (control_.is_over()) pump_->stop();
}

void Engine::handle(ControlMessage& message) {
  switch (message.type) {
    case control::Type::add_link:
      return add_link(message);
    case control::Type::begin:
      pump_->begin();
      return done();
    case control::Type::set:
      return set(message);
    case control::Type::ask_counters:
      if (const auto asked = control::decode<control::AskCounters>(message.body)) return tell_counters(asked->first);
      break;
    case control::Type::finish:
      return pump_->stop();
    default:
      break;
  }
  refuse("malformed request");
}

void Engine::configure(ControlMessage& message) {
  const auto configuration = control::decode<control::Configure>(message.body);
  if (message.type != control::Type::configure || !configuration) return refuse("malformed request");
  if (configuration->version != control::kVersion) return refuse("engine and library are of different versions");
  seed_ = configuration->seed;
  if (configuration->realtime && !go_before_all_others()) {
    return refuse(std::string{"no realtime for the engine: SCHED_FIFO: "} + std::strerror(errno) +
                  "; it takes real root (CAP_SYS_NICE) and a cgroup that is given such time");
  }
  Pump::Options options{.spin = configuration->spin};
  if (configuration->log_packets) options.packet_log = message.fds.take(0);
  pump_ = std::make_unique<Pump>(std::move(options));
  done();
}

void Engine::add_link(ControlMessage& message) {
  const auto link = control::decode<control::AddLink>(message.body);
  const std::size_t sockets = message.fds.size();
  const bool is_sound = link && link->directions.size() == 2 && link->first_sockets > 0 &&
                        link->first_sockets < sockets && sockets <= 2 * Pump::kMostSockets;
  if (!is_sound) return refuse("malformed request");
  for (const Impairment& one : link->directions) {
    if (const std::string why = complaint_about(one); !why.empty()) return refuse(why);
  }
  std::array<std::vector<os::Fd>, 2> ends;
  for (std::size_t i = 0; i < sockets; ++i) ends[i < link->first_sockets ? 0 : 1].push_back(message.fds.take(i));
  pump_->add_link(link->position, seed_, std::move(ends), {link->directions[0], link->directions[1]});
  done();
}

// All or, when one is refused, none.
void Engine::set(const ControlMessage& message) {
  const auto wanted = control::decode<control::Set>(message.body);
  if (!wanted) return refuse("malformed request");
  for (const control::Set::Change& change : wanted->changes) {
    if (change.link >= pump_->links() || change.direction > 1) return refuse("there is no such link");
    if (const std::string why = complaint_about(change.impairment); !why.empty()) return refuse(why);
  }
  for (const control::Set::Change& change : wanted->changes) {
    pump_->set(change.link, change.direction, change.impairment, change.drop_in_flight);
  }
  done();
}

void Engine::tell_counters(std::uint32_t first) {
  control::Counters counters;
  counters.first = first;
  for (std::size_t link = first; link < std::min<std::size_t>(pump_->links(), first + control::Counters::kMax);
       ++link) {
    for (const std::size_t direction : {0U, 1U}) counters.directions.push_back(pump_->counters(link, direction));
  }
  control_.send(control::Type::counters, encode(counters));
}

void Engine::refuse(const std::string& why) { control_.send(control::Type::refused, encode(control::Refused{why})); }

int run_engine_program() noexcept {
  ::prctl(PR_SET_NAME, "dummynet-engine");
  ::prctl(PR_SET_TIMERSLACK, 1UL);  // nanosecond; the default lets each wake-up be 50 us late
  raise_open_file_limit();
  std::string last_words;
  try {
    // Standard input is inherited: no child of ours shall have it.
    Engine engine{os::Fd{os::check(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3), "fcntl")}};
    ::close(STDIN_FILENO);
    engine.run();
    return 0;
  } catch (const std::exception& error) {
    last_words = error.what();
  }
  [[maybe_unused]] const ssize_t ignored = ::write(STDERR_FILENO, last_words.data(), last_words.size());
  return 1;
}

}  // namespace dummynet::wire
