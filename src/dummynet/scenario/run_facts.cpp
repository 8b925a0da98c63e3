#include "dummynet/scenario/run_facts.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dummynet/os/proc_scan.hpp"

namespace dummynet::scenario {
namespace {

std::uint64_t own_pid_namespace() {
  struct stat status {};
  return ::stat("/proc/self/ns/pid", &status) == 0 ? status.st_ino : 0;
}

std::string this_boot() {
  std::ifstream file{"/proc/sys/kernel/random/boot_id"};
  std::string boot;
  file >> boot;
  return boot;
}

}  // namespace

RunFacts facts_of_this_process() {
  RunFacts facts;
  facts.pid = ::getpid();
  const auto stat = os::read_process(facts.pid);
  facts.start_ticks = stat ? stat->start_ticks : 0;
  facts.pid_namespace = own_pid_namespace();
  facts.boot = this_boot();
  facts.started_at = std::time(nullptr);
  return facts;
}

std::string utc_time(std::int64_t seconds) {
  const std::time_t time = seconds;
  std::tm parts{};
  char text[64] = "";
  if (::gmtime_r(&time, &parts) != nullptr) std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

std::string to_json(const RunFacts& facts) {
  const nlohmann::ordered_json json{{"run", facts.run},
                                    {"pid", facts.pid},
                                    {"start_ticks", facts.start_ticks},
                                    {"pid_namespace", facts.pid_namespace},
                                    {"boot", facts.boot},
                                    {"scenario", facts.scenario},
                                    {"file", facts.file},
                                    {"nodes", facts.nodes},
                                    {"started_at", facts.started_at}};
  // A path may be any bytes.
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + '\n';
}

std::optional<RunFacts> parse_facts(std::string_view json) {
  try {
    const auto parsed = nlohmann::json::parse(json);
    RunFacts facts;
    parsed.at("run").get_to(facts.run);
    parsed.at("pid").get_to(facts.pid);
    parsed.at("start_ticks").get_to(facts.start_ticks);
    parsed.at("pid_namespace").get_to(facts.pid_namespace);
    parsed.at("boot").get_to(facts.boot);
    parsed.at("scenario").get_to(facts.scenario);
    parsed.at("file").get_to(facts.file);
    parsed.at("nodes").get_to(facts.nodes);
    parsed.at("started_at").get_to(facts.started_at);
    return facts;
  } catch (const nlohmann::json::exception&) {
    return std::nullopt;
  }
}

OwnerState owner_state(const RunFacts& facts) {
  if (facts.boot != this_boot()) return OwnerState::dead;
  if (facts.pid_namespace == 0 || facts.pid_namespace != own_pid_namespace()) return OwnerState::unknown;
  const auto stat = os::read_process(facts.pid);
  if (!stat || stat->start_ticks != facts.start_ticks) return OwnerState::dead;
  return stat->state == 'Z' || stat->state == 'X' ? OwnerState::dead : OwnerState::alive;
}

}  // namespace dummynet::scenario
