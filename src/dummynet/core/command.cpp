#include "dummynet/core/command.hpp"

#include <algorithm>
#include <string_view>

#include "dummynet/core/shell_word.hpp"

namespace dummynet {

std::vector<std::string> Command::arguments() const {
  if (!is_shell_line()) return std::get<std::vector<std::string>>(value_);
  const std::string& line = shell_line();
  // sh(1) would read such a line as more of its own options.
  if (line.starts_with('-') || line.starts_with('+')) return {"/bin/sh", "-c", "--", line};
  return {"/bin/sh", "-c", line};
}

std::string Command::text() const {
  if (is_shell_line()) return shell_line();
  std::string text;
  bool first = true;
  for (const std::string& argument : std::get<std::vector<std::string>>(value_)) {
    if (!first) text += ' ';
    // A first word like A=b or `if` is the shell's own unless it is quoted.
    text += quote_shell_word(argument, first && (argument.find('=') != argument.npos || is_shell_reserved(argument)));
    first = false;
  }
  return text;
}

}  // namespace dummynet
