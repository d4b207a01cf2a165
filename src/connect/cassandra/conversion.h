// connect/cassandra/conversion.h — from SQL columns to CQL values: which pair of types converts, and the writer of one
// column.
//
// The pairs stand in spec/conversions/sql_to_cql.toml; nothing else decides what fits.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "cql/protocol/type.h"
#include "data/column.h"
#include "data/type.h"

namespace streamops::connect {

enum class Conversion : std::uint8_t {
  as_is,
  parse,
  integer,
  floating,
  varint,
  decimal,
  to_text,
  millis,
  day,
  days,
  midnight,
  duration,
  elements,
  members
};

struct ConversionRow {
  data::TypeId sql;
  cql::TypeId cql;
  Conversion conversion;
};
/// A pair that is refused with advice.
struct RefusalRow {
  data::TypeId sql;
  cql::TypeId cql;
  const char* advice;
};
std::span<const ConversionRow> conversion_table();
std::span<const RefusalRow> refusal_table();

/// Writes the values of one column, decided once: type pair and, for nested types, the writers of their parts.
class ColumnWriter {
 public:
  /// Errors: SO-X103 (no conversion; the message names `column` and both types, the hint says what to write instead).
  static Result<ColumnWriter> make(const std::string& column, const data::Type& from, const cql::CqlTypePtr& to);

  /// Appends the [value] of a row that is not null: its length and its bytes. On failure `problem` says why in a few
  /// words, and `out` may hold a part of the value. Hot path: once per value; allocates nothing but for rare text
  /// forms.
  bool write(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const;

  const cql::CqlTypePtr& type() const { return to_; }

 private:
  ColumnWriter(Conversion conversion, const data::Type& from, cql::CqlTypePtr to);

  bool write_body(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const;
  bool write_integer(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const;
  bool write_text_value(std::string_view text, Bytes& out, std::string& problem) const;
  bool write_elements(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const;
  bool write_members(const data::Column& from, std::size_t row, Bytes& out, std::string& problem) const;

  Conversion conversion_;
  data::TypeId from_;
  int scale_ = 0;  // of a decimal
  cql::CqlTypePtr to_;
  std::vector<ColumnWriter> children_;
  std::vector<int> member_of_;  // members: the source's member for each of the target's, or -1
};

}  // namespace streamops::connect
