// connect/kafka/value_format.h — how a Kafka sink writes values: found out once, when the sink opens.
//
// JSON is there at once; for Avro the registry is asked first, so that a schema that it refuses stops the sink before
// the first record. Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "data/type.h"
#include "format/record_reader.h"
#include "registry/client/client.h"
#include "runtime/loop.h"

namespace streamops::connect {

class ValueFormat {
 public:
  virtual ~ValueFormat() = default;
  /// Calls `done` once, later, with what writes rows of these columns. A registry that is away is waited for.
  virtual void open(const data::SchemaPtr& columns, std::function<void(Result<format::RecordWriterPtr>)> done) = 0;
  virtual std::optional<Error> trouble() const { return std::nullopt; }
};

/// Objects as Spark's to_json writes them.
std::unique_ptr<ValueFormat> make_json_values(runtime::Loop& loop);

struct AvroValues {
  std::string topic;
  std::string record;  // full name of the record that rows become
  registry::SubjectNaming naming = registry::SubjectNaming::topic;
  bool auto_register = true;  // false: the subject's newest schema is written, and must fit the columns
};

/// Avro behind the id of a registered schema. `registry` outlives the sink. Errors of open(): SO-F015, and those of
/// registry::Client.
std::unique_ptr<ValueFormat> make_avro_values(AvroValues values, registry::Client& registry, runtime::Loop& loop);

}  // namespace streamops::connect
