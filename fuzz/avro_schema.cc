// modules: format
// Any bytes as an Avro schema: what is taken has a canonical form and an identity that read back as the same schema,
// reads its own data, and has columns or a reason why not.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "format/avro/sql_types.h"
#include "schema/compatibility.h"

using namespace streamops;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(input), size);
  const Result<schema::AvroSchemaPtr> schema = schema::AvroSchema::parse(text);
  if (!schema) return 0;
  const Result<schema::AvroSchemaPtr> again = schema::AvroSchema::parse((*schema)->identity());
  if (!again || (*again)->identity() != (*schema)->identity()) std::abort();
  if ((*again)->canonical() != (*schema)->canonical()) std::abort();
  if (!incompatibilities(**schema, **again).empty()) std::abort();
  const Result<data::SchemaPtr> columns = format::avro_columns(**schema);
  if (!columns) return 0;
  for (const data::Field& field : (*columns)->fields()) {
    if (field.type->to_sql().empty()) std::abort();
  }
  return 0;
}
