// format/avro/avro_reader.h — Avro values, each with the id of its writer's schema, straight into columns.
//
//   writer's schema + what is wanted  --once a schema id-->  program (impl/program.h)  --once a record-->  one row
//
// What is wanted is said in one of two ways:
//   by columns alone (the file's `schema:`)   fields are found by name; a column that the writer does not have is null;
//                                             numbers widen as in Avro, and INT fits TINYINT and SMALLINT when in range
//   by an Avro schema, with its columns       the specification's resolution: aliases, defaults, promotions, unions,
//                                             enum defaults; a field without default that the writer lacks makes all
//                                             records of that writer poison
// Poison: SO-F010, SO-F011 (header), SO-F012 (bytes that do not follow the schema), SO-F013 (a schema that cannot be
// read as wanted), and what `writers` says about an id.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "format/record_reader.h"
#include "schema/avro.h"

namespace streamops::format {

/// The schema of an id, at once. An error makes the records of that id poison.
using WriterSchemas = std::function<Result<schema::AvroSchemaPtr>(std::int32_t id)>;

struct AvroWanted {
  data::SchemaPtr columns;
  schema::AvroSchemaPtr schema;  // nullptr: by columns alone; else `columns` are avro_columns(*schema)
};

class AvroReader final : public RecordReader {
 public:
  /// `needed` has one entry a column; empty means all. What is not needed is stepped over.
  AvroReader(AvroWanted wanted, const std::vector<bool>& needed, WriterSchemas writers);
  ~AvroReader() override;

  Decoded decode(std::span<const data::Record> records) override;
  using RecordReader::decode;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Whether values of `writer` can be read as wanted. Errors: SO-F013.
Result<void> check_readable(const AvroWanted& wanted, const schema::AvroSchema& writer);

}  // namespace streamops::format
