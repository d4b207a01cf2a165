// modules: import
// seeds: tests/import
// Any bytes as a script: tokens, a tree, a walk through it, a pipeline; whatever comes out has passed the check.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "base/text.h"
#include "import/import.h"

using namespace streamops;
using namespace streamops::importer;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Project project;
  project.name = "fuzz";
  std::string text(reinterpret_cast<const char*>(data), std::min<std::size_t>(size, 8192));
  // Files of a project are UTF-8 when they come to the reader (import/project.cc).
  if (!is_utf8(text)) text = from_latin1(text);
  project.files.push_back({.path = "script.py", .kind = FileKind::python, .text = std::move(text)});
  const Imported imported = import_files(std::move(project), {});
  if (imported.text.empty() != imported.failure.has_value()) std::abort();
  if (imported.failure && imported.failure->code() == "SO-I009") std::abort();
  if (report_text(imported).empty() || report_json(imported).empty()) std::abort();
  return 0;
}
