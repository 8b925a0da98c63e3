#pragma once

#include <vector>

#include "dummynet/os/fd.hpp"

namespace dummynet::os {

/// Closes all of them at the same time. The end of a packet socket waits until no processor has a packet for it in its
/// hands, some 10 ms each: a thousand would take ten seconds one after the other.
void close_together(std::vector<Fd> all) noexcept;

}  // namespace dummynet::os
