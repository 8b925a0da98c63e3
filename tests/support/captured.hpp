#pragma once

#include <memory>
#include <string>
#include <utility>

#include "dummynet/core/run_info.hpp"

namespace dummynet::test {

/// As a process has printed it, nothing dropped.
inline CapturedText captured(std::string bytes) {
  const std::size_t size = bytes.size();
  return {std::make_shared<const std::string>(std::move(bytes)), size, 0};
}

}  // namespace dummynet::test
