#pragma once

#include <cstddef>

namespace dummynet::net {

/// Room for what a node has sent over a cut link until it is read; see Network::open_cut(). The kernel counts its own
/// overhead too: some 2 KiB for a full frame, 70 KiB for one of 64 KiB. It is memory only while frames wait there.
struct CutRoom {
  int socket_bytes = 32 << 20;           ///< SO_RCVBUF of each socket as it is asked for, socket(7)
  std::size_t wanted_bytes = 8U << 20U;  ///< of all sockets of an end; less than this makes more sockets
  std::size_t max_sockets = 1;           ///< at each end, at most 256
};

}  // namespace dummynet::net
