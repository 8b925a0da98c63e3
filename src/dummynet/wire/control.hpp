#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dummynet/wire/counters.hpp"
#include "dummynet/wire/impairment.hpp"

/// What the owner and the link engine say to each other over one SOCK_SEQPACKET socket, see ControlSocket. Numbers in
/// the machine's order, since both ends are one build on one machine. The reader trusts nothing: every length is
/// checked, and what is too short, too long or out of its range is no message at all.
namespace dummynet::wire::control {

/// Both sides must name the same.
inline constexpr std::uint32_t kVersion = 2;

enum class Type : std::uint8_t {
  // owner → engine
  configure = 1,
  add_link,
  begin,
  set,
  ask_counters,
  finish,
  // engine → owner
  done = 64,  ///< configure, add_link, begin, set: it is so
  counters,
  refused,
};

struct Configure {
  std::uint32_t version = kVersion;
  std::uint64_t seed = 1;
  Nanoseconds spin{0};
  bool realtime = false;  ///< see EngineOptions
  bool log_packets = false;
  // descriptors: with log_packets, where to write
  bool operator==(const Configure&) const = default;
};

struct AddLink {
  std::uint32_t position = 0;  ///< in the Topology: seeds and the packet log name it
  std::vector<Impairment> directions;
  std::uint32_t first_sockets = 1;  ///< of the descriptors; the others are the second end's
  // descriptors: the packet sockets of the first and of the second end
  bool operator==(const AddLink&) const = default;
};

struct Set {
  struct Change {
    std::uint32_t link = 0;       ///< in the order of add_link, from 0
    std::uint8_t direction = 0;   ///< 0: first → second
    bool drop_in_flight = false;  ///< see LinkEngine::Change
    Impairment impairment{};
    bool operator==(const Change&) const = default;
  };
  std::vector<Change> changes;
  bool operator==(const Set&) const = default;
};

/// The counters of this link and those after it, as many as fit into one message.
struct AskCounters {
  std::uint32_t first = 0;
  bool operator==(const AskCounters&) const = default;
};

struct Counters {
  static constexpr std::size_t kMax = 32;  ///< in one message
  std::uint32_t first = 0;
  std::vector<DirectionCounters> directions;  ///< two for each link
  bool operator==(const Counters&) const = default;
};

struct Refused {
  std::string why;
  bool operator==(const Refused&) const = default;
};

std::string encode(const Configure&);
std::string encode(const AddLink&);
std::string encode(const Set&);
std::string encode(const AskCounters&);
std::string encode(const Counters&);
std::string encode(const Refused&);

/// Reads a whole body as `Message`; nothing when it is malformed in any way. What is understood may still be nonsense:
/// check_impairment().
template <typename Message>
std::optional<Message> decode(std::string_view body);

}  // namespace dummynet::wire::control
