#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace streamops {

void check_failed(const char* file, int line, const char* condition, std::string_view message) {
  std::fprintf(stderr,
               "streamops: internal error at %s:%d: %.*s\n  the check was: %s\n"
               "  This is a bug of StreamOps. Please report it with this text and what you did.\n",
               file, line, static_cast<int>(message.size()), message.data(), condition);
  std::abort();
}

}  // namespace streamops
