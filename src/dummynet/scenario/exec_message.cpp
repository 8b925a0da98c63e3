#include "dummynet/scenario/exec_message.hpp"

#include <charconv>
#include <utility>

namespace dummynet::scenario {
namespace {

// Neither arguments nor names can hold a NUL, so it ends each of them.
void put(std::string& bytes, std::string_view text) { bytes.append(text).push_back('\0'); }

void put(std::string& bytes, const std::vector<std::string>& texts) {
  put(bytes, std::to_string(texts.size()));
  for (const std::string& text : texts) put(bytes, text);
}

class Taker {
 public:
  explicit Taker(std::string_view bytes) : rest_{bytes} {}

  std::string text() {
    const std::size_t end = rest_.find('\0');
    if (end == std::string_view::npos) {
      good_ = false;
      rest_ = {};
      return {};
    }
    std::string taken{rest_.substr(0, end)};
    rest_.remove_prefix(end + 1);
    return taken;
  }
  int number() {
    const std::string digits = text();
    int value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    good_ = good_ && error == std::errc{} && end == digits.data() + digits.size() && value >= 0;
    return good_ ? value : 0;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> taken;
    const int count = number();
    for (int i = 0; i < count && good_; ++i) taken.push_back(text());
    return taken;
  }
  bool done() const { return good_ && rest_.empty(); }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace

std::string to_bytes(const ExecRequest& request) {
  std::string bytes;
  put(bytes, request.node);
  put(bytes, request.command);
  put(bytes, request.environment);
  put(bytes, request.cwd);
  put(bytes, request.user);
  put(bytes, request.terminal ? "1" : "0");
  return bytes;
}

std::optional<ExecRequest> parse_exec_request(std::string_view bytes) {
  Taker taker{bytes};
  ExecRequest request;
  request.node = taker.text();
  request.command = taker.texts();
  request.environment = taker.texts();
  request.cwd = taker.text();
  request.user = taker.text();
  const int terminal = taker.number();
  request.terminal = terminal == 1;
  if (!taker.done() || terminal > 1) return std::nullopt;
  return request;
}

std::string to_bytes(const ExecNews& news) {
  std::string bytes;
  put(bytes, std::string{static_cast<char>(news.kind)});
  put(bytes, std::to_string(news.number));
  put(bytes, news.text);
  return bytes;
}

std::optional<ExecNews> parse_exec_news(std::string_view bytes) {
  Taker taker{bytes};
  const std::string kind = taker.text();
  ExecNews news;
  news.number = taker.number();
  news.text = taker.text();
  if (!taker.done() || kind.size() != 1 || std::string_view{"srek"}.find(kind[0]) == std::string_view::npos) {
    return std::nullopt;
  }
  news.kind = static_cast<ExecNews::Kind>(kind[0]);
  return news;
}

}  // namespace dummynet::scenario
