// PySpark's functions, types and columns.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "import/library.h"

namespace streamops::importer {

namespace {

ValuePtr or_unknown(const ValuePtr& value) {
  return value ? value : unknown("nothing");
}

ValuePtr col(Call& call) {
  return operation("column", {text_value(call.text(0, "col"))});
}
ValuePtr lit(Call& call) {
  return or_unknown(call.argument(0, "col"));
}
ValuePtr expr(Call& call) {
  return operation("sql", {text_value(call.text(0, "str"))});
}

ValuePtr from_json(Call& call) {
  ValuePtr made =
      operation("from_json", {as_column(or_unknown(call.argument(0, "col"))), or_unknown(call.argument(1, "schema"))});
  made->where = call.where;
  return made;
}

ValuePtr when(Call& call) {
  return operation("case", {or_unknown(call.argument(0, "condition")), or_unknown(call.argument(1, "value"))});
}
ValuePtr and_when(Call& call) {
  auto made = std::make_shared<Value>(*call.self);
  made->items.push_back(or_unknown(call.argument(0, "condition")));
  made->items.push_back(or_unknown(call.argument(1, "value")));
  return made;
}
ValuePtr otherwise(Call& call) {
  auto made = std::make_shared<Value>(*call.self);
  made->items.push_back(or_unknown(call.argument(0, "value")));
  return made;
}

/// Spark's name of a type: "string", "int", IntegerType().
ValuePtr cast(Call& call) {
  const ValuePtr type = call.argument(0, "dataType");
  if (!type || (!type->is(ValueKind::text) && !type->is(ValueKind::type))) return unknown("a type");
  return operation("cast " + to_upper(type->text), {call.self});
}

ValuePtr alias(Call& call) {
  return operation("alias", {call.self, text_value(call.text(0, "alias"))});
}
ValuePtr same(Call& call) {
  return call.self;
}
ValuePtr is_null(Call& call) {
  return operation("is null", {call.self});
}
ValuePtr is_not_null(Call& call) {
  return operation("is not null", {call.self});
}
template <const char* const& sql>
ValuePtr infix(Call& call) {
  return operation(sql, {call.self, or_unknown(call.argument(0, "other"))});
}
constexpr const char* like = "binary like";
constexpr const char* rlike = "binary rlike";
constexpr const char* contains = "call contains";

ValuePtr is_in(Call& call) {
  std::vector<ValuePtr> items{call.self};
  const bool listed = call.arguments.size() == 1 && call.arguments[0]->is(ValueKind::list);
  const std::vector<ValuePtr>& values = listed ? call.arguments[0]->items : call.arguments;
  items.insert(items.end(), values.begin(), values.end());
  return operation("in", std::move(items));
}

ValuePtr between(Call& call) {
  return operation("between",
                   {call.self, or_unknown(call.argument(0, "lowerBound")), or_unknown(call.argument(1, "upperBound"))});
}

ValuePtr get_item(Call& call) {
  const ValuePtr key = or_unknown(call.argument(0, "key"));
  if (key->is(ValueKind::text) && call.self->is_operation("column"))
    return operation("column", {text_value(call.self->items[0]->text + "." + key->text)});
  return operation("index", {call.self, key});
}

/// StructField(name, type, nullable)
ValuePtr field(Call& call) {
  ValuePtr made = object("StructField", call.where);
  const ValuePtr type = call.argument(1, "dataType");
  made->set("name", text_value(call.text(0, "name")));
  made->set("type", type && type->is(ValueKind::type) ? type : type_value("STRING"));
  return made;
}

std::string field_text(const Value& of) {
  const std::string& name = of.find("name")->text;
  const bool plain = !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
  return fmt::format("{}: {}", plain ? name : "`" + name + "`", of.find("type")->text);
}

constexpr std::size_t longest_schema = 64 * 1024;

ValuePtr struct_type(Call& call) {
  std::string text;
  const ValuePtr fields = call.argument(0, "fields");
  for (const ValuePtr& each : fields ? fields->items : std::vector<ValuePtr>()) {
    if (each->is_object("StructField") && text.size() < longest_schema)
      text += (text.empty() ? "" : ", ") + field_text(*each);
  }
  ValuePtr made = type_value("STRUCT<" + text + ">");
  made->where = call.where;
  return made;
}

/// StructType().add("id", StringType())
ValuePtr add_field(Call& call) {
  if (!call.self->is(ValueKind::type)) return unknown("add()");
  ValuePtr added = call.argument(0, "field");
  if (!added || !added->is_object("StructField")) {
    added = object("StructField", call.where);
    const ValuePtr type = call.argument(1, "data_type");
    added->set("name", text_value(call.text(0, "field")));
    const bool known = type && (type->is(ValueKind::type) || type->is(ValueKind::text));
    added->set("type", type_value(known ? to_upper(type->text) : "STRING"));
    if (known && type->is(ValueKind::type)) added->set("type", type);
  }
  std::string text = call.self->text;
  if (!text.starts_with("STRUCT<") || text.size() > longest_schema) return call.self;
  text.pop_back();
  ValuePtr made = type_value(text + (text == "STRUCT<" ? "" : ", ") + field_text(*added) + ">");
  made->where = call.self->where;
  return made;
}

std::string type_text(const ValuePtr& value) {
  const bool known = value && value->is(ValueKind::type) && value->text.size() < longest_schema;
  return known ? value->text : "STRING";
}

ValuePtr array_type(Call& call) {
  return type_value("ARRAY<" + type_text(call.argument(0, "elementType")) + ">");
}
ValuePtr map_type(Call& call) {
  return type_value("MAP<" + type_text(call.argument(0, "keyType")) + ", " + type_text(call.argument(1, "valueType")) +
                    ">");
}
ValuePtr decimal_type(Call& call) {
  const ValuePtr precision = call.argument(0, "precision");
  const ValuePtr scale = call.argument(1, "scale");
  return type_value(fmt::format("DECIMAL({},{})", precision ? precision->text : "10", scale ? scale->text : "0"));
}

constexpr std::array<Entry, 36> entries{{
    {"pyspark:col", col},
    {"pyspark:column", col},
    {"pyspark:lit", lit},
    {"pyspark:expr", expr},
    {"pyspark:from_json", from_json},
    {"pyspark:when", when},
    {"pyspark:StructType", struct_type},
    {"pyspark:StructField", field},
    {"pyspark:ArrayType", array_type},
    {"pyspark:MapType", map_type},
    {"pyspark:DecimalType", decimal_type},
    {"value.when", and_when},
    {"value.otherwise", otherwise},
    {"value.cast", cast},
    {"value.astype", cast},
    {"value.alias", alias},
    {"value.name", alias},
    {"value.isNull", is_null},
    {"value.isNotNull", is_not_null},
    {"value.like", infix<like>},
    {"value.rlike", infix<rlike>},
    {"value.contains", infix<contains>},
    {"value.isin", is_in},
    {"value.between", between},
    {"value.getItem", get_item},
    {"value.getField", get_item},
    {"value.desc", same},
    {"value.asc", same},
    {"value.add", add_field},
    {"value.substr",
     [](Call& call) {
       return operation("call substring",
                        {call.self, or_unknown(call.argument(0, "startPos")), or_unknown(call.argument(1, "length"))});
     }},
    {"value.eqNullSafe",
     [](Call& call) { return operation("binary <=>", {call.self, or_unknown(call.argument(0, "other"))}); }},
    {"value.isNaN", [](Call& call) { return operation("call isnan", {call.self}); }},
    {"Query.awaitTermination",
     [](Call& call) {
       call.facts().awaited.push_back({"awaitTermination", call.where});
       return none_value();
     }},
    {"SparkSession.awaitAnyTermination",
     [](Call& call) {
       call.facts().awaited.push_back({"awaitAnyTermination", call.where});
       return none_value();
     }},
    {"Query.stop", [](Call&) { return none_value(); }},
    {"SparkSession.stop", [](Call&) { return none_value(); }},
}};

}  // namespace

std::span<const Entry> spark_library() {
  static const std::vector<Entry> all = [] {
    std::vector<Entry> both(entries.begin(), entries.end());
    both.insert(both.end(), frame_library().begin(), frame_library().end());
    return both;
  }();
  return all;
}

ValuePtr as_column(const ValuePtr& value) {
  return value->is(ValueKind::text) ? operation("column", {value}) : value;
}

ValuePtr spark_function(Call& call) {
  const std::string name = call.name.substr(call.name.rfind('.') + 1);
  // Functions of which the texts are texts; of all others they are names of columns.
  constexpr std::array<std::string_view, 18> with_texts{
      "concat_ws", "regexp_replace", "regexp_extract", "split",           "date_format", "to_timestamp",
      "to_date",   "date_trunc",     "lpad",           "get_json_object", "rpad",        "translate",
      "trunc",     "instr",          "from_unixtime",  "unix_timestamp",  "sha2",        "window"};
  const bool keeps = std::find(with_texts.begin(), with_texts.end(), name) != with_texts.end();
  std::vector<ValuePtr> items;
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    const bool separator = name == "concat_ws" && i == 0;
    const bool is_name = (!keeps || i == 0) && !separator;
    items.push_back(is_name || name == "concat_ws" ? (separator ? call.arguments[i] : as_column(call.arguments[i]))
                                                   : call.arguments[i]);
  }
  if (name == "current_timestamp" || name == "now") return operation("now", {});
  if (name == "trunc" && items.size() == 2 && !call.arguments[0]->is(ValueKind::text)) items[0] = call.arguments[0];
  if (name == "date_trunc" && items.size() == 2) items = {call.arguments[0], as_column(call.arguments[1])};
  if ((name == "struct" || name == "array" || name == "coalesce") && items.size() == 1 &&
      items[0]->is(ValueKind::list)) {
    items = items[0]->items;
    for (ValuePtr& item : items) item = as_column(item);
  }
  ValuePtr made = operation("call " + name, std::move(items));
  made->where = call.where;
  return made;
}

ValuePtr spark_type(Call& call) {
  constexpr std::array<std::pair<std::string_view, const char*>, 13> types{{{"StringType", "STRING"},
                                                                            {"IntegerType", "INT"},
                                                                            {"LongType", "BIGINT"},
                                                                            {"ShortType", "SMALLINT"},
                                                                            {"ByteType", "TINYINT"},
                                                                            {"DoubleType", "DOUBLE"},
                                                                            {"FloatType", "FLOAT"},
                                                                            {"BooleanType", "BOOLEAN"},
                                                                            {"TimestampType", "TIMESTAMP"},
                                                                            {"TimestampNTZType", "TIMESTAMP_NTZ"},
                                                                            {"DateType", "DATE"},
                                                                            {"BinaryType", "BINARY"},
                                                                            {"VarcharType", "STRING"}}};
  const std::string name = call.name.substr(call.name.rfind('.') + 1);
  for (const auto& [python, ddl] : types) {
    if (python == name) return type_value(ddl);
  }
  return unknown(name + "()");
}

}  // namespace streamops::importer
