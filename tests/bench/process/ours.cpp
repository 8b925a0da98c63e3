// The same by ProcessMonitor, as anybody would call it. Asked as in measure.hpp:
//   spawn IN_FLIGHT COUNT PROGRAM [no-cgroups]   µs each, output captured
//   loaded heap|live AMOUNT COUNT PROGRAM        µs each, without and with so many MiB of heap or live children
//   exit-latency COUNT CHILD                     µs, p50 p99: from the child's last act to what we know
//   callback MIB CHILD                           GB/s
//   kept MIB CHILD                               GB/s, all of it in RunInfo at the end
//   idle COUNT CHILD                             % of one CPU over 5 s, owner and warden together, so many children
//   stop COUNT CHILD                             ms beyond the grace, for so many that ignore SIGTERM
//   memory COUNT CHILD                           KiB for each idle child: in the owner, in the warden
#include <sys/types.h>

#include <fstream>
#include <limits>

#include "dummynet/core/monitor.hpp"
#include "dummynet/core/warden.hpp"
#include "measure.hpp"

namespace {

using namespace bench;
using namespace std::chrono_literals;
using dummynet::MonitorOptions;
using dummynet::ProcessMonitor;
using dummynet::RunInfo;
using dummynet::RunOptions;
using Words = std::vector<std::string>;

void run(ProcessMonitor& monitor, const std::string& program, std::size_t count, std::size_t in_flight) {
  if (in_flight == 1) {
    for (std::size_t i = 0; i < count; ++i) monitor.run_process({program});
    return;
  }
  std::size_t started = 0;
  std::size_t ended = 0;
  RunOptions options;
  options.await_start = false;
  options.on_end = [&](const RunInfo&) { ++ended; };
  while (ended < count) {
    for (; started < count && started - ended < in_flight; ++started) monitor.run_process_async({program}, options);
    monitor.keep_running(10s);
  }
}

void keep_alive(ProcessMonitor& monitor, const std::string& child, std::size_t count) {
  allow_many_descriptors();
  RunOptions options;
  options.daemon = true;
  for (std::size_t i = 0; i < count; ++i) monitor.run_process_async({child, "p"}, options);
}

void spawn(const Words& words) {
  MonitorOptions options;
  options.use_cgroups = words.size() < 6;
  ProcessMonitor monitor{options};
  const std::size_t count = number(words, 3);
  run(monitor, words[4], count / 5 + 1, number(words, 2));
  std::printf("%.3f\n", microseconds_each(count, [&] { run(monitor, words[4], count, number(words, 2)); }));
}

void loaded(const Words& words) {
  ProcessMonitor monitor;
  const std::size_t count = number(words, 4);
  run(monitor, words[5], count / 5 + 1, 1);
  const double empty = microseconds_each(count, [&] { run(monitor, words[5], count, 1); });
  if (words[2] == "heap") {
    fill_heap(number(words, 3));
  } else {
    keep_alive(monitor, words[5], number(words, 3));
  }
  std::printf("%.3f %.3f\n", empty, microseconds_each(count, [&] { run(monitor, words[5], count, 1); }));
}

void exit_latency(const Words& words) {
  ProcessMonitor monitor;
  std::vector<double> values;
  for (std::size_t i = 0; i < number(words, 2); ++i) {
    const RunInfo info = monitor.run_process({words[3], "t"});
    values.push_back(microseconds_since_stamp(info.out.text(), now()));
  }
  print_percentiles(std::move(values));
}

void callback(const Words& words) {
  ProcessMonitor monitor;
  std::size_t bytes = 0;
  RunOptions options;
  options.capture_limit_bytes = 0;
  options.on_output = [&](const dummynet::OutputChunk& chunk) { bytes += chunk.bytes.size(); };
  monitor.run_process({words[3]});
  const Clock::time_point start = Clock::now();
  monitor.run_process({words[3], "w", words[2]}, options);
  std::printf("%.3f\n", static_cast<double>(bytes) / seconds_since(start) / 1e9);
}

void kept(const Words& words) {
  ProcessMonitor monitor;
  RunOptions options;
  options.capture_limit_bytes = std::uint64_t{4} << 30U;
  print_second_rate([&] {
    const RunInfo info = monitor.run_process({words[3], "w", words[2]}, options);
    return info.out.text().size();
  });
}

double cpu_seconds(pid_t pid) {
  std::ifstream file{"/proc/" + std::to_string(pid) + "/schedstat"};  // sched-stats: ns on a CPU, user and system
  double nanoseconds = 0;
  if (!(file >> nanoseconds)) std::exit(1);
  return nanoseconds * 1e-9;
}

void idle(const Words& words) {
  ProcessMonitor monitor;
  keep_alive(monitor, words[3], number(words, 2));
  monitor.run_process_async({words[3], "p"});  // no daemon, so that keep_running() has something to wait for
  const pid_t warden = monitor.warden().pid();
  while (cpu_seconds(warden) == 0.0) monitor.keep_running();
  const Clock::time_point start = Clock::now();
  const double before = cpu_seconds(warden) + cpu_seconds(::getpid());
  while (seconds_since(start) < 5) monitor.keep_running(1s);
  const double used = cpu_seconds(warden) + cpu_seconds(::getpid()) - before;
  std::printf("%.4f\n", used / seconds_since(start) * 100);
}

void stop(const Words& words) {
  ProcessMonitor monitor;
  const std::size_t count = number(words, 2);
  std::size_t deaf = 0;
  RunOptions options;
  options.on_output = [&](const dummynet::OutputChunk&) { ++deaf; };
  for (std::size_t i = 0; i < count; ++i) monitor.run_process_async({words[3], "d"}, options);
  while (deaf < count) monitor.keep_running();
  const Clock::time_point start = Clock::now();
  monitor.stop(true, 1s);
  std::printf("%.3f\n", (seconds_since(start) - 1) * 1e3);
}

double field_kib(const std::string& file, const std::string& field) {
  std::ifstream lines{file};
  std::string name;
  while (lines >> name) {
    double value = 0;
    if (name == field && lines >> value) return value;
    lines.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  std::exit(1);
}

struct Memory {
  explicit Memory(pid_t warden)
      : owner_kib{field_kib("/proc/self/status", "VmRSS:")},
        warden_kib{field_kib("/proc/" + std::to_string(warden) + "/status", "VmRSS:")} {}
  double owner_kib;
  double warden_kib;
};

void memory(const Words& words) {
  ProcessMonitor monitor;
  keep_alive(monitor, words[3], 16);  // what the first ones need is no cost of each
  const Memory before{monitor.warden().pid()};
  keep_alive(monitor, words[3], number(words, 2));
  const Memory after{monitor.warden().pid()};
  const double count = static_cast<double>(number(words, 2));
  std::printf("%.3f %.3f\n", (after.owner_kib - before.owner_kib) / count,
              (after.warden_kib - before.warden_kib) / count);
}

struct Measurement {
  const char* name;
  std::size_t words;
  void (*run)(const Words&);
};
constexpr Measurement kMeasurements[] = {
    {"spawn", 5, spawn},       {"loaded", 6, loaded}, {"exit-latency", 4, exit_latency},
    {"callback", 4, callback}, {"kept", 4, kept},     {"idle", 4, idle},
    {"stop", 4, stop},         {"memory", 4, memory}};

}  // namespace

int main(int count, char** arguments) try {
  const Words words(arguments, arguments + count);
  for (const Measurement& measurement : kMeasurements) {
    if (words.size() < measurement.words || words[1] != measurement.name) continue;
    measurement.run(words);
    return 0;
  }
  std::fprintf(stderr, "no such measurement; see the head of ours.cpp\n");
  return 2;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 1;
}
