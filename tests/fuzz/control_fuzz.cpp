// Between the owner and the link engine: whatever bytes come, reading them is harmless, and what was understood is
// written again as the same bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dummynet/wire/control.hpp"

namespace {

using namespace dummynet::wire::control;

template <typename Message>
void try_as(std::string_view body) {
  const auto message = decode<Message>(body);
  if (message && encode(*message) != body) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body{reinterpret_cast<const char*>(data), size};
  try_as<Configure>(body);
  try_as<AddLink>(body);
  try_as<Set>(body);
  try_as<AskCounters>(body);
  try_as<Counters>(body);
  try_as<Refused>(body);
  return 0;
}
