// pipeline/file_schema.h — the one schema of the pipeline file, as a table: reader, reference page and web form use it.
//
// The table is generated from spec/pipeline/file.toml and the connectors' spec.toml; a key is added there and nowhere
// else.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace streamops::pipeline {

enum class KeyType : std::uint8_t {
  text,
  name,      // [A-Za-z_][A-Za-z0-9_.-]*, no ${…}
  duration,  // "1m30s"
  integer,
  boolean,  // true or false
  bytes,    // "64MiB"
  choice,   // one of KeySpec::choices
  time,     // ISO 8601
  map,      // texts by name
  list,     // texts
  lines,    // a block of raw lines
  sql,
  ddl,
  cql,
  section,  // a mapping with the keys of the section KeySpec::of
  sections  // such mappings by name
};

/// "a duration", "a list of texts": what an error says was expected.
std::string_view to_string(KeyType type);

struct KeySpec {
  const char* name;
  KeyType type;
  bool required;
  const char* fallback;  // as a file would write it; empty: none
  const char* choices;   // "a|b"
  const char* of;        // section, sections: the name of the section
  std::int64_t minimum;  // integer
  std::int64_t maximum;
  const char* help;
  const char* example;
};

struct SectionSpec {
  const char* name;  // "task", "kafka.sink"
  const char* help;
  const char* connector;  // "source" or "sink": holds exactly one connector's section beside its keys
  std::span<const KeySpec> keys;

  const KeySpec* find(std::string_view key) const;
};

/// All sections, the file's own first; the root is "file".
std::span<const SectionSpec> file_sections();
/// The section must exist (checked).
const SectionSpec& file_section(std::string_view name);
/// The systems that have a connector of this role ("source", "sink"), sorted.
std::vector<std::string> connectors_of(std::string_view role);

/// The reference page of the file (docs/reference/pipeline-file.md), in Markdown.
std::string pipeline_file_reference();

}  // namespace streamops::pipeline
