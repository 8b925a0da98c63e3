#include "dummynet/core/http_url.hpp"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <stdexcept>

namespace dummynet {
namespace {

TEST(HttpUrl, TakesLiteralAddresses) {
  EXPECT_EQ(parse_http_url("http://127.0.0.1:8000/x?y=1"),
            (HttpUrl{{{AF_INET, "127.0.0.1"}}, 8000, "127.0.0.1:8000", "/x?y=1"}));
  EXPECT_EQ(parse_http_url("HTTP://[::1]:8080/"), (HttpUrl{{{AF_INET6, "::1"}}, 8080, "[::1]:8080", "/"}));
}

TEST(HttpUrl, HasDefaults) {
  EXPECT_EQ(parse_http_url("http://10.0.0.1"), (HttpUrl{{{AF_INET, "10.0.0.1"}}, 80, "10.0.0.1", "/"}));
  EXPECT_EQ(parse_http_url("http://[::1]").port, 80);
  EXPECT_EQ(parse_http_url("http://10.0.0.1:/").port, 80);
  EXPECT_EQ(parse_http_url("http://10.0.0.1?q").target, "/?q");
}

TEST(HttpUrl, TakesLocalhostForBothLoopbacks) {
  const std::vector<HttpUrl::Address> both{{AF_INET, "127.0.0.1"}, {AF_INET6, "::1"}};

  EXPECT_EQ(parse_http_url("http://localhost:80/").addresses, both);
  EXPECT_EQ(parse_http_url("http://LOCALHOST").addresses, both);
}

TEST(HttpUrl, SaysWhatIsWrong) {
  const auto expect_fault = [](std::string_view url, const char* part) {
    const std::string fault = find_fault_in_http_url(url).value_or("nothing");
    EXPECT_NE(fault.find(part), std::string::npos) << url << ": " << fault;
    EXPECT_THROW(parse_http_url(url), std::invalid_argument);
  };
  expect_fault("", "begin with http://");
  expect_fault("localhost:80", "begin with http://");
  expect_fault("https://localhost/", "without TLS");
  expect_fault("http://", "no host");
  expect_fault("http://:80/", "no host");
  expect_fault("http://example.org/", "must be an IPv4 address");
  expect_fault("http://localhosts/", "must be an IPv4 address");
  expect_fault("http://1.2.3/", "must be an IPv4 address");
  expect_fault("http://::1/", "no host");
  expect_fault("http://[::1", "never closed");
  expect_fault("http://[]/", "no IPv6 address");
  expect_fault("http://[1.2.3.4]/", "no IPv6 address");
  expect_fault("http://[::1]80/", ":PORT");
  expect_fault("http://127.0.0.1:0/", "1..65535");
  expect_fault("http://127.0.0.1:65536/", "1..65535");
  expect_fault("http://127.0.0.1:8o/", "1..65535");
  expect_fault("http://127.0.0.1:+80/", "1..65535");
  expect_fault("http://me:secret@127.0.0.1/", "password");
  expect_fault("http://127.0.0.1/#top", "fragment");
  expect_fault("http://127.0.0.1/a b", "percent-encoded");
  expect_fault("http://127.0.0.1/\r\nX-Evil: 1", "percent-encoded");
  expect_fault("http://127.0.0.1/\xc3\xa4", "percent-encoded");
}

TEST(HttpUrl, HasNoFaultWhenItParses) { EXPECT_EQ(find_fault_in_http_url("http://localhost/"), std::nullopt); }

}  // namespace
}  // namespace dummynet
