#include "dummynet/net/netlink.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <system_error>
#include <vector>

#include "dummynet/net/address_request.hpp"
#include "dummynet/net/link_request.hpp"
#include "dummynet/net/link_state.hpp"
#include "support/own_namespace.hpp"

namespace dummynet::net {
namespace {

using test::in_own_namespace;

NetlinkSocket open_route_socket() {
  return NetlinkSocket{os::Fd{::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE)}};
}

os::Fd open_current_netns() { return os::Fd{::open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC)}; }

const LinkState* find(const std::vector<LinkState>& links, const std::string& name) {
  const auto found = std::find_if(links.begin(), links.end(), [&](const auto& link) { return link.name == name; });
  return found == links.end() ? nullptr : &*found;
}

void run(NetlinkSocket& socket, NetlinkRequest request) { socket.run({&request, 1}); }

/// "what() of the system_error", or the empty string.
std::string refusal_of(const std::function<void()>& action, int* error_number = nullptr) {
  try {
    action();
  } catch (const std::system_error& error) {
    if (error_number != nullptr) *error_number = error.code().value();
    return error.what();
  }
  return {};
}

TEST(Netlink, MakesAPairAcrossTwoNamespacesWithOneRequest) {
  in_own_namespace([] {
    NetlinkSocket first = open_route_socket();
    ASSERT_EQ(::unshare(CLONE_NEWNET), 0);
    NetlinkSocket second = open_route_socket();
    const os::Fd second_netns = open_current_netns();

    run(first, make_veth({"client", "eth0", 100}, {"server", "wan", 101}, second_netns.get()));

    const std::vector<LinkState> here = list_links(first, "client");
    const std::vector<LinkState> there = list_links(second, "server");
    ASSERT_NE(find(here, "eth0"), nullptr);
    ASSERT_NE(find(there, "wan"), nullptr);
    EXPECT_EQ(find(here, "eth0")->index, 100U);
    EXPECT_EQ(find(there, "wan")->index, 101U);
    EXPECT_TRUE(find(here, "eth0")->is_up);
    EXPECT_FALSE(find(there, "wan")->is_up);
    EXPECT_EQ(find(here, "wan"), nullptr);
  });
}

TEST(Netlink, BringsLinksUpUntilTheyCarryPackets) {
  in_own_namespace([] {
    NetlinkSocket socket = open_route_socket();
    const os::Fd netns = open_current_netns();
    std::vector<NetlinkRequest> requests;
    requests.push_back(set_up(kLoopbackIndex, "loopback"));
    requests.push_back(make_veth({"n", "a", 100}, {"n", "b", 101}, netns.get()));
    requests.push_back(set_up(101, "n:b"));
    requests.push_back(add_address(100, {IpAddress{0x0a000001U}, 30}, "n:a"));

    socket.run(requests);

    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{30};
    const auto carries = [&](const char* name) {
      const std::vector<LinkState> links = list_links(socket, "n");
      return find(links, name)->carries_packets;
    };
    while (!(carries("lo") && carries("a") && carries("b"))) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
    }
    const os::Fd bound{::socket(AF_INET, SOCK_DGRAM, 0)};
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(0x0a000001);
    EXPECT_EQ(::bind(bound.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  });
}

TEST(Netlink, NamesTheObjectOfARefusal) {
  in_own_namespace([] {
    NetlinkSocket socket = open_route_socket();
    const os::Fd netns = open_current_netns();
    run(socket, make_veth({"n", "a", 100}, {"n", "b", 101}, netns.get()));
    int number = 0;

    const std::string text = refusal_of(
        [&] {
          run(socket, make_veth({"client", "a", 102}, {"server", "c", 103}, netns.get()));
        },
        &number);

    EXPECT_EQ(number, EEXIST);
    EXPECT_EQ(text.find("veth client:a to server:c"), 0U) << text;
    EXPECT_NE(text.find("File exists"), std::string::npos) << text;
  });
}

TEST(Netlink, ShowsTheKernelsExtendedText) {
  in_own_namespace([] {
    NetlinkSocket socket = open_route_socket();

    NetlinkRequest request{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, "strange n:x"};
    request.header<ifinfomsg>();
    request.put(IFLA_IFNAME, "x");
    {
      const auto info = request.nest(IFLA_LINKINFO);
      request.put(IFLA_INFO_KIND, "no-such-kind");
    }

    const std::string text = refusal_of([&] { socket.run({&request, 1}); });

    EXPECT_EQ(text.find("strange n:x: "), 0U) << text;
    EXPECT_NE(text.find("nknown device type"), std::string::npos) << text;
  });
}

TEST(Netlink, TellsTheFirstRefusalOfALongBatchAndStaysUsable) {
  in_own_namespace([] {
    NetlinkSocket socket = open_route_socket();
    std::vector<NetlinkRequest> requests;
    for (std::uint32_t i = 0; i < 200; ++i) {
      const bool is_wrong = i == 70 || i == 71 || i == 90;
      requests.push_back(
          add_address(is_wrong ? 999 : 1, {IpAddress{0x0a000000U + i}, 32}, "number " + std::to_string(i)));
    }
    int number = 0;

    const std::string text = refusal_of([&] { socket.run(requests); }, &number);

    EXPECT_EQ(number, ENODEV);
    EXPECT_NE(text.find("on number 70:"), std::string::npos) << text;
    EXPECT_NO_THROW(run(socket, set_up(kLoopbackIndex, "loopback")));
    EXPECT_NE(find(list_links(socket, "n"), "lo"), nullptr);
  });
}

TEST(Netlink, ReadsListsLongerThanOneAnswer) {
  in_own_namespace([] {
    NetlinkSocket socket = open_route_socket();
    const os::Fd netns = open_current_netns();
    std::vector<NetlinkRequest> requests;
    for (std::uint32_t i = 0; i < 100; ++i) {
      const std::string number = std::to_string(i);
      requests.push_back(make_veth({"n", "a" + number, 100 + 2 * i}, {"n", "b" + number, 101 + 2 * i}, netns.get()));
    }

    socket.run(requests);

    const std::vector<LinkState> links = list_links(socket, "n");
    for (std::uint32_t i = 0; i < 100; ++i) {
      EXPECT_NE(find(links, "a" + std::to_string(i)), nullptr);
      EXPECT_NE(find(links, "b" + std::to_string(i)), nullptr);
    }
  });
}

TEST(NetlinkRequest, RefusesWhatDoesNotFit) {
  NetlinkRequest request{RTM_NEWLINK, 0, "big"};
  request.header<ifinfomsg>();

  EXPECT_THROW(request.put(IFLA_IFALIAS, std::string(2000, 'x')), std::length_error);
  EXPECT_THROW(
      {
        for (int i = 0; i < 1000; ++i) request.put_u32(IFLA_MTU, 1500);
      },
      std::length_error);
}

}  // namespace
}  // namespace dummynet::net
