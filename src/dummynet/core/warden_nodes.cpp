// How nodes are asked for: many at a time, while those that are there are worked on.
#include <sys/resource.h>

#include <algorithm>
#include <cerrno>
#include <deque>
#include <exception>
#include <map>

#include "dummynet/core/warden_process.hpp"
#include "dummynet/os/check.hpp"

namespace dummynet {

namespace {

// Few at a time, so that the first come soon and the warden can look after endings in between; some requests ahead, so
// that it never waits for us.
constexpr std::size_t kNodesPerRequest = 16;
constexpr std::size_t kRequestsAhead = 3;
static_assert(kNodesPerRequest <= warden::MakeNodes::kMax);

/// Sends a content that nodes share once.
class SharedContent {
 public:
  void fill(warden::NewFile& file, std::shared_ptr<const std::string> content) {
    const auto [place, is_new] = numbers_.try_emplace(std::move(content), numbers_.size() + 1);
    file.has_content = is_new;
    if (is_new) file.content = *place->first;
    file.shared = static_cast<std::uint32_t>(place->second);
  }

 private:
  std::map<std::shared_ptr<const std::string>, std::size_t> numbers_;
};

warden::NewNode to_request(Warden::NodeSetup setup, SharedContent& shared) {
  warden::NewNode node{std::move(setup.name), {}, {}};
  for (Warden::NodeSetup::File& given : setup.files) {
    warden::NewFile& file = node.files.emplace_back();
    file.path = std::move(given.path);
    file.if_there = given.if_there;
    file.content = std::move(given.content);
    if (given.shared) shared.fill(file, std::move(given.shared));
  }
  for (auto& [name, value] : setup.sysctls) node.sysctls.push_back({std::move(name), std::move(value)});
  return node;
}

[[noreturn]] void throw_no_room(std::size_t nodes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  os::throw_errno(EMFILE, "receive the sockets of " + std::to_string(nodes) + " nodes: the limit of open files is " +
                              std::to_string(limit.rlim_cur) + ", see ulimit -n");
}

}  // namespace

Warden::Node Warden::make_node() {
  Node node;
  make_nodes(
      1, [](std::size_t) { return NodeSetup{}; }, [&](std::size_t, Node made) { node = std::move(made); });
  return node;
}

void WardenProcess::make_nodes(std::size_t count, const std::function<NodeSetup(std::size_t)>& setup,
                               const std::function<void(std::size_t, Node)>& made) {
  std::deque<std::uint32_t> asked;
  SharedContent shared;
  std::size_t sent = 0;
  std::size_t received = 0;
  std::exception_ptr trouble;
  const auto take_answer = [&] {
    Message answer = await(asked.front(), warden::Type::nodes_made);
    asked.pop_front();
    if (trouble) return;
    throw_if_refused(answer);
    const auto nodes = warden::parse<warden::NodesMade>(answer.body);
    if (!nodes || nodes->first < 0 || nodes->count > sent - received) os::throw_errno(EBADMSG, "the warden's answer");
    if (answer.truncated || answer.fds.size() != std::size_t{2} * nodes->count) throw_no_room(count);
    for (std::uint32_t i = 0; i < nodes->count; ++i) {
      made(received++, {nodes->first + static_cast<int>(i), answer.fds.take(std::size_t{2} * i),
                        answer.fds.take(std::size_t{2} * i + 1)});
    }
  };
  const auto ask_for_more = [&] {
    warden::MakeNodes request;
    const std::size_t end = std::min(count, sent + kNodesPerRequest);
    for (; sent < end; ++sent) request.nodes.push_back(to_request(setup(sent), shared));
    const std::uint32_t id = next_id();
    send(warden::Type::make_nodes, id, request);
    asked.push_back(id);
  };
  // After a failure the answers to what was asked already must still be taken, and what they bring be closed.
  while (!asked.empty() || (!trouble && sent < count)) {
    try {
      while (!trouble && sent < count && asked.size() < kRequestsAhead) ask_for_more();
      take_answer();
    } catch (...) {
      if (!trouble) trouble = std::current_exception();
      if (is_lost()) break;
    }
  }
  if (trouble) std::rethrow_exception(trouble);
}

}  // namespace dummynet
