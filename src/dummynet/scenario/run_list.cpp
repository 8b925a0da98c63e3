#include "dummynet/scenario/run_list.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <set>
#include <system_error>

#include "dummynet/net/near_word.hpp"
#include "dummynet/os/run_directory.hpp"
#include "dummynet/scenario/humanise.hpp"
#include "dummynet/scenario/run_directory.hpp"

namespace dummynet::scenario {
namespace {

constexpr std::size_t kMaxFactsBytes = 1U << 20U;

std::vector<std::string> names_in(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{::opendir(path.c_str()), ::closedir};
  if (!directory) return names;
  while (const dirent* entry = ::readdir(directory.get())) {
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  return names;
}

std::optional<uid_t> as_uid(std::string_view text) {
  uid_t uid = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), uid);
  return error == std::errc{} && end == text.data() + text.size() ? std::optional{uid} : std::nullopt;
}

struct Place {
  std::string parent;
  std::string name;
  uid_t user;
  bool operator<(const Place& other) const { return parent + name < other.parent + other.name; }
};

std::set<Place> places() {
  std::set<Place> found;
  const uid_t self = ::geteuid();
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"); runtime != nullptr && *runtime == '/') {
    found.insert({runtime, "dummynet", self});
  }
  found.insert({"/run/user/" + std::to_string(self), "dummynet", self});
  found.insert({"/tmp", "dummynet-" + std::to_string(self), self});
  if (self != 0) return found;
  for (const std::string& name : names_in("/run/user")) {
    if (const auto uid = as_uid(name)) found.insert({"/run/user/" + name, "dummynet", *uid});
  }
  for (const std::string& name : names_in("/tmp")) {
    const auto uid = name.starts_with("dummynet-") ? as_uid(std::string_view{name}.substr(9)) : std::nullopt;
    if (uid) found.insert({"/tmp", name, *uid});
  }
  return found;
}

std::optional<RunFacts> read_facts(const os::Fd& directory) {
  const os::Fd file{::openat(directory.get(), kFactsFile, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)};
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::string text(std::min<std::size_t>(static_cast<std::size_t>(status.st_size), kMaxFactsBytes), '\0');
  const ssize_t length = ::pread(file.get(), text.data(), text.size(), 0);
  return length < 0 ? std::nullopt : parse_facts(std::string_view{text}.substr(0, static_cast<std::size_t>(length)));
}

void look_into(const Place& place, std::vector<FoundRun>& found) {
  // A directory that is not what we make, or not that user's, is none of our business.
  try {
    const os::Fd parent{::open(place.parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (!parent) return;
    const os::Fd base = os::open_private_directory(parent.get(), place.name, place.user);
    if (!base) return;
    const std::string path = place.parent + '/' + place.name;
    for (const std::string& name : names_in(path)) {
      FoundRun run{fmt::format("{}/{}", path, name),
                   place.user,
                   os::open_private_directory(base.get(), name, place.user),
                   {},
                   false};
      if (!run.directory) continue;
      run.facts = read_facts(run.directory);
      run.answers = static_cast<bool>(connect_to_run(run.directory));
      found.push_back(std::move(run));
    }
  } catch (const std::system_error&) {
    return;
  }
}

}  // namespace

std::vector<FoundRun> find_runs() {
  std::vector<FoundRun> found;
  std::set<std::pair<dev_t, ino_t>> seen;
  for (const Place& place : places()) look_into(place, found);
  std::erase_if(found, [&seen](const FoundRun& run) {
    struct stat status {};
    return ::fstat(run.directory.get(), &status) != 0 || !seen.emplace(status.st_dev, status.st_ino).second;
  });
  const auto when = [](const FoundRun& run) { return run.facts ? run.facts->started_at : 0; };
  std::ranges::stable_sort(found, {}, when);
  return found;
}

RunChoice choose_run(std::string_view word, std::span<const RunFacts> runs) {
  if (runs.empty()) return {0, "nothing is running"};
  std::vector<std::size_t> matches;
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    names.push_back(runs[i].run);
    if (runs[i].run == word || std::to_string(runs[i].pid) == word) return {i, {}};
    if (word == "-" || (!word.empty() && runs[i].run.starts_with(word))) matches.push_back(i);
  }
  if (matches.size() == 1) return {matches.front(), {}};
  if (matches.empty()) {
    std::vector<std::string_view> words = names;
    for (const RunFacts& run : runs) words.push_back(run.scenario);
    const std::string meant = net::did_you_mean(word, words);
    return {0, fmt::format("there is no run `{}`{}", word, meant.empty() ? "; see `dummynet list`" : meant)};
  }
  std::vector<std::string> all;
  all.reserve(matches.size());
  for (const std::size_t i : matches) all.push_back(runs[i].run);
  return {0, word == "-" ? fmt::format("there are {} runs: {}", all.size(), human_list(all))
                         : fmt::format("`{}` may be any of {}", word, human_list(all))};
}

}  // namespace dummynet::scenario
