#include "dummynet/os/sysctl.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <system_error>

#include "support/own_namespace.hpp"

namespace dummynet::os {
namespace {

TEST(Sysctl, NamesAreFilesBelowNet) {
  EXPECT_EQ(sysctl_path("net.ipv4.ip_forward"), "/proc/sys/net/ipv4/ip_forward");
  EXPECT_EQ(sysctl_path("net/ipv4/conf/eth0.5/rp_filter"), "/proc/sys/net/ipv4/conf/eth0.5/rp_filter");
}

TEST(Sysctl, NothingElseIsAName) {
  for (const char* bad : {"", "net", "net.", "net..x", "kernel.hostname", "net/../kernel/hostname", "net.ipv4/../../x",
                          "/proc/sys/net/x", "net/./x", "net.a\nb", "network.x", "net/ipv4//x", "net.ipv4."}) {
    EXPECT_EQ(sysctl_path(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(sysctl_path("net." + std::string(300, 'x')), std::nullopt);
}

TEST(Sysctl, IsWrittenForTheNamespaceOneIsIn) {
  const auto value_here = [] {
    std::ifstream file{"/proc/sys/net/ipv4/ip_default_ttl"};
    int value = 0;
    file >> value;
    return value;
  };
  const int outside = value_here();
  test::in_own_namespace([&] {
    set_sysctl("net.ipv4.ip_default_ttl", "77");

    EXPECT_EQ(value_here(), 77);
  });
  EXPECT_EQ(value_here(), outside);
}

TEST(Sysctl, SaysWhatIsWrong) {
  test::in_own_namespace([] {
    const auto refusal_of = [](const char* name, const char* value) -> std::string {
      try {
        set_sysctl(name, value);
      } catch (const std::system_error& error) {
        return error.what();
      }
      return "no refusal";
    };
    EXPECT_EQ(refusal_of("net.ipv4.no_such", "1"),
              "sysctl net.ipv4.no_such = 1: this kernel has no such setting for a network of its own: No such file or "
              "directory");
    EXPECT_EQ(refusal_of("net.ipv4.ip_forward", "many"), "sysctl net.ipv4.ip_forward = many: Invalid argument");
    EXPECT_EQ(refusal_of("kernel.hostname", "x"),
              "sysctl kernel.hostname = x: not the name of a setting below net: Invalid argument");
  });
}

}  // namespace
}  // namespace dummynet::os
