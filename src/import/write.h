// import/write.h — a draft as the text of a pipeline file, for people to read and to go on with.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "import/draft.h"

namespace streamops::importer {

struct WrittenStep {
  std::string name;
  bool is_task = false;
  std::uint32_t first_line = 0;  // from 1
  std::uint32_t last_line = 0;
};

struct WrittenFile {
  std::string text;
  std::vector<WrittenStep> steps;
};

/// `project` is the name that the head mentions, `file` the one in its commands.
WrittenFile write_file(const PipelineDraft& draft, const std::string& project, const std::string& file);

/// Names of ${env:…} in a file's text that no profile brings, sorted.
std::vector<std::string> variables_to_set(const std::string& text);

}  // namespace streamops::importer
