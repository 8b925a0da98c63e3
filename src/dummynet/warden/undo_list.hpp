#pragma once

#include <vector>

#include "dummynet/os/fd.hpp"
#include "dummynet/warden/protocol.hpp"

namespace dummynet::warden {

/// What the guardian has still to undo when everything else has ended. Nothing in it throws: nobody is left who could
/// be told.
class UndoList {
 public:
  /// Takes keep_undo and forget_undo messages until the other end is gone.
  void listen(const os::Fd& warden);
  /// The last first.
  void run() noexcept;

 private:
  std::vector<Undo> undos_;
};

}  // namespace dummynet::warden
