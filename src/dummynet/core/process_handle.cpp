#include "dummynet/core/process_handle.hpp"

#include <stdexcept>

namespace dummynet {

Process& ProcessHandle::operator*() const {
  if (!process_) throw std::logic_error{"an empty ProcessHandle names no process"};
  return *process_;
}

}  // namespace dummynet
