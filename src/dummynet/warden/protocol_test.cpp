#include "dummynet/warden/protocol.hpp"

#include <gtest/gtest.h>

#include <limits>

namespace dummynet::warden {

namespace {

// ---- one example of every message, with no field at its default

Usage example_usage() { return {101, 102, 103, Source::cgroup_v2, 104, Source::cgroup_v1, 105, Source::sampled, 106}; }

template <typename Message>
Message example();
template <>
Configure example() {
  return {kProtocolVersion + 1, true, true, true, false, "4711-cafe", "/run/x"};
}
template <>
Hello example() {
  return {2, Containment::pid_namespace, true, true, true, true, 41, 40, "/sys/fs/cgroup/x", {"a notice", ""}};
}
template <>
Defaults example() {
  return {"/tmp", {"PATH=/bin", std::string("NUL=\0!", 6), ""}};
}
template <>
Start example() {
  Start start;
  start.arguments = {"sh", "-c", "echo \xff"};
  start.program = "sh";
  start.must_exist = "echo";
  start.cwd = "below";
  start.clear_environment = true;
  start.environment = {"A=1"};
  start.node = 3;
  start.change_identity = true;
  start.uid = 1000;
  start.gid = std::numeric_limits<std::uint32_t>::max();
  start.groups = {4, 27};
  start.own_user_namespace = true;
  start.controlling_terminal = true;
  start.leave_tree = true;
  start.limits = {{7, 1024}, {4, std::numeric_limits<std::uint64_t>::max()}};
  start.account_memory = true;
  start.memory_bytes = 1;
  start.cpu_thousandths = 1500;
  start.processes = 9;
  return start;
}
template <>
Signal example() {
  return {-15, true};
}
template <>
Refusal example() {
  return {8, 2, "/no/such", true};
}
template <>
Started example() {
  return {std::numeric_limits<pid_t>::max(), {"no cgroup"}};
}
template <>
Ended example() {
  return {1, 255, false, example_usage()};
}
template <>
Usage example() {
  return example_usage();
}
template <>
TreeGone example() {
  return {{{17, "sleep"}, {18, ""}}, example_usage()};
}
template <>
AllGone example() {
  return {{{19, "cp"}}};
}
template <>
MakeNodes example() {
  return {{{"client", {{"/etc/hosts", true, 7, false, "127.0.0.1 localhost"}}, {{"net.ipv4.ip_forward", "1"}}}, {}}};
}
template <>
NodesMade example() {
  return {3, 64};
}
template <>
SetSysctls example() {
  return {4, {{"net.core.somaxconn", "64"}}};
}
template <>
SysctlsWere example() {
  return {{"128", ""}};
}
template <>
DropNode example() {
  return {5};
}
template <>
Undo example() {
  return {Undo::Kind::sysctl, 6, "net.ipv4.ip_forward", "0"};
}
template <>
ForgetUndo example() {
  return {7};
}
template <>
NodeFile example() {
  return {2, "/etc/hosts", std::string(70'000, 'x')};
}
template <>
SocketRequest example() {
  return {0, 16, 3, 15};
}
template <>
SocketOwner example() {
  return {true, 20, "nginx"};
}

template <typename Message>
std::string bytes_of(const Message& message) {
  Writer writer;
  write(writer.begin(Type::hello, 1), message);
  return std::string{writer.bytes().substr(5)};
}

template <typename Message>
class ProtocolTest : public testing::Test {};
using Messages = testing::Types<Configure, Hello, Defaults, Start, Signal, Refusal, Started, Ended, Usage, TreeGone,
                                AllGone, MakeNodes, NodesMade, SetSysctls, SysctlsWere, DropNode, Undo, ForgetUndo,
                                NodeFile, SocketRequest, SocketOwner>;
TYPED_TEST_SUITE(ProtocolTest, Messages);

TYPED_TEST(ProtocolTest, SaysTheSameAfterTheJourney) {
  const std::string sent = bytes_of(example<TypeParam>());

  const auto received = parse<TypeParam>(sent);

  ASSERT_TRUE(received);
  EXPECT_EQ(bytes_of(*received), sent);
  EXPECT_NE(sent, bytes_of(TypeParam{})) << "the example says nothing";
}

TYPED_TEST(ProtocolTest, EveryTruncationIsRefused) {
  const std::string sent = bytes_of(example<TypeParam>());
  for (std::size_t length = 0; length < sent.size(); ++length) {
    ASSERT_FALSE(parse<TypeParam>(std::string_view{sent}.substr(0, length))) << length << " of " << sent.size();
  }
}

TYPED_TEST(ProtocolTest, OneByteTooManyIsRefused) {
  EXPECT_FALSE(parse<TypeParam>(bytes_of(example<TypeParam>()) + '\0'));
}

// ---- that no field is forgotten on the way: once by hand

TEST(Protocol, StartKeepsEachOfItsFields) {
  const auto start = parse<Start>(bytes_of(example<Start>()));
  ASSERT_TRUE(start);
  const Start wanted = example<Start>();
  EXPECT_EQ(start->arguments, wanted.arguments);
  EXPECT_EQ(start->program, wanted.program);
  EXPECT_EQ(start->must_exist, wanted.must_exist);
  EXPECT_EQ(start->cwd, wanted.cwd);
  EXPECT_EQ(start->clear_environment, wanted.clear_environment);
  EXPECT_EQ(start->environment, wanted.environment);
  EXPECT_EQ(start->node, wanted.node);
  EXPECT_EQ(start->change_identity, wanted.change_identity);
  EXPECT_EQ(start->uid, wanted.uid);
  EXPECT_EQ(start->gid, wanted.gid);
  EXPECT_EQ(start->leave_tree, wanted.leave_tree);
  ASSERT_EQ(start->limits.size(), 2U);
  EXPECT_EQ(start->limits[1].resource, 4);
  EXPECT_EQ(start->limits[1].value, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(start->account_memory, wanted.account_memory);
  EXPECT_EQ(start->memory_bytes, wanted.memory_bytes);
  EXPECT_EQ(start->cpu_thousandths, wanted.cpu_thousandths);
  EXPECT_EQ(start->processes, wanted.processes);
}

TEST(Protocol, HelloAndEndedKeepEachOfTheirFields) {
  const auto hello = parse<Hello>(bytes_of(example<Hello>()));
  ASSERT_TRUE(hello);
  EXPECT_EQ(hello->version, 2U);
  EXPECT_EQ(hello->containment, Containment::pid_namespace);
  EXPECT_TRUE(hello->own_pid_namespace && hello->accounts_cpu && hello->accounts_memory);
  EXPECT_EQ(hello->pid, 41);
  EXPECT_EQ(hello->guardian, 40);
  EXPECT_EQ(hello->cgroup, "/sys/fs/cgroup/x");
  EXPECT_EQ(hello->notices, (std::vector<std::string>{"a notice", ""}));

  const auto ended = parse<Ended>(bytes_of(example<Ended>()));
  ASSERT_TRUE(ended);
  EXPECT_EQ(ended->code, 1);
  EXPECT_EQ(ended->status, 255);
  EXPECT_FALSE(ended->tree_empty);
  EXPECT_EQ(ended->usage.cpu_us, 101U);
  EXPECT_EQ(ended->usage.cpu_user_us, 102U);
  EXPECT_EQ(ended->usage.cpu_system_us, 103U);
  EXPECT_EQ(ended->usage.cpu_source, Source::cgroup_v2);
  EXPECT_EQ(ended->usage.memory_now_bytes, 104U);
  EXPECT_EQ(ended->usage.memory_now_source, Source::cgroup_v1);
  EXPECT_EQ(ended->usage.memory_peak_bytes, 105U);
  EXPECT_EQ(ended->usage.memory_peak_source, Source::sampled);
  EXPECT_EQ(ended->usage.max_rss_bytes, 106U);
}

// ---- lengths and numbers that lie

std::string lie(std::string bytes, std::size_t at, std::uint32_t length) {
  bytes.replace(at, sizeof length, reinterpret_cast<const char*>(&length), sizeof length);
  return bytes;
}

TEST(Protocol, LengthsThatLieAreRefusedWithoutBeingBelieved) {
  const std::string defaults = bytes_of(example<Defaults>());  // length of cwd, cwd, number of variables, …
  const std::size_t count = sizeof(std::uint32_t) + 4;
  for (const std::uint32_t length : {0U, 3U, 5U, 1'000U, 0x7fff'ffffU, 0x8000'0000U, 0xffff'ffffU}) {
    EXPECT_FALSE(parse<Defaults>(lie(defaults, 0, length))) << length;
  }
  for (const std::uint32_t number : {0U, 2U, 4U, 1'000U, 0x4000'0000U, 0xffff'ffffU}) {
    EXPECT_FALSE(parse<Defaults>(lie(defaults, count, number))) << number;
  }
  for (const std::uint32_t number : {0U, 2U, 1'000U, 0x4000'0000U, 0xffff'ffffU}) {
    EXPECT_FALSE(parse<AllGone>(lie(bytes_of(example<AllGone>()), 0, number))) << number;
  }
}

TEST(Protocol, NodesKeepEachOfTheirFields) {
  const auto made = parse<MakeNodes>(bytes_of(example<MakeNodes>()));
  ASSERT_TRUE(made);
  ASSERT_EQ(made->nodes.size(), 2U);
  EXPECT_EQ(made->nodes[0].name, "client");
  ASSERT_EQ(made->nodes[0].files.size(), 1U);
  const NewFile& file = made->nodes[0].files[0];
  EXPECT_EQ(file.path, "/etc/hosts");
  EXPECT_TRUE(file.if_there);
  EXPECT_EQ(file.shared, 7U);
  EXPECT_FALSE(file.has_content);
  EXPECT_EQ(file.content, "127.0.0.1 localhost");
  ASSERT_EQ(made->nodes[0].sysctls.size(), 1U);
  EXPECT_EQ(made->nodes[0].sysctls[0].name, "net.ipv4.ip_forward");
  EXPECT_EQ(made->nodes[0].sysctls[0].value, "1");

  const std::string bytes = bytes_of(example<MakeNodes>());  // number of nodes, …
  for (const std::uint32_t number : {0U, 1U, 3U, 0x1000'0000U, 0xffff'ffffU}) {
    EXPECT_FALSE(parse<MakeNodes>(lie(bytes, 0, number))) << number;
  }
}

TEST(Protocol, EnumeratorsThatDoNotExistAreRefused) {
  std::string hello = bytes_of(example<Hello>());
  hello[sizeof(std::uint32_t)] = 5;  // containment, after the version
  EXPECT_FALSE(parse<Hello>(hello));

  std::string undo = bytes_of(example<Undo>());
  undo[0] = 3;
  EXPECT_FALSE(parse<Undo>(undo));

  std::string usage = bytes_of(example_usage());
  usage[3 * sizeof(std::uint64_t)] = 5;  // cpu_source, after three times
  EXPECT_FALSE(parse<Usage>(usage));
}

// ---- the header

TEST(ProtocolHeader, TellsTypeNumberAndWhereTheBodyIs) {
  for (const bool in_memfd : {false, true}) {
    Writer writer;
    writer.begin(Type::usage_is, 0x8000'0001U, in_memfd).body().text("body");

    const auto header = parse_header(writer.bytes());

    ASSERT_TRUE(header);
    EXPECT_EQ(header->type, Type::usage_is);
    EXPECT_EQ(header->id, 0x8000'0001U);
    EXPECT_EQ(header->body_in_memfd, in_memfd);
    EXPECT_EQ(os::ByteReader{header->body}.text(), "body");
  }
}

TEST(ProtocolHeader, KnowsItsTypesAndNoOthers) {
  for (int type = 0; type < 256; ++type) {
    const std::string message{static_cast<char>(type), 1, 0, 0, 0};
    const int plain = type & 0x7f;
    const bool known = (plain >= 1 && plain <= 15) || (plain >= 64 && plain <= 75);
    EXPECT_EQ(parse_header(message).has_value(), known) << type;
  }
}

TEST(ProtocolHeader, IsFiveBytesOrNothing) {
  Writer writer;
  const std::string whole{writer.begin(Type::kill_all, 1).bytes()};
  ASSERT_EQ(whole.size(), 5U);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(parse_header(std::string_view{whole}.substr(0, length)));
  }
  EXPECT_TRUE(parse_header(whole)->body.empty());
}

}  // namespace

}  // namespace dummynet::warden
