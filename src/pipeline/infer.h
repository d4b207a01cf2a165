// pipeline/infer.h — a schema from samples: what `check --infer` writes.
//
//   {"id": 1, "tags": []}, {"id": 2.5, "tags": ["a"]}  ->  id DOUBLE, tags ARRAY<STRING>
//
// Types are Spark's: whole numbers BIGINT (DECIMAL beyond 64 bits), others DOUBLE, objects STRUCT, arrays ARRAY. Where
// samples differ: null gives way to anything, BIGINT to DOUBLE, structures merge their members, everything else becomes
// STRING. What is null in every sample is STRING. Columns and members keep the order in which they appear first.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "data/type.h"

namespace streamops::pipeline {

/// The schema of the objects in `samples`, each one JSON text; samples that are no objects are passed over.
/// Errors: SO-P045 (none is an object).
Result<data::SchemaPtr> infer_schema(std::span<const std::string> samples);

/// The schema as text for a pipeline file, one column a line: "id STRING,\nresults ARRAY<STRUCT<...>>".
std::string to_schema_text(const data::Schema& schema);

}  // namespace streamops::pipeline
