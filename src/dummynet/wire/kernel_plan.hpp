#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dummynet/net/qdisc.hpp"
#include "dummynet/wire/impairment.hpp"

namespace dummynet::wire {

/// What to ask the kernel for, to do this to what an interface sends: each on the one before it, none for an impairment
/// that does nothing. Pure. The impairment has passed check_impairment() and check_kernel_backend().
///
///     loss, duplicate, corrupt, delay, jitter, reorder (netem) → a queue of so many packets, rate (netem)
///     loss, duplicate, corrupt, delay, jitter, reorder (netem) → any other queue, rate (tbf)
///
/// The delay comes first, since a netem counts what is on its way behind it among those that wait in it.
/// Before either comes a tbf that cuts up frames of many segments, so that each wire packet is decided by itself. What
/// is not asked for is left out. Without netem a rate with any queue is still possible. `seed`: this direction's.
/// `mtu_bytes`: of the interface.
std::vector<net::Qdisc> plan_kernel_link(const Impairment& impairment, std::uint64_t seed, std::uint32_t mtu_bytes,
                                         bool has_netem);

/// Whether `before` can become `after` in its place, with what is queued or on its way; else it is made anew.
bool can_change_in_place(const std::vector<net::Qdisc>& before, const std::vector<net::Qdisc>& after);

}  // namespace dummynet::wire
