// base/check.h — invariants of ours. A failed check is our bug, never the user's mistake (that is a Result).
#pragma once

#include <string_view>

namespace streamops {

/// Prints where and why to stderr, asks for a report and aborts. The only place that calls abort().
[[noreturn]] void check_failed(const char* file, int line, const char* condition, std::string_view message);

}  // namespace streamops

/// STREAMOPS_CHECK(condition, "what must hold"): stops the process when `condition` is false.
#define STREAMOPS_CHECK(condition, message)                               \
  do {                                                                    \
    if (!(condition)) [[unlikely]]                                        \
      ::streamops::check_failed(__FILE__, __LINE__, #condition, message); \
  } while (false)
