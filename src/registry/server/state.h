// registry/server/state.h — what a schema registry knows, as pure data: schemas by id, versions by subject, levels.
//
// It changes only by events, which are also what the journal holds, so replaying the journal gives the same state:
//
//   {"kind":"add","subject":"users-value","version":1,"id":1,"type":"AVRO","schema":"..."}
//   {"kind":"delete","subject":"users-value","version":1,"permanent":false}
//   {"kind":"level","subject":"","level":"FULL"}      an empty subject is the whole registry, an empty level takes it
//   back
//   {"kind":"mode","subject":"","mode":"READONLY"}
//   {"kind":"next","id":7}                            ids below 7 were given once, and are never given again
//
// Invariants: an id means the same text for ever; versions of a subject only grow; a deleted version keeps its place
// until it is deleted permanently.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/avro.h"
#include "schema/compatibility.h"

namespace streamops::registry {

/// A schema as it came, with what is needed to tell it from others.
struct Schema {
  std::int32_t id = 0;
  std::string type;  // "AVRO", "JSON", "PROTOBUF"
  std::string text;
  std::string identity;        // equal for equal schemas
  schema::AvroSchemaPtr avro;  // nullptr for the other types
};

struct SchemaVersion {
  int version = 0;
  std::int32_t id = 0;
  bool deleted = false;
};

struct Subject {
  std::vector<SchemaVersion> versions;  // ascending
  std::optional<schema::Compatibility> level;
  std::string mode;  // empty: the registry's

  /// The version of that number, also a deleted one; nullptr when there is none.
  const SchemaVersion* find(int version) const;
  /// The newest that is not deleted, or nullptr.
  const SchemaVersion* latest() const;
};

/// Reads a schema of any type. Errors: SO-G001, SO-G002.
Result<Schema> read_schema(std::string_view type, std::string_view text);

class State {
 public:
  explicit State(schema::Compatibility level) : default_level_(level), level_(level) {}

  const std::map<std::string, Subject>& subjects() const { return subjects_; }
  /// nullptr when it has never had a version, or all are gone for good.
  const Subject* subject(const std::string& name) const;
  const std::map<std::int32_t, Schema>& schemas() const { return schemas_; }
  /// nullptr when the id is unknown.
  const Schema* schema(std::int32_t id) const;
  /// The schema with this identity, or nullptr.
  const Schema* same(const Schema& candidate) const;
  std::int32_t next_id() const { return next_id_; }

  schema::Compatibility level() const { return level_; }
  schema::Compatibility level_of(const std::string& subject) const;
  const std::string& mode() const { return mode_; }
  const std::string& mode_of(const std::string& subject) const;

  /// Events, as text.
  static std::string add_event(const std::string& subject, int version, const Schema& schema);
  static std::string delete_event(const std::string& subject, int version, bool permanent);
  static std::string level_event(const std::string& subject, std::string_view level);
  static std::string mode_event(const std::string& subject, std::string_view mode);

  /// Errors: SO-G120.
  Result<void> apply(std::string_view event);
  /// The events that make this state out of an empty one.
  void replay(const std::function<void(std::string_view event)>& emit) const;

 private:
  Result<void> add(const schema::Json& event);
  void remove(const schema::Json& event);
  void forget_unused(std::int32_t id);

  schema::Compatibility default_level_;
  schema::Compatibility level_;
  std::string mode_ = "READWRITE";
  std::int32_t next_id_ = 1;
  std::map<std::string, Subject> subjects_;
  std::map<std::int32_t, Schema> schemas_;
  std::map<std::string, std::int32_t> by_identity_;
};

}  // namespace streamops::registry
