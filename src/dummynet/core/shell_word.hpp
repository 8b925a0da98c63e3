#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace dummynet {

/// The word as sh(1) must be given it to come out unchanged. Quotes are added only where they are needed, or with
/// `always`. For display: nothing in this library builds a shell line from it.
std::string quote_shell_word(std::string_view word, bool always = false);

/// True for words that the shell reads as grammar: `if`, `while`, `!` …
bool is_shell_reserved(std::string_view word);

/// The program that a simple shell line would execute: plain words, quotes without expansions in them. Nothing when the
/// line is more than that (`;`, `|`, `$`, a redirection, an assignment, a wildcard as the program …), or when the shell
/// itself would do it (a reserved word, a builtin). Lets a missing program be found before a shell is started.
std::optional<std::string> leading_program(std::string_view shell_line);

}  // namespace dummynet
