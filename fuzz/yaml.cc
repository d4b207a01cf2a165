// modules: pipeline
// Any bytes as a pipeline file: a tree within its limits or an error with a place, and places that lie in the text.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "pipeline/file.h"

using namespace streamops;
using namespace streamops::pipeline;

namespace {

void walk(const yaml::Document& document, const yaml::Node& node) {
  if (document.place(node).line == 0) std::abort();
  if (node.kind == yaml::Kind::scalar && document.place_in(node, node.text.size() / 2).line == 0) std::abort();
  for (const yaml::Node& item : node.items) walk(document, item);
  for (const yaml::Member& member : node.members) walk(document, member.value);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto document =
      yaml::Document::parse(text, "fuzz.yaml", {.max_bytes = 4096, .max_depth = 32, .max_nodes = 500});
  if (document) walk(**document, (*document)->root());
  if (!document) return 0;
  const Surroundings nothing{[](const std::string&) { return std::optional<std::string>(); },
                             [](const std::string&) { return Result<std::string>(std::string("secret")); }};
  for (const Error& error : read_pipeline_file(text, "fuzz.yaml", "embedded", nothing).errors) {
    if (error.to_report().empty()) std::abort();
  }
  return 0;
}
