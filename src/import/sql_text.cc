#include "import/sql_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.h"
#include "errors/import.h"
#include "sql/grammar/ddl.h"

namespace streamops::importer {

namespace {

constexpr int atom = 10;

Error no_sql(std::string what) {
  return Error(errors::import::no_sql, std::move(what));
}

bool is_plain(std::string_view name) {
  const auto fits = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  return !name.empty() && fits(name[0]) &&
         std::all_of(name.begin(), name.end(), [&](char c) { return fits(c) || (c >= '0' && c <= '9'); });
}

/// An operator of Python as SQL writes it, and its strength.
struct Operator {
  std::string_view python;
  std::string_view sql;
  int strength;
  bool numbers;  // both sides are numbers
};
constexpr std::array<Operator, 24> operators{
    {{"or", "OR", 1, false},       {"|", "OR", 1, false},    {"and", "AND", 2, false},
     {"&", "AND", 2, false},       {"==", "=", 4, false},    {"!=", "<>", 4, false},
     {"<", "<", 4, false},         {">", ">", 4, false},     {"<=", "<=", 4, false},
     {">=", ">=", 4, false},       {"<=>", "<=>", 4, false}, {"like", "LIKE", 4, false},
     {"rlike", "RLIKE", 4, false}, {"+", "+", 6, true},      {"-", "-", 6, true},
     {"*", "*", 7, true},          {"/", "/", 7, true},      {"%", "%", 7, true},
     {"//", "DIV", 7, true},       {"is", "IS", 4, false},   {"is not", "IS NOT", 4, false},
     {"**", "", 0, true},          {"in", "IN", 4, false},   {"not in", "NOT IN", 4, false}}};

}  // namespace

std::string sql_name(const std::string& name) {
  constexpr std::array<std::string_view, 28> reserved{
      "select", "from",    "where",  "order",    "group",  "case", "when",  "end",     "table", "and",
      "or",     "not",     "in",     "is",       "null",   "true", "false", "on",      "by",    "limit",
      "union",  "lateral", "values", "interval", "having", "with", "as",    "distinct"};
  const std::string lower = to_lower(name);
  const bool is_reserved = std::find(reserved.begin(), reserved.end(), lower) != reserved.end();
  if (is_plain(name) && !is_reserved) return name;
  std::string out = "`";
  for (const char c : name) out += c == '`' ? "``" : std::string(1, c);
  return out + "`";
}

std::string sql_text(const std::string& text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    if (c == '\n') {
      out += "\\n";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += c;
    }
  }
  return out + "'";
}

SchemaNode& SchemaNode::member(const std::string& name) {
  for (auto& [known, node] : members) {
    if (known == name) return node;
  }
  members.push_back({.name = name, .node = {}});
  return members.back().node;
}

data::TypePtr SchemaNode::to_type() const {
  if (element) return data::Type::array(element->to_type());
  if (!members.empty()) {
    std::vector<data::Field> fields;
    fields.reserve(members.size());
    for (const auto& [name, node] : members) fields.push_back({name, node.to_type()});
    return data::Type::structure(std::move(fields));
  }
  const Result<data::TypePtr> known = sql::parse_type(type.empty() ? "STRING" : type, Place{});
  return known ? *known : data::Type::scalar(data::TypeId::string);
}

SqlWriter::SqlWriter(std::vector<std::pair<std::string, ValuePtr>> views, bool outer)
    : given_(std::move(views)), outer_(outer) {}

/// Goes down the schema along a path, making what is missing; null for the path to everything.
SchemaNode* SqlWriter::leaf_of(const Value& path) {
  SchemaNode* node = &schema_;
  if (path.text.starts_with("view ")) {
    const std::string alias = path.text.substr(5);
    for (const auto& [name, array] : given_) {
      if (name != alias || !array->is(ValueKind::path) || array->text == path.text) continue;
      node = leaf_of(*array);
      if (node == nullptr) return nullptr;
      if (!node->element) node->element = std::make_unique<SchemaNode>();
      node = node->element.get();
    }
  }
  for (const Step& step : path.steps) {
    if (step.kind == Step::Kind::member) {
      node = &node->member(step.name);
      continue;
    }
    if (!node->element) node->element = std::make_unique<SchemaNode>();
    node = node->element.get();
  }
  return node == &schema_ ? nullptr : node;
}

void SqlWriter::expect(const Value& path, const std::string& ddl) {
  if (SchemaNode* leaf = leaf_of(path); leaf != nullptr && leaf->type.empty()) leaf->type = ddl;
}

void SqlWriter::number_expected(const Value& value) {
  if (value.is(ValueKind::path)) expect(value, "DOUBLE");
}

Result<std::string> SqlWriter::expression(const Value& value) {
  STREAMOPS_ASSIGN(Piece piece, write(value, 0));
  return std::move(piece.text);
}

Result<std::vector<std::string>> SqlWriter::views() {
  std::vector<std::string> lines;
  for (const auto& [alias, array] : given_) {
    STREAMOPS_ASSIGN(const std::string text, expression(*array));
    lines.push_back(fmt::format("LATERAL VIEW {}explode({}) AS {}", outer_ ? "OUTER " : "", text, sql_name(alias)));
  }
  for (const View& view : views_)
    lines.push_back(fmt::format("LATERAL VIEW explode({}) AS {}", view.array, view.alias));
  return lines;
}

std::string SqlWriter::view_of(const std::string& array, const std::string& name) {
  for (const View& view : views_) {
    if (view.array == array) return view.alias;
  }
  std::string alias = sql_name(name.empty() ? "item" : name);
  const auto taken = [&] {
    return std::any_of(views_.begin(), views_.end(), [&](const View& view) { return view.alias == alias; });
  };
  for (int n = 2; taken(); ++n) alias = sql_name(fmt::format("{}_{}", name, n));
  views_.push_back({alias, array});
  return alias;
}

Result<SqlWriter::Piece> SqlWriter::write(const Value& value, int depth) {
  if (depth > 40 || --parts_ < 0) return no_sql("an expression that is too large");
  switch (value.kind) {
    case ValueKind::text:
      return Piece{sql_text(value.text)};
    case ValueKind::number:
      return Piece{value.text, value.text.starts_with('-') ? 8 : atom};
    case ValueKind::boolean:
      return Piece{value.text};
    case ValueKind::none:
      return Piece{"CAST(NULL AS STRING)"};
    case ValueKind::path:
      return path(value, depth);
    case ValueKind::operation:
      return operation(value, depth);
    case ValueKind::list:
      return call("array", value, depth);
    case ValueKind::dict: {
      std::string out;
      for (const auto& [name, item] : value.entries) {
        STREAMOPS_ASSIGN(const Piece piece, write(*item, depth + 1));
        out += fmt::format("{}{}, {}", out.empty() ? "" : ", ", sql_text(name), piece.text);
      }
      return Piece{"named_struct(" + out + ")"};
    }
    case ValueKind::object:
      if (value.text == "Now") return Piece{"current_timestamp()"};
      return no_sql(fmt::format("a {} of Python", value.text));
    case ValueKind::unknown:
      return no_sql(fmt::format("{}, which is known only when the script runs", value.text));
    default:
      return no_sql(fmt::format("{} of Python", value.text));
  }
}

Result<SqlWriter::Piece> SqlWriter::path(const Value& value, int depth) {
  if (value.text == "kafka")
    return no_sql(fmt::format("the record's {}", value.steps.empty() ? "" : value.steps[0].name));
  if (leaf_of(value) == nullptr && !value.text.starts_with("view ")) return no_sql("the answer as a whole");
  std::string out = value.text.starts_with("view ") ? sql_name(value.text.substr(5)) : "";
  for (const Step& step : value.steps) {
    if (step.kind == Step::Kind::member) {
      out += (out.empty() ? "" : ".") + sql_name(step.name);
    } else if (step.kind == Step::Kind::each) {
      if (out.empty()) return no_sql("an answer that is a list itself");
      out = view_of(out, step.name);
    } else if (out.empty()) {
      return no_sql("an answer that is a list itself");
    } else if (step.index < 0) {
      out = fmt::format("element_at({}, {})", out, step.index);
    } else {
      out += fmt::format("[{}]", step.index);
    }
  }
  (void)depth;
  return Piece{out};
}

Result<std::string> SqlWriter::within(const Value& value, int strength, int depth) {
  STREAMOPS_ASSIGN(Piece piece, write(value, depth + 1));
  return piece.strength < strength ? "(" + piece.text + ")" : std::move(piece.text);
}

Result<SqlWriter::Piece> SqlWriter::call(const std::string& function, const Value& value, int depth) {
  std::string out;
  if (function == "round" || function == "abs" || function == "floor" || function == "ceil") {
    if (!value.items.empty()) number_expected(*value.items[0]);
  }
  for (const ValuePtr& item : value.items) {
    STREAMOPS_ASSIGN(const Piece piece, write(*item, depth + 1));
    out += (out.empty() ? "" : ", ") + piece.text;
  }
  return Piece{function + "(" + out + ")"};
}

Result<SqlWriter::Piece> SqlWriter::cast(const Value& value, const std::string& type, int depth) {
  const Value& inner = *value.items[0];
  STREAMOPS_ASSIGN(const Piece piece, write(inner, depth + 1));
  if (type == "STRING" && inner.is(ValueKind::path)) {
    const SchemaNode* leaf = leaf_of(inner);
    const bool is_text = leaf != nullptr && leaf->type.empty() && leaf->members.empty() && !leaf->element;
    if (is_text) return piece;
  }
  if (type == "STRING" && inner.is_operation("concat")) return piece;
  return Piece{fmt::format("CAST({} AS {})", piece.text, type)};
}

Result<SqlWriter::Piece> SqlWriter::cases(const Value& value, int depth) {
  std::string out = "CASE";
  for (std::size_t i = 0; i + 1 < value.items.size(); i += 2) {
    STREAMOPS_ASSIGN(const Piece condition, write(*value.items[i], depth + 1));
    STREAMOPS_ASSIGN(const Piece then, write(*value.items[i + 1], depth + 1));
    out += fmt::format(" WHEN {} THEN {}", condition.text, then.text);
  }
  if (value.items.size() % 2 == 1) {
    STREAMOPS_ASSIGN(const Piece other, write(*value.items.back(), depth + 1));
    out += " ELSE " + other.text;
  }
  return Piece{out + " END"};
}

/// A piece of SQL of the project's own, with columns put in.
Result<SqlWriter::Piece> SqlWriter::from_template(const Value& value, int depth) {
  std::string out;
  for (std::size_t i = 0; i < value.items.size(); ++i) {
    if (i % 2 == 0) {
      out += value.items[i]->text;
      continue;
    }
    STREAMOPS_ASSIGN(const std::string piece, within(*value.items[i], atom, depth));
    out += piece;
  }
  const bool single = value.items.size() == 1 && out.find(' ') == std::string::npos;
  return Piece{out, single ? atom : 0};
}

Result<SqlWriter::Piece> SqlWriter::infix(const Value& value, int depth) {
  const std::string sign = value.text.substr(7);
  const auto found =
      std::find_if(operators.begin(), operators.end(), [&](const Operator& each) { return each.python == sign; });
  if (found == operators.end()) return no_sql(fmt::format("the operator {}", sign));
  const Value& left = *value.items[0];
  const Value& right = *value.items[1];
  const bool compares_number = found->strength == 4 && (left.is(ValueKind::number) || right.is(ValueKind::number));
  if (found->numbers || compares_number) {
    number_expected(left);
    number_expected(right);
  }
  STREAMOPS_ASSIGN(const std::string a, within(left, found->strength, depth));
  if (sign == "is" || sign == "is not" || ((sign == "==" || sign == "!=") && right.is(ValueKind::none)))
    return Piece{fmt::format("{} {} NULL", a, sign == "is" || sign == "==" ? "IS" : "IS NOT"), 4};
  if (sign == "in" || sign == "not in") {
    if (!right.is(ValueKind::list)) {
      STREAMOPS_ASSIGN(const Piece array, write(right, depth + 1));
      return Piece{fmt::format("{}array_contains({}, {})", sign == "in" ? "" : "NOT ", array.text, a),
                   sign == "in" ? atom : 3};
    }
    std::string items;
    for (const ValuePtr& item : right.items) {
      STREAMOPS_ASSIGN(const Piece piece, write(*item, depth + 1));
      items += (items.empty() ? "" : ", ") + piece.text;
    }
    return Piece{fmt::format("{} {} ({})", a, found->sql, items), 4};
  }
  STREAMOPS_ASSIGN(const std::string b, within(right, found->strength + 1, depth));
  if (sign == "**") return Piece{fmt::format("pow({}, {})", a, b)};
  return Piece{fmt::format("{} {} {}", a, found->sql, b), found->strength};
}

Result<SqlWriter::Piece> SqlWriter::operation(const Value& value, int depth) {
  const std::string& what = value.text;
  if (what == "uuid" || what == "uuid object") return Piece{"uuid()"};
  if (what == "now") return Piece{"current_timestamp()"};
  if (what == "concat") return call("concat", value, depth);
  if (what == "json text") return call("to_json", value, depth);
  if (what == "case") return cases(value, depth);
  if (what == "template") return from_template(value, depth);
  if (what == "env") return no_sql(fmt::format("the environment's {}", value.items[0]->text));
  if (what == "each_of") return no_sql("a list that a loop makes");
  if (what.starts_with("call ")) return call(what.substr(5), value, depth);
  if (what == "if" && value.items.size() == 3) return call("if", value, depth);
  if (value.items.empty()) return no_sql(what);
  if (what.starts_with("cast ")) return cast(value, what.substr(5), depth);
  if (what == "not" || what == "-") {
    STREAMOPS_ASSIGN(const std::string inner, within(*value.items[0], what == "not" ? 4 : 8, depth));
    return Piece{(what == "not" ? "NOT " : "-") + inner, what == "not" ? 3 : 8};
  }
  if (what == "is null" || what == "is not null") {
    STREAMOPS_ASSIGN(const std::string inner, within(*value.items[0], 5, depth));
    return Piece{inner + " " + to_upper(what), 4};
  }
  if (what == "in") {
    auto list = std::make_shared<Value>();
    list->kind = ValueKind::list;
    list->items.assign(value.items.begin() + 1, value.items.end());
    Value made;
    made.kind = ValueKind::operation;
    made.text = "binary in";
    made.items = {value.items[0], list};
    return infix(made, depth);
  }
  if (value.items.size() < 2) return no_sql(what);
  if (what.starts_with("binary ")) return infix(value, depth);
  if (what == "index" || what == "member") {
    STREAMOPS_ASSIGN(const std::string base, within(*value.items[0], atom, depth));
    if (what == "member") return Piece{base + "." + sql_name(value.items[1]->text)};
    STREAMOPS_ASSIGN(const Piece index, write(*value.items[1], depth + 1));
    return Piece{fmt::format("{}[{}]", base, index.text)};
  }
  if (value.items.size() < 3) return no_sql(what);
  if (what == "between") {
    STREAMOPS_ASSIGN(const std::string base, within(*value.items[0], 5, depth));
    STREAMOPS_ASSIGN(const std::string low, within(*value.items[1], 5, depth));
    STREAMOPS_ASSIGN(const std::string high, within(*value.items[2], 5, depth));
    return Piece{fmt::format("{} BETWEEN {} AND {}", base, low, high), 4};
  }
  if (what == "slice") {
    const double from = value.items[1]->as_number().value_or(0);
    const std::optional<double> to = value.items[2]->as_number();
    if (from < 0 || !to || *to < from) return no_sql("a slice that counts from the end");
    STREAMOPS_ASSIGN(const Piece base, write(*value.items[0], depth + 1));
    return Piece{fmt::format("substring({}, {}, {})", base.text, from + 1, *to - from)};
  }
  return no_sql(what);
}

}  // namespace streamops::importer
