#pragma once

#include <initializer_list>
#include <string>
#include <variant>
#include <vector>

namespace dummynet {

/// What to run: a line for `/bin/sh -c`, or an argument vector that no shell ever sees.
///
///     monitor.run_process("ping -c 1 server | tail -1");       // a shell line
///     monitor.run_process({"ping", "-c", "1", server_name});   // arguments, passed as they are
///
/// Prefer the vector whenever a part comes from elsewhere: nothing in it is ever interpreted.
/// Braces always make a vector, even around one string: Command{line} is a program of that name, Command(line) a line.
class Command {
 public:
  Command(std::string shell_line) : value_{std::move(shell_line)} {}             // NOLINT(google-explicit-constructor)
  Command(const char* shell_line) : value_{std::string{shell_line}} {}           // NOLINT(google-explicit-constructor)
  Command(std::vector<std::string> arguments) : value_{std::move(arguments)} {}  // NOLINT(google-explicit-constructor)
  Command(std::initializer_list<std::string> arguments) : value_{std::vector<std::string>{arguments}} {}

  bool is_shell_line() const noexcept { return std::holds_alternative<std::string>(value_); }
  const std::string& shell_line() const { return std::get<std::string>(value_); }

  /// What is executed: the vector itself, or `/bin/sh -c LINE`.
  std::vector<std::string> arguments() const;

  /// For people: the line, or the vector quoted so that it could be pasted into a shell.
  std::string text() const;

  bool operator==(const Command&) const = default;

 private:
  std::variant<std::string, std::vector<std::string>> value_;
};

}  // namespace dummynet
