// format/json_writer.h — rows of a batch as JSON text, as Spark's to_json writes them.
//
//   {"id":"7","n":1.5,"at":"2024-01-02T03:04:05.600Z","tags":["a",null]}
//
// Null members of rows and structures are left out; null elements and map values are written as null. Numbers are
// Spark's (1.0E10, 1.5; NaN as a text), timestamps have milliseconds and a Z, dates are ISO, binary is base64.
// Everything is appended to the caller's buffer. Hot path: once per value, no allocation but the buffer's growth.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "data/batch.h"
#include "format/record_reader.h"

namespace streamops::format {

/// Writes rows of one schema.
class JsonRowWriter {
 public:
  explicit JsonRowWriter(const data::Schema& schema);

  /// Appends row `row` as one object. Columns of the batch that are null pointers count as null.
  void append(const data::Batch& batch, std::size_t row, std::string& out) const;

 private:
  struct Name {
    std::string text;    // ,"name": escaped once
    char head[32] = {};  // its first bytes, to be copied at once
  };
  std::vector<Name> names_;
  std::size_t names_size_ = 0;  // with room for the quotes of every value
};

/// Writes rows of one schema through the port of all formats.
class JsonWriterOfRows final : public RecordWriter {
 public:
  explicit JsonWriterOfRows(const data::Schema& schema) : rows_(schema) {}
  std::optional<Error> append(const data::Batch& batch, std::size_t row, std::string& out) override {
    rows_.append(batch, row, out);
    return std::nullopt;
  }

 private:
  JsonRowWriter rows_;
};

/// Appends one value of a column; `null` when it is null. This is to_json for structures, arrays and maps.
void append_json(const data::Column& column, std::size_t row, std::string& out);

}  // namespace streamops::format
