#pragma once

#include <memory>
#include <string_view>

#include "dummynet/core/secret.hpp"

namespace dummynet {

/// Asks for a password on the controlling terminal, tty(4), with echo off. Null when there is no terminal, or this
/// program is not in its foreground: nobody could answer. Empty when none was given: an empty line, end of file, or a
/// signal, which is then handed on as if nobody had asked.
/// Meanwhile SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP and SIGCONT are caught, so that the terminal gets its echo back
/// before they do what they do. Thread-safe; blocks.
std::unique_ptr<Secret> ask_password_on_terminal(std::string_view question);

}  // namespace dummynet
