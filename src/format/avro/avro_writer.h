// format/avro/avro_writer.h — rows of a batch as Avro binary, behind the header that names their schema.
//
// Columns find their fields by name; a field without a column gets its default. Of a union the first branch that takes
// the column's type is written.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "format/record_reader.h"
#include "schema/avro.h"

namespace streamops::format {

class AvroWriter final : public RecordWriter {
 public:
  /// Errors: SO-F015 (a column has no field, a field neither column nor default, or their types differ).
  static Result<std::unique_ptr<AvroWriter>> make(schema::AvroSchemaPtr schema, std::int32_t schema_id,
                                                  const data::Schema& columns);
  ~AvroWriter() override;

  /// Errors: SO-F016 (null where the schema has none, no symbol of the enum, a number or text out of bounds).
  std::optional<Error> append(const data::Batch& batch, std::size_t row, std::string& out) override;

 private:
  struct State;
  explicit AvroWriter(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace streamops::format
