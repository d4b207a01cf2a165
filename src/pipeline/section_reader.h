// pipeline/section_reader.h — one mapping of the file, read against its section of the schema.
//
//   SectionReader task(reading, file_section("task"), node, "tasks.load");   // reports unknown, missing and misplaced
//   keys spec.retries = static_cast<int>(task.integer("retries"));                // reports a value that is no such
//   number
//
// Mistakes are collected, not returned: a value that cannot be read comes back as the key's default, or empty, and
// reading goes on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "pipeline/file.h"
#include "pipeline/file_schema.h"
#include "pipeline/variables.h"
#include "pipeline/yaml.h"

namespace streamops::pipeline {

/// What all readers of one file share.
struct Reading {
  const yaml::Document& document;
  const Variables* variables =
      nullptr;  // nothing: references stay as they are, and values that hold one are not looked at
  std::vector<Error>& errors;

  void fail(const yaml::Node& node, const ErrorInfo& info, std::string message, std::string label = {});
};

class SectionReader {
 public:
  /// `path` names the place for messages ("tasks.load.source"); empty for the file itself.
  SectionReader(Reading& reading, const SectionSpec& section, const yaml::Node& node, std::string path);

  std::string text(std::string_view key) const;
  /// A text in which the places matter: no references.
  Located located(std::string_view key) const;
  std::optional<Microseconds> duration(std::string_view key) const;
  std::int64_t integer(std::string_view key) const;
  std::int64_t bytes(std::string_view key) const;
  bool boolean(std::string_view key) const;
  std::optional<WallTime> time(std::string_view key) const;
  TextMap map(std::string_view key) const;
  std::vector<Located> list(std::string_view key) const;
  /// Reports a key that is missing although another key makes it necessary.
  void require(std::string_view key) { fail_unless_there(spec(key)); }
  /// The mapping under a key, or nullptr.
  const yaml::Node* section(std::string_view key) const { return usable(key); }
  /// The named mappings under a key; names are checked.
  std::vector<const yaml::Member*> sections(std::string_view key) const;
  /// The one connector of this source or sink, or nullptr after a mistake.
  const yaml::Member* connector() const { return connector_; }

  const yaml::Node& node() const { return node_; }
  const std::string& path() const { return path_; }
  std::string path_of(std::string_view key) const;
  Reading& reading() const { return reading_; }

 private:
  void check_keys();
  std::string_view section_key(std::string_view name) const;
  void fail_unless_there(const KeySpec& key);
  void fail_missing(const KeySpec& key);
  void fail_kind(const yaml::Node& value, const std::string& path, std::string_view expected) const;
  void check_connector();
  void check_kind(const KeySpec& spec, const yaml::Node& value);
  /// The value of a key when it is there and of the right kind.
  const yaml::Node* usable(std::string_view key) const;
  const KeySpec& spec(std::string_view key) const;
  /// The text to read a value from: what the file says, with references put in, or the default; nothing when there is
  /// neither.
  std::optional<std::string> raw(std::string_view key) const;
  void fail_value(std::string_view key, const std::string& expected) const;

  Reading& reading_;
  const SectionSpec& section_;
  const yaml::Node& node_;
  std::string path_;
  const yaml::Member* connector_ = nullptr;
  bool has_unknown_ = false;
  std::vector<std::string_view> meant_;  // keys that an unknown one most likely means
};

/// Letters, digits, `_`, `-` and `.`, beginning with a letter or `_`, at most 200 characters.
bool is_name(std::string_view text);

}  // namespace streamops::pipeline
