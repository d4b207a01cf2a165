// format/avro/sql_types.h — which SQL type an Avro type is, and which Avro schema rows have: Spark's own mapping, as
// spec/conversions/avro_to_sql.toml lists it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "data/type.h"
#include "schema/avro.h"

namespace streamops::format {

/// The columns of a record schema. Errors: SO-F014 (no record; a duration, a recursive type, a decimal of more than 38
/// digits; the message names the field).
Result<data::SchemaPtr> avro_columns(const schema::AvroSchema& schema);

/// The schema that rows of `columns` are written with: a record `record_name` ("shop.User"). What may be null is a
/// union of null and the type with null as its default, so that a column may come later or go. Errors: SO-F015 (a
/// column whose name or type Avro does not have).
Result<schema::AvroSchemaPtr> avro_schema_of(const data::Schema& columns, std::string_view record_name);

/// The branches of a union that are not null.
std::vector<const schema::AvroType*> value_branches(const schema::AvroType& choice);
/// True when Spark makes a structure of the union: member0, member1, ... for the branches that are not null.
bool is_member_union(const schema::AvroType& choice);

}  // namespace streamops::format
