// `dummynet run` of next to nothing, so many times. Prints the median from exec to exit in ms.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "bench/process/measure.hpp"

namespace {

constexpr char kScenario[] =
    "name: empty\n"
    "nodes: {a: , b: }\n"
    "links: [{endpoints: [a, b]}]\n"
    "processes: {nothing: {node: a, command: ['true']}}\n";

}  // namespace

int main(int count, char** arguments) {
  const std::size_t runs = count > 1 ? std::strtoul(arguments[1], nullptr, 10) : 20;
  std::vector<double> times;
  for (std::size_t i = 0; i < runs; ++i) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return 1;
    if (::write(ends[1], kScenario, std::strlen(kScenario)) < 0) return 1;
    ::close(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    std::string words[] = {DUMMYNET_BIN_DIR "/dummynet", "run", "-"};
    char* command[] = {words[0].data(), words[1].data(), words[2].data(), nullptr};
    const auto start = bench::Clock::now();
    pid_t child = 0;
    int status = 1;
    if (::posix_spawn(&child, command[0], &actions, nullptr, command, environ) != 0) return 1;
    if (::waitpid(child, &status, 0) != child || status != 0) return 1;
    times.push_back(bench::seconds_since(start) * 1e3);
    posix_spawn_file_actions_destroy(&actions);
    ::close(ends[0]);
  }
  std::sort(times.begin(), times.end());
  std::printf("%.3f\n", times[times.size() / 2]);
}
