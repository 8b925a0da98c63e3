#pragma once

#include <CLI/App.hpp>
#include <string>
#include <string_view>

namespace dummynet::cli {

/// A completion script for `bash`, `zsh` or `fish`, made from the options that there are.
std::string completion_script(const CLI::App& app, std::string_view shell);

}  // namespace dummynet::cli
