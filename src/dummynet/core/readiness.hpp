#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "dummynet/core/monitor_state.hpp"

namespace dummynet {

/// Waits for one process's Ready condition: by an event where there is one (a line of output, a datagram), else by
/// looking again and again, after 1 ms at first and 20 ms at last.
class Readiness {
 public:
  /// Throws StartError{Step::argument} for a condition that cannot be: a bad regular expression or URL.
  Readiness(MonitorState& monitor, ProcessRecord& record, const Ready& ready);
  ~Readiness();
  Readiness(const Readiness&) = delete;
  Readiness& operator=(const Readiness&) = delete;

  /// What the process must find in its environment, "NAME=value".
  std::vector<std::string> environment() const;
  /// The process runs now: begin to look, and to count the time.
  void begin();

  bool wants_lines() const noexcept;
  void line(std::string_view text);
  /// Nothing more can happen but what it said last, which may still be on its way.
  void process_ended();
  /// Nobody waits for it any more.
  void abandon();

  /// What was seen instead, e.g. who else holds the port; empty: nothing worth telling.
  const std::string& remark() const noexcept { return remark_; }

  class Condition;

 private:
  void look();
  void give_up(const std::string& why);
  void ready();
  void cancel_deadlines();

  MonitorState& monitor_;
  ProcessRecord& record_;
  Ready what_;
  std::unique_ptr<Condition> condition_;
  Poller::Id deadline_ = 0;
  Poller::Id next_look_ = 0;
  std::chrono::nanoseconds pause_ = std::chrono::milliseconds{1};
  std::string remark_;
  bool over_ = false;
};

/// One kind of condition.
class Readiness::Condition {
 public:
  virtual ~Condition() = default;
  /// Called when the process runs. `ready` may be called at any time from then on.
  virtual void begin(std::function<void()> ready) = 0;
  /// True: it holds now. Only asked when looks() says so.
  virtual bool look(std::string& remark) = 0;
  virtual bool looks() const { return true; }
  /// The process has ended: whether it had become ready before, without having been seen.
  virtual bool last_look() { return false; }
  virtual std::vector<std::string> environment() const { return {}; }
  /// Non-null: wants to see every line.
  virtual bool line(std::string_view) { return false; }
  virtual bool wants_lines() const { return false; }
};

}  // namespace dummynet
