#include "dummynet/wire/engine_process.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "dummynet/os/anonymous_file.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet::wire {

namespace {

using namespace std::chrono_literals;

// Far beyond what it takes to answer on a busy machine.
constexpr auto kAnswerPatience = 60s;
constexpr std::size_t kMostWords = 4096;

}  // namespace

struct EngineProcess::Door {
  EngineProcess* self;
};

EngineProcess::EngineProcess(ProcessMonitor& monitor)
    : monitor_{monitor},
      door_{std::make_shared<Door>(Door{this})},
      words_{os::make_anonymous_file("dummynet-engine-words", {})} {}

// Once the other constructor is done the destructor is called for whatever is thrown here.
EngineProcess::EngineProcess(ProcessMonitor& monitor, control::Configure configuration, os::Fd packet_log)
    : EngineProcess{monitor} {
  auto [ours, theirs] = os::make_message_sockets();
  control_ = ControlSocket{std::move(ours)};
  const os::Fd null{os::check(::open("/dev/null", O_WRONLY | O_CLOEXEC), "open /dev/null")};
  // The engine is in the warden's own program, which is /proc/self/exe to what the warden starts: found wherever the
  // warden was, from memory too.
  RunOptions options;
  options.name = "link engine";
  options.cwd = "/";
  options.bystander = true;
  options.ends_last = true;
  options.descriptors = Descriptors{{theirs.get(), null.get(), words_.get()}};
  options.on_end = [door = door_](const RunInfo& info) {
    if (door->self != nullptr) door->self->ended(info);
  };
  process_ = monitor_.run_process_async({"/proc/self/exe", "engine"}, options);
  theirs.reset();
  watch_ = monitor_.poller().add(control_.fd(), EPOLLIN, [this](std::uint32_t) { take_news(); });
  configuration.log_packets = static_cast<bool>(packet_log);
  const int log = packet_log.get();
  ask(control::Type::configure, encode(configuration), control::Type::done,
      packet_log ? std::span<const int>{&log, 1} : std::span<const int>{});
}

EngineProcess::~EngineProcess() {
  door_->self = nullptr;
  if (watch_ != 0) monitor_.poller().remove(watch_);
  try {
    // Its end, which closes the socket, comes after the last line of the log.
    if (why_ended_.empty() && control_.send(control::Type::finish, {})) {
      const auto until = std::chrono::steady_clock::now() + 2s;
      while (!control_.is_over() && std::chrono::steady_clock::now() < until) control_.wait(100ms);
    }
    if (process_) process_->stop(0s);
  } catch (const std::exception&) {  // NOLINT(bugprone-empty-catch): it ends with the monitor at the latest
  }
}

ControlMessage EngineProcess::ask(control::Type type, const std::string& body, control::Type reply,
                                  std::span<const int> fds) {
  if (!why_ended_.empty()) throw std::runtime_error{why_ended_};
  const auto until = std::chrono::steady_clock::now() + kAnswerPatience;
  bool alive = control_.send(type, body, fds);
  while (alive) {
    auto answer = control_.wait(std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()));
    if (!answer) break;
    if (answer->type == reply) return std::move(*answer);
    if (answer->type != control::Type::refused) continue;
    const auto refused = control::decode<control::Refused>(answer->body);
    throw std::runtime_error{"link engine: " + (refused ? refused->why : "refused")};
  }
  const std::string words = last_words();
  if (!control_.is_over() && alive) throw std::runtime_error{"the link engine does not answer"};
  throw std::runtime_error{"the link engine has ended" + (words.empty() ? words : ": " + words)};
}

void EngineProcess::add_link(std::uint32_t position, std::array<std::vector<os::Fd>, 2> ends,
                             const std::array<Impairment, 2>& directions) {
  const control::AddLink link{position, {directions[0], directions[1]}, static_cast<std::uint32_t>(ends[0].size())};
  std::vector<int> fds;
  for (const auto& end : ends) {
    for (const os::Fd& socket : end) fds.push_back(socket.get());
  }
  ask(control::Type::add_link, encode(link), control::Type::done, fds);
  counters_.emplace_back();
}

void EngineProcess::begin() { ask(control::Type::begin, {}, control::Type::done); }

void EngineProcess::set(const control::Set& changes) { ask(control::Type::set, encode(changes), control::Type::done); }

std::vector<LinkCounters> EngineProcess::counters() {
  if (was_stopped_ && told_ >= counters_.size()) return counters_;
  for (told_ = 0; told_ < counters_.size();) {
    const control::AskCounters question{static_cast<std::uint32_t>(told_)};
    const auto answer = ask(control::Type::ask_counters, encode(question), control::Type::counters);
    const auto told = control::decode<control::Counters>(answer.body);
    if (!told || told->first != question.first || told->directions.size() < 2) {
      throw std::runtime_error{"link engine: malformed counters"};
    }
    note_counters(*told);
  }
  return counters_;
}

void EngineProcess::note_counters(const control::Counters& counters) {
  for (std::size_t i = 0; i + 1 < counters.directions.size(); i += 2) {
    const std::size_t link = counters.first + i / 2;
    if (link >= counters_.size()) return;
    counters_[link].directions = {counters.directions[i], counters.directions[i + 1]};
    told_ = link + 1;
  }
}

// What the engine says without being asked: its counters at the end.
void EngineProcess::take_news() {
  while (auto message = control_.take()) {
    if (message->type != control::Type::counters) continue;
    if (const auto told = control::decode<control::Counters>(message->body)) note_counters(*told);
  }
  if (!control_.is_over() || watch_ == 0) return;
  monitor_.poller().remove(watch_);
  watch_ = 0;
}

void EngineProcess::ended(const RunInfo& info) {
  take_news();
  was_stopped_ = info.stopped;
  const std::string words = last_words();
  why_ended_ = "the link engine has ended" + (info.ending ? ": " + to_string(*info.ending) : "");
  if (!words.empty()) why_ended_ += ": " + words;
  if (!was_stopped_ && on_end_) std::exchange(on_end_, nullptr)(why_ended_);
}

std::string EngineProcess::last_words() const {
  std::string words(kMostWords, '\0');
  const ssize_t length = ::pread(words_.get(), words.data(), words.size(), 0);
  words.resize(length > 0 ? static_cast<std::size_t>(length) : 0);
  return words;
}

void EngineProcess::on_end(std::function<void(const std::string& why)> callback) { on_end_ = std::move(callback); }

}  // namespace dummynet::wire
