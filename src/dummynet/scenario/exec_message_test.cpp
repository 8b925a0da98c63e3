#include "dummynet/scenario/exec_message.hpp"

#include <gtest/gtest.h>

namespace dummynet::scenario {
namespace {

const ExecRequest kRequest{"server", {"sh", "-c", "", "\xff"}, {"A=b", "EMPTY="}, "/tmp", "self", true};

TEST(ExecMessage, SaysTheSameAfterTheJourney) {
  EXPECT_EQ(parse_exec_request(to_bytes(kRequest)), kRequest);
  EXPECT_EQ(parse_exec_request(to_bytes(ExecRequest{})), ExecRequest{});
  for (const auto kind :
       {ExecNews::Kind::started, ExecNews::Kind::refused, ExecNews::Kind::ended, ExecNews::Kind::signal}) {
    const ExecNews news{kind, 127, "no such program"};
    EXPECT_EQ(parse_exec_news(to_bytes(news)), news);
  }
}

TEST(ExecMessage, NoPieceOfOneIsOne) {
  const std::string request = to_bytes(kRequest);
  for (std::size_t length = 0; length < request.size(); ++length) {
    EXPECT_FALSE(parse_exec_request(request.substr(0, length))) << length;
  }
  EXPECT_FALSE(parse_exec_request(request + '\0'));
  const std::string news = to_bytes(ExecNews{ExecNews::Kind::ended, 3, ""});
  for (std::size_t length = 0; length < news.size(); ++length) EXPECT_FALSE(parse_exec_news(news.substr(0, length)));
}

TEST(ExecMessage, CountsAndKindsThatLieAreRefused) {
  using namespace std::string_literals;
  EXPECT_FALSE(parse_exec_request("n\0999999999\0x\0"s));
  EXPECT_FALSE(parse_exec_request("n\0-1\0000\0\0\0000\0"s));
  EXPECT_FALSE(parse_exec_request("n\0000\0000\0/\0\0002\0"s));
  EXPECT_FALSE(parse_exec_news("x\0000\0\0"s));
  EXPECT_FALSE(parse_exec_news("e\0seven\0\0"s));
  EXPECT_FALSE(parse_exec_news("ee\0001\0\0"s));
}

}  // namespace
}  // namespace dummynet::scenario
