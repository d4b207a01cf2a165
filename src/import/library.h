// import/library.h — what calls into libraries mean: tables from a name to what is noted and given back.
//
//   function   "package:last name"    requests:get, kafka:KafkaProducer, pyspark:col
//   method     "Class.name"           KafkaProducer.send, DataFrame.select; "value.upper" for texts and parts of
//   answers
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import/interpreter.h"

namespace streamops::importer {

/// A call under way.
struct Call {
  Interpreter& interpreter;
  Where where;
  std::string name;  // "requests.get" or the method's name
  ValuePtr self;     // of a method
  std::vector<ValuePtr> arguments;
  std::vector<std::pair<std::string, ValuePtr>> named;

  Facts& facts() const { return interpreter.facts(); }
  /// By keyword or by position (from 0; -1: by keyword only); null when it was not given.
  ValuePtr argument(int position, std::string_view keyword) const;
  /// The text of such an argument, or an empty one.
  std::string text(int position, std::string_view keyword) const;
};

struct Entry {
  std::string_view name;
  ValuePtr (*function)(Call&);
};

std::span<const Entry> python_library();
std::span<const Entry> value_library();  // methods of texts, numbers, lists, paths
std::span<const Entry> service_library();
std::span<const Entry> airflow_library();
std::span<const Entry> spark_library();  // with frame_library()
std::span<const Entry> frame_library();

/// What is known of a name in these tables, or nullptr.
const Entry* find_entry(std::string_view name);

/// Anything of pyspark.sql.functions and pyspark.sql.types that has no entry of its own.
ValuePtr spark_function(Call& call);
ValuePtr spark_type(Call& call);

/// A value as a column of Spark: texts are names of columns.
ValuePtr as_column(const ValuePtr& value);

/// An element of a list or of an answer's list, called `name`.
ValuePtr element_of(const ValuePtr& list, const std::string& name);

/// A property: `self.name` without a call.
ValuePtr property_of(const ValuePtr& self, const std::string& name, const Where& where);

/// What a script does with a text of CQL or SQL: texts as they are, `+` and formats put together.
ValuePtr concatenate(std::vector<ValuePtr> pieces);

}  // namespace streamops::importer
