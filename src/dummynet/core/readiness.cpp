#include "dummynet/core/readiness.hpp"

#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include "dummynet/core/deadline.hpp"
#include "dummynet/core/http_probe.hpp"
#include "dummynet/core/http_url.hpp"
#include "dummynet/core/listeners.hpp"
#include "dummynet/core/log_pattern.hpp"
#include "dummynet/core/notify_socket.hpp"

namespace dummynet {

namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds kLongestPause = 20ms;

class LogCondition final : public Readiness::Condition {
 public:
  explicit LogCondition(const std::string& regex) : pattern_{regex} {}
  void begin(std::function<void()>) override {}
  bool look(std::string&) override { return false; }
  bool looks() const override { return false; }
  bool wants_lines() const override { return true; }
  bool line(std::string_view text) override { return pattern_.matches(text); }

 private:
  LogPattern pattern_;
};

class FileCondition final : public Readiness::Condition {
 public:
  FileCondition(const ProcessRecord& record, const std::string& path)
      : path_{path.starts_with('/') ? path : record.info.cwd + '/' + path} {}
  void begin(std::function<void()>) override {}
  bool look(std::string&) override { return last_look(); }
  bool last_look() override { return ::access(path_.c_str(), F_OK) == 0; }

 private:
  std::string path_;
};

// Asks sock_diag(7) in the node itself, through a socket that the warden opened there.
class ListenCondition final : public Readiness::Condition {
 public:
  ListenCondition(ProcessRecord& record, const ReadyListen& what) : record_{record}, what_{what} {}

  void begin(std::function<void()>) override {
    diag_ = record_.warden->open_socket(record_.options.place.node, AF_NETLINK, SOCK_DGRAM, NETLINK_SOCK_DIAG);
  }

  bool look(std::string& remark) override {
    const std::vector<Listener> listeners = find_listeners(diag_, what_.port, what_.protocol);
    for (const Listener& one : listeners) {
      if (!is_ours(one, remark)) continue;
      const bool only_loopback =
          std::all_of(listeners.begin(), listeners.end(), [](const Listener& other) { return other.is_loopback; });
      if (only_loopback) {
        record_.notices.push_back("it listens on " + to_string(one, what_.port) +
                                  " only, which no other host can reach");
      }
      return true;
    }
    return false;
  }

 private:
  bool is_ours(const Listener& listener, std::string& remark) const {
    warden::Writer& writer = record_.warden->writer(warden::Type::find_socket, record_.id);
    writer.body().number(std::uint64_t{listener.inode});
    if (!record_.warden->send_written(warden::Type::find_socket, record_.id, {})) return false;
    const auto answer = record_.warden->await(record_.id, warden::Type::socket_owner);
    const auto owner = warden::parse<warden::SocketOwner>(answer.body);
    if (!owner) return false;
    if (owner->in_tree) return true;
    remark = "port " + std::to_string(what_.port) + " is held by ";
    const pid_t holder = answer.about != 0 && owner->holder != 0 ? answer.about : owner->holder;
    remark += holder != 0 ? "PID " + std::to_string(holder) + " (" + owner->command + ')'
                          : std::string{"a process of another user"};
    return false;
  }

  ProcessRecord& record_;
  ReadyListen what_;
  os::Fd diag_;
};

// Runs a command at the same place until it exits with 0. One at a time.
class ExecCondition final : public Readiness::Condition {
 public:
  ExecCondition(MonitorState& monitor, ProcessRecord& record, Command command)
      : monitor_{monitor}, record_{record}, command_{std::move(command)} {}
  ~ExecCondition() override {
    if (probe_) monitor_.kill_tree(probe_->record());
  }

  void begin(std::function<void()>) override {}

  bool look(std::string& remark) override {
    if (probe_ && !probe_->record().finished) return false;
    if (probe_) {
      const RunInfo& info = probe_->record().info;
      if (info.succeeded()) return true;
      remark = command_.text() + (info.ending ? ' ' + to_string(*info.ending) : std::string{});
    }
    RunOptions options;
    options.place = record_.options.place;
    options.cwd = record_.info.cwd;
    options.user = record_.options.user;
    options.env = record_.options.env;
    options.clear_env = record_.options.clear_env;
    options.sudo = record_.options.sudo;
    options.capture_limit_bytes = 4096;
    probe_ = monitor_.start(command_, options, MonitorState::Role::probe);
    return false;
  }

 private:
  MonitorState& monitor_;
  ProcessRecord& record_;
  Command command_;
  MonitorState::ProcessPtr probe_;
};

// One GET after the other.
class HttpCondition final : public Readiness::Condition {
 public:
  HttpCondition(MonitorState& monitor, ProcessRecord& record, const std::string& url)
      : monitor_{monitor}, record_{record}, url_{parse_http_url(url)} {}

  void begin(std::function<void()>) override {}

  bool look(std::string& remark) override {
    if (probe_ && !answer_) return false;
    if (answer_) {
      if (answer_->is_ok) return true;
      remark = answer_->reason;
      answer_.reset();
    }
    const auto open = [this](int family) {
      return record_.warden->open_socket(record_.options.place.node, family, SOCK_STREAM | SOCK_NONBLOCK, 0);
    };
    probe_ = std::make_unique<HttpProbe>(monitor_.poller(), url_, open,
                                         [this](const HttpAnswer& answer) { answer_ = answer; });
    return false;
  }

 private:
  MonitorState& monitor_;
  ProcessRecord& record_;
  HttpUrl url_;
  std::unique_ptr<HttpProbe> probe_;
  std::optional<HttpAnswer> answer_;
};

class NotifyCondition final : public Readiness::Condition {
 public:
  // The socket is opened where the process will live, before it lives: its name goes into the environment.
  NotifyCondition(MonitorState& monitor, const ProcessRecord& record)
      : monitor_{monitor}, socket_{record.warden->open_socket(record.options.place.node, AF_UNIX, SOCK_DGRAM, 0)} {}
  ~NotifyCondition() override {
    if (watch_ != 0) monitor_.poller().remove(watch_);
  }

  std::vector<std::string> environment() const override { return {"NOTIFY_SOCKET=" + socket_.address()}; }
  bool looks() const override { return false; }
  bool look(std::string&) override { return false; }
  void begin(std::function<void()> ready) override {
    watch_ = monitor_.poller().add(socket_.fd(), EPOLLIN, [this, ready = std::move(ready)](std::uint32_t) {
      if (last_look()) ready();
    });
  }
  bool last_look() override {
    while (const auto message = socket_.receive()) {
      if (message->is_ready) return true;
    }
    return false;
  }

 private:
  MonitorState& monitor_;
  NotifySocket socket_;
  Poller::Id watch_ = 0;
};

std::unique_ptr<Readiness::Condition> make_condition(MonitorState& monitor, ProcessRecord& record, const Ready& ready) {
  if (const auto* listen = std::get_if<ReadyListen>(&ready.condition)) {
    return std::make_unique<ListenCondition>(record, *listen);
  }
  if (const auto* log = std::get_if<ReadyLog>(&ready.condition)) return std::make_unique<LogCondition>(log->regex);
  if (const auto* exec = std::get_if<ReadyExec>(&ready.condition)) {
    return std::make_unique<ExecCondition>(monitor, record, exec->command);
  }
  if (const auto* file = std::get_if<ReadyFile>(&ready.condition)) {
    return std::make_unique<FileCondition>(record, file->path);
  }
  if (const auto* http = std::get_if<ReadyHttp>(&ready.condition)) {
    return std::make_unique<HttpCondition>(monitor, record, http->url);
  }
  return std::make_unique<NotifyCondition>(monitor, record);
}

}  // namespace

Readiness::Readiness(MonitorState& monitor, ProcessRecord& record, const Ready& ready)
    : monitor_{monitor}, record_{record}, what_{ready} {
  try {
    if (ready.timeout <= 0ns) throw std::invalid_argument{"the timeout must be above zero"};
    condition_ = make_condition(monitor, record, ready);
  } catch (const std::invalid_argument& error) {
    throw StartError{StartError::Step::argument, "ready", 0, record.info.command.text(), error.what()};
  }
}

Readiness::~Readiness() {
  if (deadline_ != 0) monitor_.poller().remove(deadline_);
  if (next_look_ != 0) monitor_.poller().remove(next_look_);
}

std::vector<std::string> Readiness::environment() const { return condition_->environment(); }

void Readiness::begin() {
  if (over_) return;  // its output was there before the news that it runs
  deadline_ = monitor_.poller().add_deadline(deadline_after(what_.timeout), [this] {
    deadline_ = 0;
    over_ = true;
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.3gs", std::chrono::duration<double>(what_.timeout).count());
    std::string why = std::string{"was not ready within "} + seconds + ": waited for " + to_string(what_);
    if (!remark_.empty()) why += "; " + remark_;
    monitor_.failed_to_be_ready(record_, why);
  });
  try {
    condition_->begin([this] { ready(); });
  } catch (const std::exception& error) {
    return give_up(error.what());
  }
  if (condition_->looks()) look();
}

// A condition that cannot even be looked at, e.g. a probe program that does not exist: waiting would not help.
void Readiness::give_up(const std::string& why) {
  abandon();
  monitor_.failed_to_be_ready(record_, "cannot become ready: waiting for " + to_string(what_) + ": " + why);
}

void Readiness::look() {
  next_look_ = 0;
  if (over_) return;
  try {
    if (condition_->look(remark_)) return ready();
  } catch (const std::exception& error) {
    return give_up(error.what());
  }
  next_look_ = monitor_.poller().add_deadline(Clock::now() + pause_, [this] { look(); });
  pause_ = std::min<std::chrono::nanoseconds>(pause_ * 3 / 2, kLongestPause);
}

bool Readiness::wants_lines() const noexcept { return !over_ && condition_->wants_lines(); }

void Readiness::line(std::string_view text) {
  if (!over_ && condition_->line(text)) ready();
}

void Readiness::process_ended() {
  if (over_) return;
  cancel_deadlines();
  if (condition_->last_look()) return ready();
  over_ = !condition_->wants_lines();
}

void Readiness::abandon() {
  over_ = true;
  cancel_deadlines();
}

void Readiness::ready() {
  if (over_) return;
  abandon();
  monitor_.became_ready(record_);
}

void Readiness::cancel_deadlines() {
  if (deadline_ != 0) monitor_.poller().remove(std::exchange(deadline_, 0));
  if (next_look_ != 0) monitor_.poller().remove(std::exchange(next_look_, 0));
}

}  // namespace dummynet
