#include "import/frame.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "import/library.h"
#include "sql/grammar/ddl.h"
#include "sql/grammar/parser.h"

namespace streamops::importer {

namespace {

constexpr std::size_t most_columns = 2000;

bool is_kafka_value(const Value& value) {
  if (value.is_operation("cast STRING") || value.is_operation("alias") || value.is_operation("call decode"))
    return !value.items.empty() && is_kafka_value(*value.items[0]);
  return value.is(ValueKind::path) && value.text == "kafka" && value.steps.size() == 1 &&
         value.steps[0].name == "value";
}

const Frame::Column* find_column(const Frame& frame, std::string_view name) {
  for (const Frame::Column& column : frame.columns) {
    if (equals_ignore_case(column.name, name)) return &column;
  }
  return nullptr;
}

/// A column by its name, with members behind dots; null when the frame has none of that name.
ValuePtr look_up(const Frame& frame, const std::string& dotted) {
  std::vector<std::string> parts;
  for (const std::string_view part : split(dotted, '.')) parts.emplace_back(trim(part));
  for (std::string& part : parts) std::erase(part, '`');
  const Frame::Column* column = find_column(frame, parts[0]);
  if (column == nullptr) return nullptr;
  ValuePtr value = column->value;
  for (std::size_t i = 1; i < parts.size(); ++i) {
    if (!value->is(ValueKind::path)) return operation("member", {value, text_value(parts[i])});
    value = step_into(*value, {Step::Kind::member, parts[i], 0});
  }
  return value;
}

data::TypePtr parse_columns(const std::string& ddl) {
  const Result<data::SchemaPtr> schema = sql::parse_schema(ddl, Place{});
  return schema ? data::Type::structure((*schema)->fields()) : nullptr;
}

std::string ddl_of(const Value& schema) {
  return schema.is(ValueKind::type) || schema.is(ValueKind::text) ? schema.text : std::string();
}

/// "STRUCT<a: INT>" -> "a: INT"; a list of columns stays.
std::string columns_of(const std::string& ddl) {
  const std::string_view text = trim(ddl);
  const bool is_struct = text.size() > 8 && equals_ignore_case(text.substr(0, 7), "STRUCT<") && text.ends_with('>');
  return std::string(is_struct ? text.substr(7, text.size() - 8) : text);
}

ValuePtr from_json(Frame& frame, const Value& call) {
  const ValuePtr text = resolve(frame, call.items[0]);
  const std::string ddl = ddl_of(*call.items[1]);
  if (!is_kafka_value(*text)) return operation("call from_json", {text, text_value(ddl)});
  if (frame.parsed && frame.schema != columns_of(ddl)) {
    frame.lost.push_back({"it reads the same value with two schemas", call.where});
    return unknown("a second from_json");
  }
  frame.parsed = true;
  frame.schema = columns_of(ddl);
  frame.schema_where = call.items[1]->where.line > 0 ? call.items[1]->where : call.where;
  return path_value("record");
}

void add_column(std::vector<Frame::Column>& columns, std::string name, ValuePtr value) {
  if (columns.size() < most_columns) columns.push_back({std::move(name), std::move(value)});
}

/// "data.*"
void expand(Frame& frame, const std::string& qualifier, std::vector<Frame::Column>& columns, const Where& where) {
  const ValuePtr base = look_up(frame, qualifier);
  const data::TypePtr type = base && base->is(ValueKind::path) ? type_of(frame, *base) : nullptr;
  if (!type || type->id() != data::TypeId::structure) {
    frame.lost.push_back({fmt::format("the columns of {}.* are not known", qualifier), where});
    return;
  }
  for (const data::Field& field : type->fields())
    add_column(columns, field.name, step_into(*base, {Step::Kind::member, field.name, 0}));
}

ValuePtr dict_of(const std::vector<Frame::Column>& columns) {
  auto made = std::make_shared<Value>();
  made->kind = ValueKind::dict;
  for (const Frame::Column& column : columns) made->entries.emplace_back(column.name, column.value);
  return made;
}

/// Puts columns in for names in a piece of SQL.
class Substitution {
 public:
  Substitution(Frame& frame, std::string_view sql) : frame_(frame), sql_(sql) {}

  ValuePtr value_of(const sql::Expression& expression) {
    if (expression.kind == sql::ExpressionKind::column) {
      const ValuePtr found = look_up(frame_, text_of(expression));
      return found ? found : text_as_sql(expression);
    }
    if (expression.kind == sql::ExpressionKind::cast && !expression.lenient)
      return operation("cast " + expression.type->to_sql(), {value_of(*expression.children[0])});
    if (expression.kind == sql::ExpressionKind::call && expression.function == "to_json" &&
        expression.children.size() == 1)
      return operation("call to_json", {value_of(*expression.children[0])});
    if (expression.kind == sql::ExpressionKind::call && expression.function == "struct") {
      if (const ValuePtr made = structure(expression)) return made;
    }
    if (expression.kind == sql::ExpressionKind::call && expression.function == "from_json" &&
        expression.children.size() == 2 && expression.children[1]->kind == sql::ExpressionKind::literal) {
      ValuePtr call = operation(
          "from_json", {text_as_sql(*expression.children[0]), text_value(expression.children[1]->literal.text)});
      call->items[0] = value_of(*expression.children[0]);
      return resolve(frame_, call);
    }
    return text_as_sql(expression);
  }

 private:
  std::string text_of(const sql::Expression& expression) const {
    return std::string(sql_.substr(expression.span.offset, expression.span.length));
  }

  /// struct(*), struct(data.*), struct(a, b): null for what has no name.
  ValuePtr structure(const sql::Expression& call) {
    std::vector<Frame::Column> columns;
    for (const sql::ExpressionPtr& child : call.children) {
      if (child->kind == sql::ExpressionKind::column) {
        add_column(columns, child->parts.back().text, value_of(*child));
      } else if (child->kind != sql::ExpressionKind::star) {
        return nullptr;
      } else if (child->parts.empty()) {
        for (const Frame::Column& each : frame_.columns) add_column(columns, each.name, each.value);
      } else {
        const std::string text = text_of(*child);
        expand(frame_, text.substr(0, text.size() - 2), columns, frame_.where);
      }
    }
    return dict_of(columns);
  }

  void collect(const sql::Expression& expression, std::vector<const sql::Expression*>& columns) const {
    if (expression.kind == sql::ExpressionKind::column) columns.push_back(&expression);
    for (const sql::ExpressionPtr& child : expression.children) {
      if (child) collect(*child, columns);
    }
  }

  ValuePtr text_as_sql(const sql::Expression& expression) {
    std::vector<const sql::Expression*> columns;
    collect(expression, columns);
    std::sort(columns.begin(), columns.end(),
              [](const auto* a, const auto* b) { return a->span.offset < b->span.offset; });
    ValuePtr made = operation("template", {});
    std::size_t at = expression.span.offset;
    for (const sql::Expression* column : columns) {
      const ValuePtr found = look_up(frame_, text_of(*column));
      if (!found || column->span.offset < at) continue;
      made->items.push_back(text_value(std::string(sql_.substr(at, column->span.offset - at))));
      made->items.push_back(found);
      at = column->span.offset + column->span.length;
    }
    const std::size_t end = expression.span.offset + expression.span.length;
    made->items.push_back(text_value(std::string(sql_.substr(at, end - at))));
    return made;
  }

  Frame& frame_;
  std::string_view sql_;
};

/// The name that Spark gives a column that has none.
std::string default_name(const ValuePtr& value) {
  if (value->is_operation("alias")) return value->items[1]->text;
  if (value->is_operation("column")) {
    const std::string& name = value->items[0]->text;
    return name.substr(name.rfind('.') + 1);
  }
  if (value->is(ValueKind::operation) && value->text.starts_with("cast ") && !value->items.empty())
    return default_name(value->items[0]);
  return "value";
}

ValuePtr explode(Frame& frame, const ValuePtr& call, const std::string& name) {
  Frame::View view;
  view.array = resolve(frame, call->items[0]);
  view.outer = call->text == "call explode_outer";
  view.alias = name == "value" || name == "col" ? "item" : name;
  for (int n = 2;
       std::any_of(frame.views.begin(), frame.views.end(), [&](const auto& each) { return each.alias == view.alias; });
       ++n)
    view.alias = fmt::format("item_{}", n);
  ValuePtr path = path_value("view " + view.alias);
  frame.views.push_back(std::move(view));
  return path;
}

ValuePtr resolve_parts(Frame& frame, const ValuePtr& value, int depth, int& parts);

/// struct(): members with the names that Spark gives them.
ValuePtr structure(Frame& frame, const Value& call, int depth, int& parts) {
  std::vector<Frame::Column> columns;
  for (const ValuePtr& item : call.items) {
    const ValuePtr inner = item->is_operation("alias") ? item->items[0] : item;
    const bool is_star = inner->is_operation("column") && inner->items[0]->text.ends_with('*');
    if (is_star && inner->items[0]->text == "*") {
      for (const Frame::Column& each : frame.columns) add_column(columns, each.name, each.value);
    } else if (is_star) {
      const std::string& text = inner->items[0]->text;
      expand(frame, text.substr(0, text.size() - 2), columns, call.where);
    } else {
      const std::string name = default_name(item);
      const bool unnamed = name == "value" && !item->is_operation("alias") && !inner->is_operation("column");
      add_column(columns, unnamed ? fmt::format("col{}", columns.size() + 1) : name,
                 resolve_parts(frame, inner, depth + 1, parts));
    }
  }
  return dict_of(columns);
}

ValuePtr resolve_parts(Frame& frame, const ValuePtr& value, int depth, int& parts) {
  if (depth > 40 || --parts < 0) return unknown("too much of it");
  if (value->is_operation("column")) {
    const ValuePtr found = look_up(frame, value->items[0]->text);
    return found ? found : unknown(fmt::format("the column {}", value->items[0]->text));
  }
  if (value->is_operation("sql")) return resolve_sql(frame, value->items[0]->text);
  if (value->is_operation("from_json") && value->items.size() == 2) return from_json(frame, *value);
  if (value->is_operation("alias")) return resolve_parts(frame, value->items[0], depth + 1, parts);
  if (value->is_operation("call struct")) return structure(frame, *value, depth, parts);
  if (!value->is(ValueKind::operation) && !value->is(ValueKind::list)) return value;
  auto made = std::make_shared<Value>(*value);
  for (ValuePtr& item : made->items) item = resolve_parts(frame, item, depth + 1, parts);
  return made;
}

/// "upper(name) AS n" -> "upper(name)", "n".
std::pair<std::string, std::string> split_alias(const std::string& text) {
  const std::size_t at = to_lower(text).rfind(" as ");
  if (at == std::string::npos) return {text, ""};
  const std::string alias(trim(text.substr(at + 4)));
  const bool is_name = std::all_of(alias.begin(), alias.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '`';
  });
  // `CAST(x AS INT)` has no alias.
  return is_name ? std::pair(text.substr(0, at), std::string(trim(alias))) : std::pair(text, std::string());
}

}  // namespace

void add_kafka_columns(Frame& frame) {
  for (const char* name : {"key", "value", "topic", "partition", "offset", "timestamp", "timestampType"})
    frame.columns.push_back({name, step_into(*path_value("kafka"), {Step::Kind::member, name, 0})});
}

ValuePtr resolve(Frame& frame, const ValuePtr& value) {
  int parts = 5000;
  return resolve_parts(frame, value, 0, parts);
}

ValuePtr resolve_sql(Frame& frame, const std::string& sql) {
  const Result<sql::ExpressionPtr> parsed = sql::parse_expression(sql::SourceText(sql, Place{}));
  if (!parsed) return unknown(fmt::format("the SQL \"{}\": {}", sql, parsed.error().message()));
  return Substitution(frame, sql).value_of(**parsed);
}

void select_columns(Frame& frame, const std::vector<ValuePtr>& items) {
  std::vector<Frame::Column> columns;
  for (const ValuePtr& given : items) {
    const ValuePtr item = as_column(given);
    const std::string name = default_name(item);
    const ValuePtr inner = item->is_operation("alias") ? item->items[0] : item;
    const bool is_star = inner->is_operation("column") && inner->items[0]->text.ends_with('*');
    if (is_star && inner->items[0]->text == "*") {
      columns.insert(columns.end(), frame.columns.begin(), frame.columns.end());
    } else if (is_star) {
      const std::string& text = inner->items[0]->text;
      expand(frame, text.substr(0, text.size() - 2), columns, frame.where);
    } else if (inner->is_operation("call explode") || inner->is_operation("call explode_outer")) {
      add_column(columns, name == "value" ? "col" : name, explode(frame, inner, name));
    } else {
      add_column(columns, name, resolve(frame, inner));
    }
  }
  frame.columns = std::move(columns);
}

void select_texts(Frame& frame, const std::vector<ValuePtr>& items) {
  std::vector<Frame::Column> columns;
  for (const ValuePtr& item : items) {
    const std::string whole(trim(item->text));
    if (whole == "*") {
      columns.insert(columns.end(), frame.columns.begin(), frame.columns.end());
      continue;
    }
    if (whole.ends_with(".*")) {
      expand(frame, whole.substr(0, whole.size() - 2), columns, frame.where);
      continue;
    }
    auto [text, name] = split_alias(whole);
    std::erase(name, '`');
    const Result<sql::ExpressionPtr> parsed = sql::parse_expression(sql::SourceText(text, Place{}));
    if (!parsed) {
      frame.lost.push_back({fmt::format("selectExpr(\"{}\") is no SQL that we read", whole), frame.where});
      continue;
    }
    const sql::Expression& expression = **parsed;
    if (name.empty() && expression.kind == sql::ExpressionKind::column) name = expression.parts.back().text;
    if (name.empty()) name = "value";
    const bool explodes = expression.kind == sql::ExpressionKind::call && expression.function == "explode";
    Substitution put(frame, text);
    if (explodes && !expression.children.empty()) {
      const ValuePtr call = operation("call explode", {put.value_of(*expression.children[0])});
      add_column(columns, name, explode(frame, call, name));
    } else {
      add_column(columns, name, put.value_of(expression));
    }
  }
  frame.columns = std::move(columns);
}

void set_column(Frame& frame, const std::string& name, const ValuePtr& value) {
  const ValuePtr column = value->is_operation("alias") ? value->items[0] : value;
  const bool explodes = column->is_operation("call explode") || column->is_operation("call explode_outer");
  const ValuePtr resolved = explodes ? explode(frame, column, name) : resolve(frame, column);
  for (Frame::Column& each : frame.columns) {
    if (!equals_ignore_case(each.name, name)) continue;
    each.value = resolved;
    return;
  }
  add_column(frame.columns, name, resolved);
}

data::TypePtr type_of(const Frame& frame, const Value& path) {
  data::TypePtr type;
  if (path.text == "record") type = parse_columns(frame.schema);
  for (const Frame::View& view : frame.views) {
    if (path.text != "view " + view.alias || !view.array->is(ValueKind::path) || view.array->text == path.text)
      continue;
    const data::TypePtr array = type_of(frame, *view.array);
    if (array && array->id() == data::TypeId::array) type = array->element();
  }
  for (const Step& step : path.steps) {
    if (!type) return nullptr;
    if (step.kind != Step::Kind::member) {
      type = type->id() == data::TypeId::array ? type->element() : nullptr;
      continue;
    }
    if (type->id() != data::TypeId::structure) return nullptr;
    const auto found = std::find_if(type->fields().begin(), type->fields().end(), [&](const data::Field& field) {
      return equals_ignore_case(field.name, step.name);
    });
    type = found == type->fields().end() ? nullptr : found->type;
  }
  return type;
}

}  // namespace streamops::importer
