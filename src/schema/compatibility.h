// schema/compatibility.h — may one Avro schema read what another wrote, and may a subject take a new version?
//
//   BACKWARD   the new schema reads data of the last one        *_TRANSITIVE   ... of all versions
//   FORWARD    the last one reads data of the new schema        FULL           both ways
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "schema/avro.h"

namespace streamops::schema {

enum class Compatibility : std::uint8_t {
  none,
  backward,
  backward_transitive,
  forward,
  forward_transitive,
  full,
  full_transitive
};
/// "BACKWARD_TRANSITIVE".
std::string_view to_string(Compatibility level);
/// Nothing for an unknown word; case does not matter.
std::optional<Compatibility> parse_compatibility(std::string_view word);

/// Why a reader cannot read what a writer wrote.
struct Incompatibility {
  std::string kind;     // "READER_FIELD_MISSING_DEFAULT_VALUE", the word that registries use
  std::string path;     // where in the reader: "/fields/2/type"
  std::string message;  // for a person: "field `age` is new and has no default"
};

/// Empty when every record of `writer` can be read as `reader`; the first twenty reasons otherwise.
std::vector<Incompatibility> incompatibilities(const AvroSchema& reader, const AvroSchema& writer);

/// What stands against `candidate` as the next version of a subject; `versions` are those that it has, oldest first.
/// Empty: nothing does. Each message tells which schema could not read which.
std::vector<Incompatibility> check_compatibility(Compatibility level, const AvroSchema& candidate,
                                                 std::span<const AvroSchemaPtr> versions);

}  // namespace streamops::schema
