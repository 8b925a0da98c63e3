#include <dummynet/testing/network_test.hpp>

namespace {

using dummynet::Ready;

class Measurement : public dummynet::testing::NetworkTest {
 protected:
  void make_two_hosts() {
    network.add_node("client");
    network.add_node("server");
    network.add_link({"client"}, {"server"});
    network.up();
  }
};

TEST_F(Measurement, RunsBetweenTwoHosts) {
  make_two_hosts();
  start_server("server", {"iperf3", "--server"}, Ready::listen(5201));

  const auto client = run("client", {"iperf3", "--client", "server", "--bytes", "1M"});

  EXPECT_NO_THROW(client.match({.out = "*receiver*"}));
}

// Not among the tests that CTest knows: it has to fail, for that is what the fixture is for. tests/consumer/run.cmake
// runs it by itself and looks at how.
using MustFail = Measurement;

TEST_F(MustFail, WhenTheServerDies) {
  make_two_hosts();
  start_server("server", "echo last words; sleep 0.1; exit 3", Ready::log("last words"));

  run("client", {"sleep", "1000"});  // ended at once, by the server's death
}

}  // namespace
