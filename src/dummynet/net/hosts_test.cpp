#include "dummynet/net/hosts.hpp"

#include <gtest/gtest.h>

namespace dummynet::net {
namespace {

constexpr Ipv4 k10 = 0x0a000000;
const std::string kLocalhost = "127.0.0.1\tlocalhost\n::1\tlocalhost\n";

/// client – router – server, and client – server directly.
const HostsPlan kTriangle{{"client", "router", "server"},
                          {{{0, k10 + 1}, {1, k10 + 2}}, {{1, k10 + 5}, {2, k10 + 6}}, {{0, k10 + 9}, {2, k10 + 10}}}};

TEST(Hosts, PutTheAddressOnASharedLinkFirst) {
  const HostsWriter writer{kTriangle};

  EXPECT_EQ(writer.text_for(0), kLocalhost +
                                    "10.0.0.1\tclient\n10.0.0.9\tclient\n"
                                    "10.0.0.2\trouter\n10.0.0.5\trouter\n"
                                    "10.0.0.10\tserver\n10.0.0.6\tserver\n");
  EXPECT_EQ(writer.text_for(2), kLocalhost +
                                    "10.0.0.6\tserver\n10.0.0.10\tserver\n"
                                    "10.0.0.9\tclient\n10.0.0.1\tclient\n"
                                    "10.0.0.5\trouter\n10.0.0.2\trouter\n");
}

TEST(Hosts, NameDistantNodesToo) {
  const HostsWriter writer{{{"a", "hub", "b"}, {{{0, k10 + 1}, {1, k10 + 2}}, {{1, k10 + 5}, {2, k10 + 6}}}}};

  EXPECT_EQ(writer.text_for(0), kLocalhost + "10.0.0.1\ta\n10.0.0.2\thub\n10.0.0.5\thub\n10.0.0.6\tb\n");
}

TEST(Hosts, KeepTheOrderOfParallelLinks) {
  const HostsWriter writer{{{"a", "b"}, {{{0, k10 + 1}, {1, k10 + 2}}, {{1, k10 + 5}, {0, k10 + 6}}}}};

  EXPECT_EQ(writer.text_for(0), kLocalhost + "10.0.0.1\ta\n10.0.0.6\ta\n10.0.0.2\tb\n10.0.0.5\tb\n");
}

TEST(Hosts, LetALonelyNodeKnowItself) {
  const HostsWriter writer{{{"alone", "other"}, {}}};

  EXPECT_EQ(writer.text_for(0), kLocalhost + "127.0.0.1\talone\n");
}

}  // namespace
}  // namespace dummynet::net
