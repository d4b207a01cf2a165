// format/record_reader.h — what reads and writes the values of records, whatever their form. A source's format is
// chosen once; after that the pipeline sees these two alone, one virtual call a batch (reading) or a record (writing).
//
// Threads: one object, one thread at a time; it keeps its buffers between calls.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "data/batch.h"
#include "data/position.h"

namespace streamops::format {

/// "This column is this text": where it is not, nobody wants the row.
struct TextCondition {
  std::size_t column;
  std::string text;
};

/// A record that cannot be read.
struct Poison {
  std::size_t record;  // index into the Records
  Error error;         // names the field and what was found
};

struct Decoded {
  /// The good records that are wanted, in order; `origin` says which record each row is. Columns that are not needed
  /// are null pointers.
  data::Batch batch;
  std::vector<Poison> poison;
  /// Indices of the records without a value.
  std::vector<std::size_t> deletes;
  /// Good records that nobody wants.
  std::size_t left_out = 0;
};

class RecordReader {
 public:
  virtual ~RecordReader() = default;
  /// Decodes every record. Values must be followed by 64 readable bytes (data/position.h).
  virtual Decoded decode(std::span<const data::Record> records) = 0;
  Decoded decode(const data::Records& records) { return decode(std::span<const data::Record>(records.records)); }
  /// Whether records that the query does not want become rows all the same, because someone else looks at them.
  virtual void keep_unwanted(bool /*keep*/) {}
};
using RecordReaderPtr = std::unique_ptr<RecordReader>;

class RecordWriter {
 public:
  virtual ~RecordWriter() = default;
  /// Appends row `row` to `out`. An Error refuses the row for its own sake; what was appended then means nothing.
  virtual std::optional<Error> append(const data::Batch& batch, std::size_t row, std::string& out) = 0;
};
using RecordWriterPtr = std::unique_ptr<RecordWriter>;

}  // namespace streamops::format
