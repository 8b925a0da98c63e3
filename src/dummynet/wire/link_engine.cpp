#include "dummynet/wire/link_engine.hpp"

#include <fcntl.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "dummynet/os/check.hpp"
#include "dummynet/os/file_limit.hpp"
#include "dummynet/wire/engine_process.hpp"
#include "dummynet/wire/impairment_check.hpp"

namespace dummynet::wire {

namespace {

void require_sound(const Impairment& impairment, std::size_t link) {
  std::string text;
  for (const ImpairmentComplaint& one : check_impairment(impairment)) {
    text.append("\nlink ")
        .append(std::to_string(link))
        .append(", ")
        .append(one.property)
        .append(" ")
        .append(one.message);
  }
  if (!text.empty()) throw std::invalid_argument{text.substr(1)};
}

os::Fd open_log(const std::filesystem::path& path) {
  if (path.empty()) return {};
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC;
  return os::Fd{os::check(::open(path.c_str(), kFlags, 0666), "open", path.string())};
}

// Each takes some 10 ms to be closed when the engine is killed: the kernel then closes one after the other.
constexpr std::size_t kMostSockets = 64;
constexpr std::size_t kMostSocketsOfAnEnd = 32;

}  // namespace

class LinkEngine::State {
 public:
  State(ProcessMonitor& monitor, net::Network& network, std::vector<EmulatedLink> links, const EngineOptions& options)
      : links_{std::move(links)},
        process_{monitor,
                 {.seed = options.seed, .spin = options.spin, .realtime = options.realtime},
                 open_log(options.packet_log)} {
    net::CutRoom room = options.room;
    room.max_sockets =
        std::clamp<std::size_t>(kMostSockets / (2 * std::max<std::size_t>(links_.size(), 1)), 1, kMostSocketsOfAnEnd);
    const os::RaisedFileLimit files{2 * room.max_sockets};  // until they are the engine's
    for (const EmulatedLink& link : links_) {
      process_.add_link(static_cast<std::uint32_t>(link.link), network.open_cut(link.link, room), link.directions);
    }
    process_.begin();
  }

  std::size_t find(std::size_t link) const {
    const auto found =
        std::find_if(links_.begin(), links_.end(), [link](const EmulatedLink& one) { return one.link == link; });
    if (found == links_.end()) throw std::invalid_argument{"the engine has no link " + std::to_string(link)};
    return static_cast<std::size_t>(found - links_.begin());
  }

  void set(const std::vector<Change>& changes) {
    control::Set request;
    std::vector<EmulatedLink> after = links_;
    for (const Change& change : changes) {
      require_sound(change.impairment, change.link);
      const std::size_t place = find(change.link);
      after[place].directions[static_cast<std::size_t>(change.direction)] = change.impairment;
      request.changes.push_back({static_cast<std::uint32_t>(place), static_cast<std::uint8_t>(change.direction),
                                 change.drop_in_flight, change.impairment});
    }
    process_.set(request);
    links_ = std::move(after);
  }

  const EmulatedLink& link(std::size_t place) const { return links_[place]; }
  EngineProcess& process() noexcept { return process_; }

 private:
  std::vector<EmulatedLink> links_;
  EngineProcess process_;
};

LinkEngine::LinkEngine(ProcessMonitor& monitor, net::Network& network, std::vector<EmulatedLink> links,
                       const EngineOptions& options) {
  for (std::size_t i = 0; i < links.size(); ++i) {
    for (const Impairment& one : links[i].directions) require_sound(one, links[i].link);
    for (std::size_t j = 0; j < i; ++j) {
      if (links[j].link == links[i].link) throw std::invalid_argument{"a link is named twice to the engine"};
    }
  }
  if (options.spin < Nanoseconds{0}) throw std::invalid_argument{"the engine cannot spin for less than no time"};
  state_ = std::make_unique<State>(monitor, network, std::move(links), options);
}

LinkEngine::~LinkEngine() = default;

void LinkEngine::set(std::size_t link, Direction direction, const Impairment& impairment) {
  set(std::vector<Change>{Change{.link = link, .direction = direction, .impairment = impairment}});
}

void LinkEngine::set(const std::vector<Change>& changes) { state_->set(changes); }

Impairment LinkEngine::impairment(std::size_t link, Direction direction) const {
  return state_->link(state_->find(link)).directions[static_cast<std::size_t>(direction)];
}

std::vector<LinkCounters> LinkEngine::counters() { return state_->process().counters(); }

pid_t LinkEngine::pid() const { return state_->process().pid(); }

void LinkEngine::on_end(std::function<void(const std::string& why)> callback) {
  state_->process().on_end(std::move(callback));
}

}  // namespace dummynet::wire
