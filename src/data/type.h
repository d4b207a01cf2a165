// data/type.h — the types of Spark SQL: what a column can hold, and the text that Spark's DDL writes for it.
//
// A Type is immutable and shared. Scalars are singletons; compare with ==, which goes deep.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace streamops::data {

enum class TypeId : std::uint8_t {
  null,            // the type of the literal NULL ("void")
  boolean,         // bits
  int8,            // TINYINT   (BYTE)
  int16,           // SMALLINT  (SHORT)
  int32,           // INT
  int64,           // BIGINT    (LONG)
  float32,         // FLOAT     (REAL)
  float64,         // DOUBLE
  decimal,         // DECIMAL(precision, scale), 128 bits
  string,          // STRING, UTF-8
  binary,          // BINARY
  date,            // DATE: int32 days since 1970-01-01
  timestamp,       // TIMESTAMP: int64 microseconds since the epoch, an instant
  timestamp_ntz,   // TIMESTAMP_NTZ: int64 microseconds, a wall clock without zone
  interval_day,    // INTERVAL DAY TO SECOND: int64 microseconds
  interval_month,  // INTERVAL YEAR TO MONTH: int32 months
  array,           // ARRAY<element>: children[0]
  map,             // MAP<key, value>: children[0], children[1]
  structure        // STRUCT<name: type, ...>
};

class Type;
using TypePtr = std::shared_ptr<const Type>;

/// A named column of a schema or member of a STRUCT. Names keep their case and compare without it where SQL does.
struct Field {
  std::string name;
  TypePtr type;
  bool nullable = true;

  friend bool operator==(const Field& a, const Field& b);
};

class Type {
 public:
  /// A scalar other than decimal. The same pointer at each call.
  static TypePtr scalar(TypeId id);
  /// precision 1 to 38, scale 0 to precision (checked).
  static TypePtr decimal(int precision, int scale);
  /// `nullable`: whether an element (of a map: a value) may be null; keys never are.
  static TypePtr array(TypePtr element, bool nullable = true);
  static TypePtr map(TypePtr key, TypePtr value, bool nullable = true);
  static TypePtr structure(std::vector<Field> fields);

  TypeId id() const { return id_; }
  int precision() const { return precision_; }
  int scale() const { return scale_; }
  /// array: one field "element"; map: "key", "value"; structure: its members.
  const std::vector<Field>& fields() const { return fields_; }
  const TypePtr& element() const { return fields_[0].type; }

  bool is_integer() const { return id_ >= TypeId::int8 && id_ <= TypeId::int64; }
  bool is_numeric() const { return id_ >= TypeId::int8 && id_ <= TypeId::decimal; }
  bool is_nested() const { return id_ >= TypeId::array; }
  /// Bytes of one value in the values buffer; 0 for boolean (bits), string, binary and nested types.
  int width() const;
  /// As Spark writes it: "BIGINT", "DECIMAL(10,2)", "ARRAY<STRUCT<a: STRING>>".
  std::string to_sql() const;

  friend bool operator==(const Type& a, const Type& b);

 private:
  Type() = default;
  TypeId id_ = TypeId::null;
  std::uint8_t precision_ = 0;
  std::uint8_t scale_ = 0;
  std::vector<Field> fields_;
};

inline bool same_type(const TypePtr& a, const TypePtr& b) {
  return a == b || *a == *b;
}

/// An ordered list of columns.
class Schema {
 public:
  Schema() = default;
  explicit Schema(std::vector<Field> fields) : fields_(std::move(fields)) {}

  const std::vector<Field>& fields() const { return fields_; }
  std::size_t size() const { return fields_.size(); }
  const Field& operator[](std::size_t index) const { return fields_[index]; }
  /// The index of a column by its exact name, or -1.
  int index_of(std::string_view name) const;
  /// "id STRING, n BIGINT": what parse_schema (sql/grammar/ddl.h) reads back.
  std::string to_sql() const;

  friend bool operator==(const Schema& a, const Schema& b) = default;

 private:
  std::vector<Field> fields_;
};
using SchemaPtr = std::shared_ptr<const Schema>;

}  // namespace streamops::data
