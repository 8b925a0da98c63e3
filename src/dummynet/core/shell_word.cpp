#include "dummynet/core/shell_word.hpp"

#include <algorithm>
#include <array>

namespace dummynet {
namespace {

using namespace std::string_view_literals;

// POSIX XCU 2.4, and what bash(1) adds where it is /bin/sh.
constexpr std::array kReserved = {
    "!"sv,   "{"sv,  "}"sv,  "case"sv, "coproc"sv, "do"sv,       "done"sv,   "elif"sv, "else"sv, "esac"sv, "fi"sv,
    "for"sv, "if"sv, "in"sv, "then"sv, "until"sv,  "function"sv, "select"sv, "time"sv, "[["sv,   "]]"sv,   "while"sv};

// dash(1), and what bash(1) adds.
constexpr std::array kBuiltins = {
    "."sv,       ":"sv,      "["sv,       "alias"sv,     "bg"sv,       "bind"sv,     "break"sv,   "builtin"sv,
    "caller"sv,  "cd"sv,     "chdir"sv,   "command"sv,   "compgen"sv,  "complete"sv, "compopt"sv, "continue"sv,
    "declare"sv, "dirs"sv,   "disown"sv,  "echo"sv,      "enable"sv,   "eval"sv,     "exec"sv,    "exit"sv,
    "export"sv,  "false"sv,  "fc"sv,      "fg"sv,        "getopts"sv,  "hash"sv,     "help"sv,    "history"sv,
    "jobs"sv,    "kill"sv,   "let"sv,     "local"sv,     "logout"sv,   "mapfile"sv,  "popd"sv,    "printf"sv,
    "pushd"sv,   "pwd"sv,    "read"sv,    "readarray"sv, "readonly"sv, "return"sv,   "set"sv,     "shift"sv,
    "shopt"sv,   "source"sv, "suspend"sv, "test"sv,      "times"sv,    "trap"sv,     "true"sv,    "type"sv,
    "typeset"sv, "ulimit"sv, "umask"sv,   "unalias"sv,   "unset"sv,    "wait"sv};

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kNeverPlain = ";|&$`()<>\n\0"sv;  // anywhere outside single quotes
constexpr std::string_view kNeverInProgram = "*?[]{}~#!=";   // wildcards, grammar, assignment

template <std::size_t size>
bool contains(const std::array<std::string_view, size>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has(std::string_view set, char character) { return set.find(character) != set.npos; }

/// Takes the text up to the closing double quote off `rest` (which starts behind the opening one). False: expansions in
/// it, or never closed.
bool take_double_quoted(std::string_view& rest, std::string& word) {
  while (!rest.empty()) {
    const char character = rest.front();
    rest.remove_prefix(1);
    if (character == '"') return true;
    if (character == '$' || character == '`' || character == '\0') return false;
    if (character == '\\' && !rest.empty() && has("$`\"\\\n", rest.front())) {
      if (rest.front() == '\n') return false;
      word += rest.front();
      rest.remove_prefix(1);
    } else {
      word += character;
    }
  }
  return false;
}

/// Takes one word off `rest`. False: it needs a shell to understand it.
bool take_word(std::string_view& rest, std::string& word, std::string_view forbidden) {
  while (!rest.empty() && !has(kBlanks, rest.front())) {
    const char character = rest.front();
    if (has(kNeverPlain, character) || has(forbidden, character)) return false;
    rest.remove_prefix(1);
    if (character == '\'') {
      const std::size_t close = rest.find('\'');
      if (close == rest.npos || rest.substr(0, close).find('\0') != rest.npos) return false;
      word += rest.substr(0, close);
      rest.remove_prefix(close + 1);
    } else if (character == '"') {
      if (!take_double_quoted(rest, word)) return false;
    } else if (character == '\\') {
      if (rest.empty() || rest.front() == '\n' || rest.front() == '\0') return false;
      word += rest.front();
      rest.remove_prefix(1);
    } else {
      word += character;
    }
  }
  return true;
}

void skip_blanks(std::string_view& rest) { rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size())); }

}  // namespace

std::string quote_shell_word(std::string_view word, bool always) {
  constexpr std::string_view kPlain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!always && !word.empty() && word.find_first_not_of(kPlain) == word.npos) return std::string{word};
  std::string quoted{"'"};
  for (const char character : word) {
    if (character == '\'') {
      quoted += "'\\''";
    } else {
      quoted += character;
    }
  }
  return quoted += '\'';
}

bool is_shell_reserved(std::string_view word) { return contains(kReserved, word); }

std::optional<std::string> leading_program(std::string_view shell_line) {
  std::string_view rest = shell_line;
  while (rest.ends_with('\n')) rest.remove_suffix(1);
  skip_blanks(rest);
  std::string program;
  if (!take_word(rest, program, kNeverInProgram)) return std::nullopt;
  if (program.empty() || program.starts_with('%') || is_shell_reserved(program) || contains(kBuiltins, program)) {
    return std::nullopt;
  }
  for (skip_blanks(rest); !rest.empty() && rest.front() != '#'; skip_blanks(rest)) {
    std::string argument;
    if (!take_word(rest, argument, {})) return std::nullopt;
  }
  if (rest.find('\n') != rest.npos) return std::nullopt;  // a comment ends with its line, and more follows
  return program;
}

}  // namespace dummynet
