#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace re2 {
class RE2;
}

namespace dummynet {

/// A regular expression for lines of output, compiled once: RE2 syntax, linear time whatever the line holds.
class LogPattern {
 public:
  /// Throws std::invalid_argument with the pattern and what is wrong with it.
  explicit LogPattern(std::string_view regex);
  LogPattern(LogPattern&&) noexcept;
  LogPattern& operator=(LogPattern&&) noexcept;
  ~LogPattern();

  /// True when some part of the line matches. `.` matches characters, not bytes that are no UTF-8; the rest of
  /// such a line is searched all the same.
  bool matches(std::string_view line) const;

 private:
  std::unique_ptr<re2::RE2> regex_;
};

}  // namespace dummynet
