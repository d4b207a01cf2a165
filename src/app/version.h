// app/version.h — what this binary calls itself.
#pragma once

#include <string>
#include <string_view>

namespace streamops::app {

inline constexpr std::string_view version = "0.1.0";

/// "streamops 0.1.0".
inline std::string version_line() {
  return "streamops " + std::string(version);
}

}  // namespace streamops::app
