// The same star by ip-batch(8), and a start by ip-netns(8): root only, in namespaces of its own. Prints set-up in ms,
// or, asked "exec COUNT", µs for each start.
#include <sched.h>
#include <spawn.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "bench/process/measure.hpp"

namespace {

void run(std::vector<std::string> command) {
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  int status = 1;
  if (::posix_spawnp(&child, arguments[0], nullptr, nullptr, arguments.data(), environ) != 0) std::exit(1);
  if (::waitpid(child, &status, 0) != child || status != 0) std::exit(1);
}

/// /run is ours alone: what ip(8) mounts and what we write there goes with us.
void hide() {
  const bool hidden = ::unshare(CLONE_NEWNET | CLONE_NEWNS) == 0 &&
                      ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                      ::mount("tmpfs", "/run", "tmpfs", 0, nullptr) == 0 && ::mkdir("/run/netns", 0755) == 0;
  if (!hidden) std::exit(1);
}

double star(int hosts) {
  const auto start = bench::Clock::now();
  {
    std::ofstream all{"/run/batch"};
    all << "link set lo up\nlink add br0 type bridge\nlink set br0 up\n";
    for (int i = 0; i < hosts; ++i) {
      const std::string host = "h" + std::to_string(i);
      all << "netns add " << host << "\nlink add " << host << " up master br0 type veth peer name eth0 netns " << host
          << '\n';
      std::ofstream own{"/run/batch." + host};
      own << "link set lo up\nlink set eth0 up\naddress add 10." << i / 250 << '.' << i % 250 << ".2/8 dev eth0\n";
    }
  }
  run({"ip", "-batch", "/run/batch"});
  for (int i = 0; i < hosts; ++i) {
    const std::string host = "h" + std::to_string(i);
    run({"ip", "-n", host, "-batch", "/run/batch." + host});
  }
  return bench::seconds_since(start) * 1e3;
}

}  // namespace

int main(int count, char** arguments) {
  hide();
  const std::string what = count > 1 ? arguments[1] : "50";
  if (what == "exec") {
    const std::string child = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "bench_child";
    const int starts = count > 2 ? std::atoi(arguments[2]) : 100;
    run({"ip", "netns", "add", "h0"});
    std::printf("%.3f\n", bench::microseconds_each(static_cast<std::size_t>(starts), [&] {
                  for (int i = 0; i < starts; ++i) run({"ip", "netns", "exec", "h0", child});
                }));
    return 0;
  }
  std::printf("%.3f\n", star(std::atoi(what.c_str())));
}
