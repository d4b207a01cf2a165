// pipeline/id_of_run.h — a run of a task in the place of a topic's id, so that two runs never give equal uuid()s.
#pragma once

#include <string_view>

#include "base/uuid.h"

namespace streamops::pipeline {

inline Uuid id_of_run(std::string_view run) {
  std::uint64_t words[2] = {14695981039346656037ULL, 1099511628211ULL};
  for (std::uint64_t& word : words) {
    for (char c : run) word = (word ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  }
  return make_uuid(words[0], words[1], 5);
}

}  // namespace streamops::pipeline
