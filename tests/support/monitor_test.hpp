#pragma once

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>

#include "dummynet/core/monitor.hpp"
#include "support/leftovers.hpp"
#include "support/temporary_folder.hpp"
#include "support/waiting.hpp"

namespace dummynet::test {

using namespace std::chrono_literals;

/// For tests with real processes: looks after each of them for what it left behind. A folder of its own is given on
/// request and goes with it.
class MonitorTest : public testing::Test {
 protected:
  ~MonitorTest() override;

  const Leftovers& leftovers() const { return leftovers_; }
  /// A path in a folder that everybody may write to.
  std::string path(const std::string& name);
  static std::string content(const std::string& file);
  static void write_file(const std::string& file, const std::string& text);

 private:
  Leftovers leftovers_;
  std::optional<TemporaryFolder> folder_;
};

/// How a monitor holds its processes together.
enum class Kind { plain, no_cgroup, isolate, sandbox };
inline constexpr Kind kKinds[] = {Kind::plain, Kind::no_cgroup, Kind::isolate, Kind::sandbox};
std::string to_string(Kind kind);
MonitorOptions options_for(Kind kind);

/// A test that holds for every kind of monitor.
class EveryMonitorTest : public MonitorTest, public testing::WithParamInterface<Kind> {};
inline auto every_kind() { return testing::ValuesIn(kKinds); }
inline std::string kind_name(const testing::TestParamInfo<Kind>& info) { return to_string(info.param); }

/// What the function throws; fails when that is nothing or something else.
template <typename Error, typename Function>
Error thrown(Function&& function) {
  try {
    function();
  } catch (const Error& error) {
    return error;
  } catch (const std::exception& other) {
    throw std::runtime_error{std::string{"expected another exception than: "} + other.what()};
  }
  throw std::runtime_error{"expected an exception"};
}

/// Serves the monitor until this holds; throws std::runtime_error when it never does. What keep_running() throws goes
/// on up.
void serve_until(ProcessMonitor& monitor, const std::function<bool()>& holds);
/// Until the last client has ended.
void serve_to_the_end(ProcessMonitor& monitor);

/// Runs `body` in a forked copy of this program, which may change what belongs to the whole program. What it expects
/// in there counts. `as_nobody`: as an ordinary user, who owns nothing.
void in_child(const std::function<void()>& body);
void as_nobody(const std::function<void()>& body);

/// A port of this machine that nobody has at the moment; of SOCK_STREAM or SOCK_DGRAM.
std::uint16_t free_port(int type = SOCK_STREAM);

/// A program of ours from tests/payload.
std::string payload(const std::string& name);

}  // namespace dummynet::test
