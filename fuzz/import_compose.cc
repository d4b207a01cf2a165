// modules: import
// seeds: tests/import
// Any bytes as a compose file beside an empty project: services and traps, or a mistake with its place.
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
  if (!is_utf8(text)) text = from_latin1(text);
  project.files.push_back({.path = "docker-compose.yml", .kind = FileKind::compose, .text = text});
  project.files.push_back({.path = ".env", .kind = FileKind::environment, .text = text});
  project.files.push_back({.path = "schema.cql", .kind = FileKind::cql, .text = text});
  project.files.push_back({.path = "requirements.txt", .kind = FileKind::requirements, .text = text});
  const Imported imported = import_files(std::move(project), {});
  if (!imported.failure || imported.failure->code() != "SO-I002") std::abort();
  for (const Trap& trap : imported.draft.traps) {
    if (trap.where.line == 0 || trap.error.to_report().empty()) std::abort();
  }
  return 0;
}
