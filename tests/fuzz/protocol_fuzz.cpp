// The protocol between owner and warden: whatever bytes come, reading them is harmless, and what was understood is
// written again as the same bytes.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "dummynet/warden/protocol.hpp"

namespace {

using namespace dummynet::warden;

template <typename Message>
void try_as(std::string_view body) {
  const auto message = parse<Message>(body);
  if (!message) return;
  Writer written;
  write(written.begin(Type::hello, 7), *message);
  if (written.bytes().substr(5) != body) std::abort();
  // One byte less is no message any more.
  if (!body.empty() && parse<Message>(body.substr(0, body.size() - 1))) std::abort();
}

template <typename... Messages>
void try_all(std::string_view body) {
  (try_as<Messages>(body), ...);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size};
  const auto header = parse_header(bytes);
  if (!header) return 0;
  Writer writer;
  writer.begin(header->type, header->id, header->body_in_memfd);
  if (writer.bytes() != bytes.substr(0, bytes.size() - header->body.size())) std::abort();
  try_all<Configure, Hello, Defaults, Start, Signal, Refusal, Started, Ended, Usage, TreeGone, AllGone, MakeNodes,
          NodesMade, SetSysctls, SysctlsWere, DropNode, Undo, ForgetUndo, NodeFile, SocketRequest, SocketOwner>(
      header->body);
  return 0;
}
