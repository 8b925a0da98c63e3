#include "dummynet/core/ready.hpp"

namespace dummynet {
namespace {

struct ReadyWording {
  std::string operator()(const ReadyListen& listen) const {
    const std::string port = std::to_string(listen.port);
    return listen.protocol == ReadyListen::Protocol::tcp ? "tcp port " + port + " to listen"
                                                         : "udp port " + port + " to be bound";
  }
  std::string operator()(const ReadyLog& log) const { return "a line that matches /" + log.regex + '/'; }
  std::string operator()(const ReadyExec& exec) const { return "this command to succeed: " + exec.command.text(); }
  std::string operator()(const ReadyFile& file) const { return "the file " + file.path; }
  std::string operator()(const ReadyHttp& http) const { return "an answer from " + http.url; }
  std::string operator()(const ReadyNotify&) const { return "READY=1 on $NOTIFY_SOCKET"; }
};

}  // namespace

std::string to_string(const Ready& ready) { return std::visit(ReadyWording{}, ready.condition); }

}  // namespace dummynet
