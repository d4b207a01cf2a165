// import/frame.h — steps of a DataFrame put together: after each, every column is known as an expression over the
// record that was read.
//
//   df.select(from_json(col("value").cast("string"), schema).alias("d")).select("d.*").withColumn("n",
//   upper(col("name")))
//     ->  columns: id = record.id, name = record.name, n = upper(record.name)
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/type.h"
#include "import/facts.h"

namespace streamops::importer {

/// The columns that a Kafka source gives.
void add_kafka_columns(Frame& frame);

/// `value` with the frame's columns put in for their names. May give the frame its schema (from_json).
ValuePtr resolve(Frame& frame, const ValuePtr& value);

/// A text of SQL ("upper(name)", "data.id"), as resolve() gives it.
ValuePtr resolve_sql(Frame& frame, const std::string& sql);

/// select(): each of `items` may be a name, "*", "data.*", a column, an explode().
void select_columns(Frame& frame, const std::vector<ValuePtr>& items);
/// selectExpr()
void select_texts(Frame& frame, const std::vector<ValuePtr>& items);
void set_column(Frame& frame, const std::string& name, const ValuePtr& value);

/// The type of a path by the frame's schema, or null.
data::TypePtr type_of(const Frame& frame, const Value& path);

}  // namespace streamops::importer
