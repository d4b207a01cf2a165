// schema/json.h — JSON text as a tree, for what is small and read once: schemas, and what registries say and are told.
//
// Invariants: an object keeps its members in the order of the text; a name may stand twice, and find() gives the first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json_writer.h"
#include "base/result.h"

namespace streamops::schema {

struct Json {
  enum class Kind : std::uint8_t { null, boolean, integer, real, text, array, object };

  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  double real = 0;   // of an integer too
  std::string text;  // UTF-8, escapes resolved
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;

  // Defined where Json is complete: clang asks for it there.
  Json();
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  bool is(Kind what) const { return kind == what; }
  bool is_number() const { return kind == Kind::integer || kind == Kind::real; }
  /// The member of that name, or nullptr (also where this is no object).
  const Json* find(std::string_view name) const;
  /// The text of that member; empty where there is none or it is no text.
  std::string_view text_of(std::string_view name) const;
  /// The whole number of that member; `fallback` where there is none.
  std::int64_t integer_of(std::string_view name, std::int64_t fallback) const;
};

struct JsonBounds {
  std::size_t max_bytes = 1024 * 1024;
  int max_depth = 128;  // of arrays and objects inside each other
};

/// Reads one JSON value and nothing after it (RFC 8259). Errors: SO-G001.
Result<Json> parse_json(std::string_view text, const JsonBounds& bounds = {});

/// Writes the value without blanks, members in their order.
void write_json(const Json& value, JsonWriter& out);

}  // namespace streamops::schema
