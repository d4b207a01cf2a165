#include "pipeline/file_schema.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/check.h"
#include "base/text.h"

namespace streamops::pipeline {

namespace {

std::string type_words(const KeySpec& key) {
  switch (key.type) {
    case KeyType::choice: {
      std::string words;
      for (std::string_view choice : split(key.choices, '|'))
        words += fmt::format("{}`{}`", words.empty() ? "" : ", ", choice);
      return words;
    }
    case KeyType::integer:
      return fmt::format("a whole number, {} to {}", key.minimum, key.maximum);
    case KeyType::section:
      return fmt::format("[{}](#{})", key.of, key.of);
    case KeyType::sections:
      return fmt::format("[{}](#{}) by name", key.of, key.of);
    default:
      return std::string(to_string(key.type));
  }
}

/// A text inside of a table's cell: no line end, no bar.
std::string cell(std::string_view text) {
  std::string out;
  for (char c : text) out += c == '\n' ? std::string(" ") : (c == '|' ? std::string("\\|") : std::string(1, c));
  return out;
}

std::string code(std::string_view text) {
  return text.empty() ? std::string() : fmt::format("`{}`", cell(text));
}

void append_section(std::string& page, const SectionSpec& section) {
  page += fmt::format("\n## {}\n\n{}\n", section.name, section.help);
  if (*section.connector != '\0') {
    std::string names;
    for (const std::string& system : connectors_of(section.connector)) {
      std::string anchor = fmt::format("{}{}", system, section.connector);
      names += fmt::format("{}[`{}`](#{})", names.empty() ? "" : ", ", system, anchor);
    }
    page += fmt::format("\nHolds exactly one connector: {}.\n", names);
  }
  if (section.keys.empty()) return;
  page += "\n| key | value | default | example | meaning |\n| --- | --- | --- | --- | --- |\n";
  for (const KeySpec& key : section.keys) {
    const std::string fallback = key.required ? std::string("required") : code(key.fallback);
    page += fmt::format("| `{}` | {} | {} | {} | {} |\n", key.name, type_words(key), fallback, code(key.example),
                        cell(key.help));
  }
}

constexpr std::string_view preface =
    "# The pipeline file\n\n"
    "<!-- Generated from spec/pipeline/file.toml and the connectors' spec.toml; the test of pipeline/file_schema "
    "renews it with\n"
    "     STREAMOPS_RENEW=1. -->\n\n"
    "A pipeline is one YAML file: plumbing in YAML, every transformation in Spark SQL. `streamops check FILE` reads it "
    "with the code\n"
    "that runs it, and reports every mistake with its line and column. A key that is not on this page is a mistake.\n\n"
    "References stand in any value but names, SQL, schemas and CQL:\n\n"
    "| written | becomes |\n| --- | --- |\n"
    "| `${env:NAME}` | the environment's variable; where it is not set, the profile's variable of that name |\n"
    "| `${file:path}` | the content of a file, without its last line end; a relative path counts from the pipeline "
    "file |\n"
    "| `${name}` | a variable of the profile or, failing that, of the file |\n"
    "| `$${` | `${` |\n\n"
    "A reference without a value is a mistake, never an empty text.\n\n"
    "Profiles: `embedded` (the default: everything in the process, `USERS_API` is the built-in look-alike), `live` (as "
    "embedded, with\n"
    "the real API), `real` (Kafka at `localhost:9092`, Cassandra at `localhost:9042`, the real API, no scheduler of "
    "ours). A profile\n"
    "under `profiles` with one of these names changes just what it names.\n";

}  // namespace

std::string_view to_string(KeyType type) {
  switch (type) {
    case KeyType::text:
      return "a text";
    case KeyType::name:
      return "a name";
    case KeyType::duration:
      return "a duration";
    case KeyType::integer:
      return "a whole number";
    case KeyType::boolean:
      return "true or false";
    case KeyType::bytes:
      return "a size in bytes";
    case KeyType::choice:
      return "one of a list";
    case KeyType::time:
      return "a time";
    case KeyType::map:
      return "texts by name";
    case KeyType::list:
      return "a list of texts";
    case KeyType::lines:
      return "lines of text";
    case KeyType::sql:
      return "Spark SQL";
    case KeyType::ddl:
      return "Spark DDL";
    case KeyType::cql:
      return "CQL";
    case KeyType::section:
      return "a mapping";
    case KeyType::sections:
      return "mappings by name";
  }
  return "a text";
}

const KeySpec* SectionSpec::find(std::string_view key) const {
  const auto found = std::find_if(keys.begin(), keys.end(), [&](const KeySpec& spec) { return key == spec.name; });
  return found == keys.end() ? nullptr : &*found;
}

const SectionSpec& file_section(std::string_view name) {
  for (const SectionSpec& section : file_sections()) {
    if (name == section.name) return section;
  }
  check_failed(__FILE__, __LINE__, "section exists", "a section of the pipeline file is not in its schema");
}

std::vector<std::string> connectors_of(std::string_view role) {
  std::vector<std::string> systems;
  for (const SectionSpec& section : file_sections()) {
    const std::string_view name(section.name);
    const std::size_t dot = name.find('.');
    if (dot != std::string_view::npos && name.substr(dot + 1) == role) systems.emplace_back(name.substr(0, dot));
  }
  std::sort(systems.begin(), systems.end());
  return systems;
}

std::string pipeline_file_reference() {
  std::string page(preface);
  for (const SectionSpec& section : file_sections()) append_section(page, section);
  return page;
}

}  // namespace streamops::pipeline
