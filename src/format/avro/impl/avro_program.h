// format/avro/impl/avro_program.h — what to do with the bytes of one writer's schema, as a flat list of steps.
//
//   writer {id: string, tags: array<int>, x: long}, wanted (id STRING, tags ARRAY<INT>, y INT)
//
//     0 text       -> id
//     1 list       -> tags, body [2, 3)
//     2   integer  -> tags.element
//     3 skip_varint                       x is not wanted
//     4 constant   -> y                   null, or the default of the reader's field
//
// Steps run from front to back; a list's body runs once an item, a union jumps into one of its branches, each of which
// jumps behind the last. So a record costs one switch a field and no call. Recursion only follows the nesting of lists.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "data/column.h"
#include "format/avro/avro_reader.h"

namespace streamops::format {

enum class AvroOp : std::uint8_t {
  skip_boolean,
  skip_varint,
  skip_bytes,  // length and bytes
  skip_fixed,  // `number` bytes
  skip_type,   // `type`, whatever it holds
  boolean,
  integer,   // a varint of 32 bits
  integer8,  // ... that must fit
  integer16,
  long_integer,   // a varint of 64 bits
  scaled,         // ... times `number`
  long_to_real,   // a varint into FLOAT or DOUBLE
  single,         // 4 bytes into FLOAT or DOUBLE
  real,           // 8 bytes
  text,           // length and bytes, checked to be UTF-8
  bytes,          // length and bytes
  fixed,          // `number` bytes
  decimal,        // length and bytes, big-endian; `number` is the wanted scale less the written one
  fixed_decimal,  // `size` bytes; `number` as above
  symbol,         // a varint into symbols[number]
  constant,       // constants[number], no bytes
  null,           // null, no bytes
  close,          // ends a structure
  list,           // an array or map: body up to `jump`; `number` 1 when it has keys
  choice,         // a varint into choices[number]
  jump,           // to `jump`
  refuse          // refusals[number]
};

struct AvroStep {
  AvroOp op;
  bool weightless = false;  // list: an item may take no bytes
  std::int32_t number = 0;
  std::uint32_t size = 0;
  std::uint32_t jump = 0;
  data::ColumnBuilder* out = nullptr;
  const schema::AvroType* type = nullptr;
};

struct AvroProgram {
  schema::AvroSchemaPtr writer;  // owns the types that steps point to
  std::vector<AvroStep> steps;
  std::vector<std::vector<std::uint32_t>> choices;               // first step of each branch
  std::vector<std::vector<std::optional<std::string>>> symbols;  // nothing: the reader does not know it
  std::vector<data::ColumnPtr> constants;                        // one value each
  std::vector<std::string> refusals;
};

/// `outs` has a builder, or null, a column; they outlive the program. Errors: SO-F013.
Result<AvroProgram> compile_avro(const AvroWanted& wanted, const std::vector<data::ColumnBuilder*>& outs,
                                 schema::AvroSchemaPtr writer);

/// Runs a program over one value.
class AvroRun {
 public:
  /// `budget`: bytes that constants and symbols may still add to the columns; falls as they do.
  AvroRun(const AvroProgram& program, std::string_view value, std::size_t& budget);

  /// True when one value was appended to each builder and every byte is used; else fault() says what is wrong, and the
  /// builders hold a part of a row. 16 bytes after the value must be readable.
  bool run();
  std::string fault() const;

 private:
  bool run(std::size_t step, std::size_t end);
  bool list(const AvroStep& step, std::size_t body);
  bool skip(const schema::AvroType& type, int depth);
  bool skip_items(const schema::AvroType& element, bool keys, int depth);
  bool decimal(const AvroStep& step, std::string_view bytes);
  bool fail(const char* what);
  bool varint(std::int64_t& value);
  bool take(std::size_t length, std::string_view& bytes);
  bool counted(std::string_view& bytes);
  bool block(std::int64_t& items, bool weightless);
  bool spend(std::size_t bytes);

  const AvroProgram& program_;
  const char* begin_;
  const char* at_;
  const char* end_;
  std::size_t& budget_;
  std::int64_t weightless_items_ = 0;
  const char* what_ = "";
  std::int32_t refusal_ = -1;
};

/// Ends a row that was begun, so that each builder has `rows` values: what it holds means nothing.
void close_row(data::ColumnBuilder& builder, std::size_t rows);

/// Appends the value that a schema's JSON stands for (a default). False when it does not fit the column.
bool append_default(const schema::AvroType& type, const schema::Json& value, data::ColumnBuilder& out);

/// The bytes of a text in which each code point is a byte (defaults of bytes and fixed). False beyond U+00FF.
bool bytes_of_default(std::string_view text, std::string& out);
/// A big-endian number in two's complement; nothing beyond 128 bits.
std::optional<data::Int128> big_endian_number(std::string_view bytes);

}  // namespace streamops::format
