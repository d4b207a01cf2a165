// PySpark's sessions, readers, DataFrames and writers.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "import/frame.h"
#include "import/library.h"

namespace streamops::importer {

namespace {

ValuePtr session(Call& call) {
  ValuePtr made = call.self ? call.self : object("SparkSession", call.where);
  const ValuePtr name = call.argument(0, "key");
  const ValuePtr value = call.argument(1, "value");
  if (name && value && name->is(ValueKind::text) && name->text.starts_with("spark."))
    call.facts().spark_settings.push_back({name->text, value, call.where});
  return made;
}

// --- readers ---------------------------------------------------------------------------------------------------------

ValuePtr take_option(Call& call) {
  if (call.arguments.size() >= 2) call.self->set("option " + call.arguments[0]->text, call.arguments[1]);
  for (const auto& [name, value] : call.named) call.self->set("option " + name, value);
  return call.self;
}
ValuePtr take_format(Call& call) {
  call.self->set("format", text_value(call.text(0, "source")));
  return call.self;
}
template <const char* const& name>
ValuePtr take(Call& call) {
  if (const ValuePtr value = call.argument(0, name)) call.self->set(name, value);
  return call.self;
}
constexpr const char* schema = "schema";
constexpr const char* output_mode = "outputMode";
constexpr const char* save_mode = "saveMode";
constexpr const char* batch = "func";
constexpr const char* row = "f";

std::map<std::string, ValuePtr> options_of(const Value& value) {
  std::map<std::string, ValuePtr> options;
  for (const auto& [name, option] : value.entries) {
    if (name.starts_with("option ")) options[name.substr(7)] = option;
  }
  return options;
}

ValuePtr make_frame(FramePtr frame, const Where& where) {
  ValuePtr made = object("DataFrame", where);
  made->frame = std::move(frame);
  return made;
}

ValuePtr load(Call& call) {
  auto frame = std::make_shared<Frame>();
  frame->where = call.self->where;
  frame->read_at = call.self->where;
  const ValuePtr format = call.self->find("format");
  const ValuePtr streams = call.self->find("streams");
  frame->format = format ? format->text : call.name;
  frame->streaming = streams && streams->text == "true";
  frame->options = options_of(*call.self);
  if (frame->format == "kafka") {
    add_kafka_columns(*frame);
  } else {
    frame->lost.push_back({fmt::format("it reads {}: a stream here reads a topic", frame->format), call.where});
  }
  return make_frame(std::move(frame), call.where);
}

// --- DataFrames
// --------------------------------------------------------------------------------------------------------

/// The frame after one more step; `change` gets a copy.
template <typename Change>
ValuePtr changed(Call& call, const Change& change) {
  if (!call.self->frame) return unknown("a DataFrame");
  auto frame = std::make_shared<Frame>(*call.self->frame);
  frame->where = call.where;
  change(*frame);
  return make_frame(std::move(frame), call.where);
}

std::vector<ValuePtr> flat(const std::vector<ValuePtr>& arguments) {
  const bool listed = arguments.size() == 1 && arguments[0]->is(ValueKind::list);
  return listed ? arguments[0]->items : arguments;
}

ValuePtr select(Call& call) {
  return changed(call, [&](Frame& frame) { select_columns(frame, flat(call.arguments)); });
}
ValuePtr select_expr(Call& call) {
  return changed(call, [&](Frame& frame) { select_texts(frame, flat(call.arguments)); });
}
ValuePtr filter(Call& call) {
  const ValuePtr condition = call.argument(0, "condition");
  return changed(call, [&](Frame& frame) {
    if (!condition) return;
    frame.filters.push_back(condition->is(ValueKind::text) ? resolve_sql(frame, condition->text)
                                                           : resolve(frame, condition));
  });
}
ValuePtr with_column(Call& call) {
  const ValuePtr value = call.argument(1, "col");
  return changed(call, [&](Frame& frame) {
    if (value) set_column(frame, call.text(0, "colName"), value);
  });
}
ValuePtr rename(Call& call) {
  return changed(call, [&](Frame& frame) {
    for (Frame::Column& column : frame.columns) {
      if (column.name == call.text(0, "existing")) column.name = call.text(1, "new");
    }
  });
}
ValuePtr drop(Call& call) {
  return changed(call, [&](Frame& frame) {
    for (const ValuePtr& each : flat(call.arguments)) {
      const std::string name = each->is_operation("column") ? each->items[0]->text : each->text;
      std::erase_if(frame.columns, [&](const Frame::Column& column) { return column.name == name; });
    }
  });
}
ValuePtr drop_null(Call& call) {
  const ValuePtr subset = call.argument(-1, "subset");
  return changed(call, [&](Frame& frame) {
    if (!subset) frame.lost.push_back({"dropna() over all columns: name the columns in a filter", call.where});
    for (const ValuePtr& each :
         subset ? (subset->is(ValueKind::list) ? subset->items : std::vector{subset}) : std::vector<ValuePtr>())
      frame.filters.push_back(operation("is not null", {resolve(frame, as_column(each))}));
  });
}
/// A step that one SELECT over one topic cannot take.
ValuePtr lost(Call& call) {
  return changed(call, [&](Frame& frame) {
    frame.lost.push_back({call.name + "() has no place in a SELECT over one topic's records", call.where});
  });
}
ValuePtr same(Call& call) {
  return call.self;
}
ValuePtr rows(Call& call) {
  ValuePtr made = object("Rows", call.where);
  made->frame = call.self->frame;
  return made;
}
ValuePtr each_row(Call& call) {
  const ValuePtr function = call.argument(0, "f");
  const ValuePtr all = rows(call);
  if (function)
    call.interpreter.call(function, {call.name == "foreach" ? element_of(all, "row") : all}, {}, call.where);
  return none_value();
}

// --- writers
// -----------------------------------------------------------------------------------------------------------

ValuePtr trigger(Call& call) {
  for (const auto& [name, value] : call.named) call.self->set("trigger", operation(name, {value}));
  return call.self;
}

void note_write(Call& call, std::string format) {
  WriteFact fact;
  fact.where = call.self->where;
  fact.frame = call.self->frame;
  if (!fact.frame) return;
  const ValuePtr given = call.self->find("format");
  fact.format = given ? given->text : std::move(format);
  fact.options = options_of(*call.self);
  if (fact.format.empty()) fact.format = "parquet";
  if (const ValuePtr when = call.self->find("trigger")) fact.trigger = when;
  for (const char* name : {output_mode, save_mode}) {
    if (const ValuePtr mode = call.self->find(name)) fact.output_mode = mode->text;
  }
  call.facts().writes.push_back(std::move(fact));
}

/// start(): with foreachBatch, what the function writes is what the stream writes.
ValuePtr start(Call& call) {
  const ValuePtr function = call.self->find(batch);
  const ValuePtr for_row = call.self->find(row);
  if (function || for_row) {
    const std::size_t writes = call.facts().writes.size();
    std::vector<ValuePtr> arguments;
    if (function) {
      arguments = {make_frame(call.self->frame, call.where), unknown("the batch's number")};
    } else {
      ValuePtr element = object("Row", call.where);
      element->frame = call.self->frame;
      arguments = {element};
    }
    call.interpreter.call(function ? function : for_row, arguments, {}, call.where);
    for (std::size_t i = writes; i < call.facts().writes.size(); ++i) call.facts().writes[i].by_batch = true;
    call.self->set("format", text_value("foreachBatch"));
  }
  note_write(call, "");
  return object("Query", call.where);
}

ValuePtr save(Call& call) {
  note_write(call, "");
  return none_value();
}
ValuePtr save_as(Call& call) {
  note_write(call, call.name);
  return none_value();
}

constexpr std::array<Entry, 82> entries{{
    {"pyspark:appName", session},
    {"pyspark:config", session},
    {"pyspark:master", session},
    {"pyspark:remote", session},
    {"pyspark:getOrCreate", session},
    {"pyspark:SparkConf", session},
    {"SparkSession.appName", session},
    {"SparkSession.config", session},
    {"SparkSession.set", session},
    {"SparkSession.setAppName", session},
    {"SparkSession.setMaster", session},
    {"SparkSession.setLogLevel", session},
    {"SparkSession.master", session},
    {"SparkSession.remote", session},
    {"SparkSession.enableHiveSupport", session},
    {"SparkSession.getOrCreate", session},
    {"Reader.format", take_format},
    {"Reader.option", take_option},
    {"Reader.options", take_option},
    {"Reader.schema", take<schema>},
    {"Reader.load", load},
    {"Reader.json", load},
    {"Reader.csv", load},
    {"Reader.parquet", load},
    {"Reader.table", load},
    {"DataFrame.select", select},
    {"DataFrame.selectExpr", select_expr},
    {"DataFrame.filter", filter},
    {"DataFrame.where", filter},
    {"DataFrame.withColumn", with_column},
    {"DataFrame.withColumnRenamed", rename},
    {"DataFrame.drop", drop},
    {"DataFrame.dropna", drop_null},
    {"DataFrame.groupBy", lost},
    {"DataFrame.groupby", lost},
    {"DataFrame.agg", same},
    {"DataFrame.count", same},
    {"DataFrame.avg", same},
    {"DataFrame.sum", same},
    {"DataFrame.max", same},
    {"DataFrame.min", same},
    {"DataFrame.mean", same},
    {"DataFrame.pivot", lost},
    {"DataFrame.join", lost},
    {"DataFrame.union", lost},
    {"DataFrame.unionByName", lost},
    {"DataFrame.distinct", lost},
    {"DataFrame.dropDuplicates", lost},
    {"DataFrame.dropDuplicatesWithinWatermark", lost},
    {"DataFrame.fillna", lost},
    {"DataFrame.orderBy", lost},
    {"DataFrame.sort", lost},
    {"DataFrame.limit", lost},
    {"DataFrame.withWatermark", same},
    {"DataFrame.repartition", same},
    {"DataFrame.coalesce", same},
    {"DataFrame.cache", same},
    {"DataFrame.persist", same},
    {"DataFrame.unpersist", same},
    {"DataFrame.alias", same},
    {"DataFrame.printSchema", same},
    {"DataFrame.show", same},
    {"DataFrame.collect", rows},
    {"DataFrame.toLocalIterator", rows},
    {"DataFrame.foreach", each_row},
    {"DataFrame.foreachPartition", each_row},
    {"Writer.format", take_format},
    {"Writer.option", take_option},
    {"Writer.options", take_option},
    {"Writer.outputMode", take<output_mode>},
    {"Writer.mode", take<save_mode>},
    {"Writer.trigger", trigger},
    {"Writer.foreachBatch", take<batch>},
    {"Writer.foreach", take<row>},
    {"Writer.queryName", same},
    {"Writer.partitionBy", same},
    {"Writer.start", start},
    {"Writer.save", save},
    {"Writer.parquet", save_as},
    {"Writer.jdbc", save_as},
    {"Writer.saveAsTable", save_as},
    {"Writer.toTable", save_as},
}};

}  // namespace

std::span<const Entry> frame_library() {
  return entries;
}

}  // namespace streamops::importer
