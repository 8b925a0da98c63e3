#include "dummynet/core/log_pattern.hpp"

#include <re2/re2.h>

#include <stdexcept>

namespace dummynet {

LogPattern::LogPattern(std::string_view regex) {
  RE2::Options options;
  options.set_log_errors(false);  // the library says it by exception, not on the program's stderr
  regex_ = std::make_unique<RE2>(re2::StringPiece{regex.data(), regex.size()}, options);
  if (!regex_->ok()) throw std::invalid_argument{"regular expression /" + std::string{regex} + "/: " + regex_->error()};
}

LogPattern::LogPattern(LogPattern&&) noexcept = default;
LogPattern& LogPattern::operator=(LogPattern&&) noexcept = default;
LogPattern::~LogPattern() = default;

bool LogPattern::matches(std::string_view line) const {
  return RE2::PartialMatch(re2::StringPiece{line.data(), line.size()}, *regex_);
}

}  // namespace dummynet
