// schema/avro.h — Avro schemas (specification 1.12): from their JSON text to a graph of types, and back.
//
//   {"type":"record","name":"User","fields":[{"name":"id","type":"string"},...]}   ->   AvroSchema -> AvroType
//
// A type that is named (record, enum, fixed) is one node however often it is referred to, so a recursive schema is a
// graph with circles; walks over it must count their depth. Logical types that do not fit their type, or that nobody
// knows, are passed over, as the specification asks.
// Threads: a schema is immutable.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schema/json.h"

namespace streamops::schema {

enum class AvroKind : std::uint8_t {
  null,
  boolean,
  integer,       // "int", 32 bits
  long_integer,  // "long", 64 bits
  single,        // "float"
  real,          // "double"
  bytes,
  string,
  record,
  enumeration,  // "enum"
  array,        // branches[0] is the element
  map,          // branches[0] is the value
  choice,       // a union of branches
  fixed
};
/// As a schema writes it: "long", "enum", "union".
std::string_view to_string(AvroKind kind);

enum class AvroLogical : std::uint8_t {
  none,
  decimal,
  date,
  time_millis,
  time_micros,
  timestamp_millis,
  timestamp_micros,
  local_timestamp_millis,
  local_timestamp_micros,
  uuid,
  duration
};

struct AvroType;

struct AvroField {
  std::string name;
  std::vector<std::string> aliases;
  const AvroType* type = nullptr;
  std::optional<Json> fallback;  // "default"; it fits the type
  std::string doc;
};

struct AvroType {
  AvroKind kind = AvroKind::null;
  AvroLogical logical = AvroLogical::none;
  int precision = 0;  // of a decimal
  int scale = 0;
  std::uint32_t size = 0;            // of a fixed, bytes
  std::string name;                  // of a named type, in full: "shop.User"
  std::vector<std::string> aliases;  // in full
  std::string doc;
  std::vector<AvroField> fields;
  std::vector<std::string> symbols;
  std::optional<std::string> fallback_symbol;  // what a reader takes for a symbol that it does not know
  std::vector<const AvroType*> branches;

  bool is_named() const { return kind == AvroKind::record || kind == AvroKind::enumeration || kind == AvroKind::fixed; }
  /// The name without its namespace.
  std::string_view short_name() const;
  /// The index of a field by its name, or -1.
  int field_index(std::string_view field) const;
  /// The index of a symbol, or -1.
  int symbol_index(std::string_view symbol) const;
};

class AvroSchema;
using AvroSchemaPtr = std::shared_ptr<const AvroSchema>;

class AvroSchema {
 public:
  /// Reads and checks a schema. At most 1 MiB, 100 levels deep. Errors: SO-G001 (no JSON), SO-G002 (no Avro schema;
  /// the message names the place in it, as "fields[2].type").
  static Result<AvroSchemaPtr> parse(std::string_view text);

  const AvroType& root() const { return *root_; }
  /// The text that was parsed, without blanks.
  const std::string& text() const { return text_; }
  /// Parsing Canonical Form: equal for schemas that read and write the same bytes.
  std::string canonical() const;
  /// Everything that means something (aliases, defaults, logical types and docs too) in one order: equal texts are the
  /// same schema for a registry.
  std::string identity() const;

 private:
  friend class AvroParser;
  AvroSchema() = default;
  std::deque<AvroType> types_;  // nodes do not move
  const AvroType* root_ = nullptr;
  std::string text_;
};

/// True when `name` may name a field, a symbol or a part of a full name: [A-Za-z_][A-Za-z0-9_]*.
bool is_avro_name(std::string_view name);

/// True when data written as `writer` may be read as `reader`, both primitive (specification §Schema Resolution):
/// the same, int to long, float or double, long to float or double, float to double, string and bytes either way.
bool promotes(AvroKind writer, AvroKind reader);
/// True when the two named types may be the same: equal short names, or an alias of the reader names the writer.
bool same_name(const AvroType& writer, const AvroType& reader);
/// The writer's field that fills `field` of the reader: of the same name, or named by one of its aliases; or -1.
int writer_field(const AvroType& writer, const AvroField& field);

}  // namespace streamops::schema
