// Living with runs: list, exec, clean; two runs at the same time.
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <nlohmann/json.hpp>
#include <set>

#include "dummynet/os/cgroup.hpp"
#include "dummynet/scenario/run_facts.hpp"
#include "e2e/scenario_test.hpp"
#include "support/ordinary_user.hpp"
#include "support/owner_process.hpp"
#include "support/waiting.hpp"

namespace dummynet::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class LivingTest : public ScenarioTest {
 protected:
  /// A run that ends well as soon as release() was called. Its directory is below the test's folder.
  std::string waiting_scenario() const {
    return file(R"(
nodes: {left: , right: {environment: {COLOUR: blue}}}
links: [{endpoints: [left, right]}]
processes:
  server: {node: right, command: [)" DUMMYNET_BIN_DIR
                R"(/listener, tcp, 0.0.0.0, "5201"], daemon: true, ready: {listen: 5201}}
  client: {node: left, command: "echo up; while ! test -e )" +
                    path("go") + R"(; do sleep 0.02; done", depends_on: {server: ready}}
)",
                "waiting.yaml");
  }
  void release() const { std::ofstream{path("go")} << "go\n"; }

  CommandRun::Options options(bool as_nobody = false) const {
    CommandRun::Options chosen;
    chosen.as_nobody = as_nobody;
    chosen.environment = {"XDG_RUNTIME_DIR=" + runtime(as_nobody), "TERM=vt100"};
    return chosen;
  }
  CommandRun::Options on_terminal() const {
    CommandRun::Options chosen = options();
    chosen.on_terminal = chosen.own_session = chosen.typed_input = true;
    return chosen;
  }
  std::string runtime(bool as_nobody = false) const {
    const std::string folder = path(as_nobody ? "runtime-of-nobody" : "runtime");
    if (::mkdir(folder.c_str(), 0700) == 0 && as_nobody && ::geteuid() == 0) {
      EXPECT_EQ(::chown(folder.c_str(), kOrdinary, kOrdinary), 0);
    }
    return folder;
  }
  /// The names of what runs there.
  std::vector<std::string> listed(bool as_nobody = false) const {
    CommandRun list{{"list", "--format", "json"}, options(as_nobody)};
    EXPECT_EQ(list.wait(), 0) << list.all();
    std::vector<std::string> names;
    for (const auto& run : nlohmann::json::parse(list.out())) {
      if (run.at("directory").get<std::string>().starts_with(runtime(as_nobody))) names.push_back(run.at("run"));
    }
    return names;
  }
  std::string only_run() const {
    const std::vector<std::string> names = listed();
    EXPECT_EQ(names.size(), 1U);
    return names.empty() ? "" : names.front();
  }
};

TEST_F(LivingTest, ListShowsARunWhileItLasts) {
  for (const bool as_nobody : {false, true}) {
    std::filesystem::remove(path("go"));
    CommandRun run{{"run", waiting_scenario()}, options(as_nobody)};
    ASSERT_TRUE(run.wait_for("client | up")) << run.all();

    CommandRun list{{"list"}, options(as_nobody)};
    EXPECT_EQ(list.wait(), 0);
    EXPECT_THAT(list.out(), AllOf(HasSubstr("RUN"), HasSubstr("NODES"), HasSubstr("waiting-20"),
                                  HasSubstr(std::to_string(run.pid())), HasSubstr(path("waiting.yaml"))));
    EXPECT_EQ(listed(as_nobody).size(), 1U);

    release();
    EXPECT_EQ(run.wait(), 0) << run.all();
    EXPECT_EQ(listed(as_nobody).size(), 0U);
    EXPECT_TRUE(std::filesystem::is_empty(runtime(as_nobody)));
  }
}

TEST_F(LivingTest, ExecPassesStreamsAndExitCodeThrough) {
  CommandRun run{{"run", waiting_scenario()}, options()};
  ASSERT_TRUE(run.wait_for("client | up")) << run.all();
  const std::string name = only_run();
  const auto exec = [&](const std::vector<std::string>& command, const std::string& input = {}) {
    std::vector<std::string> words{"exec", name, "right", "--"};
    words.insert(words.end(), command.begin(), command.end());
    CommandRun::Options chosen = options();
    chosen.input = input;
    return std::make_unique<CommandRun>(words, chosen);
  };

  const auto cat = exec({"cat"}, "typed\n");
  EXPECT_EQ(cat->wait(), 0) << cat->all();
  EXPECT_EQ(cat->out(), "typed\n");
  const auto both = exec({"sh", "-c", "echo out; echo err >&2; echo $DUMMYNET_NODE $DUMMYNET_RUN $COLOUR; exit 7"});
  EXPECT_EQ(both->wait(), 7);
  EXPECT_EQ(both->out(), "out\nright " + name + " blue\n");
  EXPECT_EQ(both->err(), "err\n");
  const auto killed = exec({"sh", "-c", "kill -9 $$"});
  EXPECT_EQ(killed->wait(), 137);
  const auto missing = exec({"no-such-program"});
  EXPECT_EQ(missing->wait(), 127);
  EXPECT_THAT(missing->err(), HasSubstr("no-such-program: No such file or directory"));
  EXPECT_EQ(exec({"/etc/passwd"})->wait(), 126);
  const auto much = exec({"head", "-c", "3000000", "/dev/zero"});
  EXPECT_EQ(much->wait(), 0);
  EXPECT_EQ(much->out().size(), 3'000'000U);

  CommandRun more{{"exec", "-e", "A=1", "-e", "B=2", "-w", "/", "-u", "self", name.substr(0, name.size() - 1), "left",
                   "--", "sh", "-c", "echo $A $B $DUMMYNET_NODE; pwd; id -u"},
                  options()};
  EXPECT_EQ(more.wait(), 0) << more.all();
  EXPECT_EQ(more.out(), "1 2 left\n/\n" + std::to_string(::geteuid()) + "\n");

  release();
  EXPECT_EQ(run.wait(), 0) << run.all();
}

TEST_F(LivingTest, ExecTellsWhatIsUnknown) {
  CommandRun nothing{{"exec", "no-such-run", "right", "--", "true"}, options()};
  EXPECT_EQ(nothing.wait(), 2);
  CommandRun run{{"run", waiting_scenario()}, options()};
  ASSERT_TRUE(run.wait_for("client | up")) << run.all();

  CommandRun node{{"exec", std::to_string(run.pid()), "rihgt", "--", "true"}, options()};
  EXPECT_EQ(node.wait(), 2);
  EXPECT_THAT(node.err(), HasSubstr("unknown node `rihgt`; did you mean `right`?"));
  CommandRun name{{"exec", "waitnig", "right", "--", "true"}, options()};
  EXPECT_EQ(name.wait(), 2);
  EXPECT_THAT(name.err(), HasSubstr("there is no run `waitnig`; did you mean `waiting`?"));
  CommandRun user{{"exec", "-u", "no-such-account", std::to_string(run.pid()), "right", "--", "true"}, options()};
  EXPECT_EQ(user.wait(), 2);
  EXPECT_THAT(user.err(), HasSubstr("there is no account 'no-such-account'"));
  CommandRun variable{{"exec", "-e", "A", std::to_string(run.pid()), "right", "--", "true"}, options()};
  EXPECT_EQ(variable.wait(), 2);

  release();
  EXPECT_EQ(run.wait(), 0) << run.all();
}

TEST_F(LivingTest, ExecOnATerminalIsAtHomeThere) {
  CommandRun run{{"run", waiting_scenario()}, options()};
  ASSERT_TRUE(run.wait_for("client | up")) << run.all();

  CommandRun shell{{"exec", only_run(), "right", "--", "sh"}, on_terminal()};
  shell.type("test -t 0 && test -t 1 && test -t 2 && echo on-a-$TERM\n");
  EXPECT_TRUE(shell.wait_for("on-a-vt100\r\n")) << shell.all();
  shell.type("echo $((6 * 7)) > /dev/tty\n");
  EXPECT_TRUE(shell.wait_for("42\r\n")) << shell.all();
  // Ctrl-C is for what runs in there, not for us, nor for its shell.
  shell.type("sh -c 'echo slee\"\"ping; exec sleep 1000'\n");
  EXPECT_TRUE(shell.wait_for("sleeping\r\n")) << shell.all();
  shell.type("\x03");
  shell.type("echo code $?\n");
  EXPECT_TRUE(shell.wait_for("code 130\r\n")) << shell.all();
  // The size of the window, then and later.
  shell.resize(31, 101);
  shell.type("while test \"$(stty size)\" != '31 101'; do sleep 0.02; done; echo re''sized\n");
  EXPECT_TRUE(shell.wait_for("resized\r\n")) << shell.all();
  // In a process group of its own, which is told of the size; an interactive shell steps back for each command.
  shell.type("exec sh -c 'trap \"echo win''ch; exit 5\" WINCH; echo tra\"\"pped; while :; do sleep 0.05; done'\n");
  EXPECT_TRUE(shell.wait_for("trapped\r\n")) << shell.all();
  shell.resize(32, 102);
  EXPECT_TRUE(shell.wait_for("winch\r\n")) << shell.all();
  EXPECT_EQ(shell.wait(), 5) << shell.all();

  release();
  EXPECT_EQ(run.wait(), 0) << run.all();
}

TEST_F(LivingTest, ExecPassesSignalsOn) {
  CommandRun run{{"run", waiting_scenario()}, options()};
  ASSERT_TRUE(run.wait_for("client | up")) << run.all();

  for (const int signal : {SIGTERM, SIGINT, SIGUSR1}) {
    CommandRun shell{{"exec", only_run(), "right", "--", "sh", "-c",
                      "trap 'echo heard; exit 9' TERM INT USR1; echo ready; while :; do sleep 0.02; done"},
                     options()};
    ASSERT_TRUE(shell.wait_for("ready"));
    shell.signal(signal);
    EXPECT_EQ(shell.wait(), 9) << shell.all();
    EXPECT_THAT(shell.out(), HasSubstr("heard\n"));
  }

  release();
  EXPECT_EQ(run.wait(), 0) << run.all();
}

TEST_F(LivingTest, WhatWasStartedByExecIsNotTheVerdictsAndEndsWithTheRun) {
  CommandRun run{{"run", waiting_scenario()}, options()};
  ASSERT_TRUE(run.wait_for("client | up")) << run.all();
  const std::string name = only_run();
  CommandRun failing{{"exec", name, "right", "--", "false"}, options()};
  EXPECT_EQ(failing.wait(), 1);
  CommandRun leaving{{"exec", name, "right", "--", "sh", "-c", "setsid sleep 1000 >/dev/null 2>&1 & exit 0"},
                     options()};
  EXPECT_EQ(leaving.wait(), 0);
  CommandRun lasting{{"exec", name, "right", "--", "sh", "-c", "echo ready; exec sleep 1000"}, options()};
  ASSERT_TRUE(lasting.wait_for("ready"));

  release();
  EXPECT_EQ(run.wait(), 0) << run.all();
  EXPECT_EQ(lasting.wait(), 137) << lasting.all();
}

TEST_F(LivingTest, WhoAskedAndIsGoneIsHungUp) {
  CommandRun run{{"run", waiting_scenario()}, options()};
  ASSERT_TRUE(run.wait_for("client | up")) << run.all();
  {
    CommandRun asking{
        {"exec", only_run(), "right", "--", "sh", "-c",
         "trap '' PIPE; trap 'touch " + path("hung-up") + "; exit' HUP; echo ready; while :; do sleep 0.02; done"},
        options()};
    ASSERT_TRUE(asking.wait_for("ready"));
  }  // killed
  EXPECT_TRUE(eventually([this] { return std::filesystem::exists(path("hung-up")); }));

  release();
  EXPECT_EQ(run.wait(), 0) << run.all();
}

TEST_F(LivingTest, TwoRunsOfOneFileDoNotNoticeEachOther) {
  const std::string scenario = waiting_scenario();
  CommandRun first{{"run", scenario}, options()};
  CommandRun second{{"run", scenario}, options()};
  ASSERT_TRUE(first.wait_for("client | up")) << first.all();
  ASSERT_TRUE(second.wait_for("client | up")) << second.all();

  EXPECT_EQ(listed().size(), 2U);
  std::set<std::string> networks;
  for (const CommandRun* one : {&first, &second}) {
    CommandRun addresses{{"exec", std::to_string(one->pid()), "right", "--", "sh", "-c",
                          "readlink /proc/self/ns/net; ip -o -4 addr show eth0 | grep -c 10.0.0.2"},
                         options()};
    EXPECT_EQ(addresses.wait(), 0) << addresses.all();
    EXPECT_THAT(addresses.out(), HasSubstr("\n1\n"));  // the same address in both
    networks.insert(addresses.out());
  }
  EXPECT_EQ(networks.size(), 2U);
  CommandRun ambiguous{{"exec", "waiting", "right", "--", "true"}, options()};
  EXPECT_EQ(ambiguous.wait(), 2);
  EXPECT_THAT(ambiguous.err(), HasSubstr("`waiting` may be any of waiting-"));

  release();
  EXPECT_EQ(first.wait(), 0) << first.all();
  EXPECT_EQ(second.wait(), 0) << second.all();
}

TEST_F(LivingTest, EachUserHasHisOwnAndRootSeesAll) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  const auto has = [](const CommandRun& list, const CommandRun& run) {
    return list.out().find(std::to_string(run.pid())) != std::string::npos;
  };
  CommandRun::Options nobody;  // where root will look: in /tmp
  nobody.as_nobody = true;
  nobody.environment = {"XDG_RUNTIME_DIR="};
  CommandRun his{{"run", waiting_scenario()}, nobody};
  CommandRun roots{{"run", waiting_scenario()}, options()};
  ASSERT_TRUE(his.wait_for("client | up")) << his.all();
  ASSERT_TRUE(roots.wait_for("client | up")) << roots.all();

  CommandRun his_list{{"list"}, nobody};
  EXPECT_EQ(his_list.wait(), 0);
  EXPECT_TRUE(has(his_list, his) && !has(his_list, roots)) << his_list.all();
  CommandRun roots_list{{"list"}, options()};
  EXPECT_EQ(roots_list.wait(), 0);
  EXPECT_TRUE(has(roots_list, his) && has(roots_list, roots)) << roots_list.all();
  EXPECT_THAT(roots_list.out(), AllOf(HasSubstr("USER"), HasSubstr("nobody")));
  CommandRun visit{{"exec", std::to_string(his.pid()), "left", "--", "cat", "/proc/self/uid_map"}, options()};
  EXPECT_EQ(visit.wait(), 0) << visit.all();
  EXPECT_THAT(visit.out(), HasSubstr("65534"));  // as he would have started it himself
  CommandRun refused{{"exec", std::to_string(roots.pid()), "left", "--", "true"}, nobody};
  EXPECT_EQ(refused.wait(), 2);

  release();
  EXPECT_EQ(his.wait(), 0) << his.all();
  EXPECT_EQ(roots.wait(), 0) << roots.all();
}

TEST_F(LivingTest, AKilledRunTakesItsDirectoryAlong) {
  for (const bool as_nobody : {false, true}) {
    {
      CommandRun run{{"run", waiting_scenario()}, options(as_nobody)};
      ASSERT_TRUE(run.wait_for("client | up")) << run.all();
      EXPECT_FALSE(std::filesystem::is_empty(runtime(as_nobody)));
    }  // SIGKILL
    EXPECT_TRUE(eventually([&] { return std::filesystem::is_empty(runtime(as_nobody)); }));
  }
}

TEST_F(LivingTest, WithoutADirectoryOfItsOwnARunGoesOn) {
  std::filesystem::create_directory(path("elsewhere"));
  std::filesystem::create_directory_symlink(path("elsewhere"), runtime() + "/dummynet");
  CommandRun run{{"run", file("nodes: {n: }\nprocesses: {p: {node: n, command: 'true'}}\n")}, options()};

  EXPECT_EQ(run.wait(), 0) << run.all();
  EXPECT_THAT(run.out(), HasSubstr("`dummynet list` and `exec` will not find this run"));
  EXPECT_TRUE(std::filesystem::is_empty(path("elsewhere")));
}

// ---- clean

scenario::RunFacts of_dead_owner() {
  scenario::RunFacts facts = scenario::facts_of_this_process();
  facts.pid = ::fork();
  if (facts.pid == 0) ::_exit(0);
  ::waitpid(facts.pid, nullptr, 0);
  return facts;
}

TEST_F(LivingTest, CleanRemovesWhatIsProvablyDeadAndNothingElse) {
  const auto make = [this](const std::string& name, const scenario::RunFacts& facts) {
    const std::string folder = runtime() + "/dummynet/" + name;
    std::filesystem::create_directories(folder);
    ::chmod((runtime() + "/dummynet").c_str(), 0700);
    ::chmod(folder.c_str(), 0700);
    std::ofstream{folder + "/facts.json"} << to_json(facts);
    return folder;
  };
  const std::string dead = make("dead", of_dead_owner());
  const std::string alive = make("alive", scenario::facts_of_this_process());
  scenario::RunFacts elsewhere = of_dead_owner();
  ++elsewhere.pid_namespace;
  const std::string unknown = make("unknown", elsewhere);
  std::filesystem::create_symlink(path(""), runtime() + "/dummynet/link");

  CommandRun clean{{"clean"}, options()};
  EXPECT_EQ(clean.wait(), 1) << clean.all();
  EXPECT_THAT(clean.out(), AllOf(HasSubstr("removed " + dead + "\n"), Not(HasSubstr(alive)),
                                 HasSubstr("left    " + unknown + ": its owner belongs to another PID namespace")));
  EXPECT_FALSE(std::filesystem::exists(dead));
  EXPECT_TRUE(std::filesystem::exists(alive) && std::filesystem::exists(unknown));
  EXPECT_TRUE(std::filesystem::exists(path("")));
}

TEST_F(LivingTest, CleanRemovesCgroupsOfTheDead) {
  const std::string own = os::Cgroup::where_am_i();
  if (own.empty() || ::access(own.c_str(), W_OK) != 0) GTEST_SKIP() << "no cgroups to be made here";
  const os::Cgroup parent = os::Cgroup::open(own);
  constexpr int kNobody = (1 << 22) + 1;  // beyond all pids, PID_MAX_LIMIT: nobody else gets it meanwhile
  const std::string dead = "dummynet." + std::to_string(kNobody) + "-0123abcd";
  const std::string alive = "dummynet." + std::to_string(::getpid()) + "-0123abcd";
  const os::Cgroup stale = parent.create(dead);
  const os::Cgroup living = parent.create(alive);
  const pid_t left = ::fork();
  if (left == 0) {
    stale.create("0").add(0);
    for (;;) ::pause();
  }
  ASSERT_TRUE(eventually([&] { return stale.is_populated(); }));

  CommandRun clean{{"clean"}, options()};
  clean.wait();
  EXPECT_THAT(clean.out(), AllOf(HasSubstr("removed cgroup " + own + '/' + dead + "\n"), Not(HasSubstr(alive))));
  EXPECT_NE(::access((own + '/' + dead).c_str(), F_OK), 0);
  EXPECT_EQ(::access((own + '/' + alive).c_str(), F_OK), 0);
  EXPECT_TRUE(parent.remove_child(alive));
  int status = 0;
  EXPECT_EQ(::waitpid(left, &status, 0), left);
  EXPECT_TRUE(WIFSIGNALED(status));
}

}  // namespace
}  // namespace dummynet::test
