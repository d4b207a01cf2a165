// doctor/gather/dial.h — looks a name up and knocks at all of its addresses at once.
//
// Exact where a client only says "cannot connect": which address refused, which stayed silent, how long the name
// service took. Blocks its thread, never longer than `until`; a look-up that outlasts it is left to end by itself.
#pragma once

#include <functional>
#include <vector>

#include "doctor/facts.h"
#include "runtime/clock.h"

namespace streamops::doctor {

using Deadline = runtime::MonotonicTime;

/// The machine's clock, `limit` from now, but not behind `last`.
Deadline in(Microseconds limit, Deadline last = Deadline::max());
/// Milliseconds until then, at least 0: what poll(2) takes.
int milliseconds_to(Deadline until);

Dialled dial(const runtime::Endpoint& at, Deadline until);

/// Runs all of them, each on a thread of its own, and waits.
void in_parallel(std::vector<std::function<void()>> work);

}  // namespace streamops::doctor
