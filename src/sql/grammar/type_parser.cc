// Types and schemas in Spark's DDL.
#include <charconv>

#include "base/text.h"
#include "errors/sql.h"
#include "sql/grammar/ddl.h"
#include "sql/grammar/expression_parser.h"

namespace streamops::sql {
namespace {

using data::Field;
using data::Type;
using data::TypeId;
using data::TypePtr;

struct TypeName {
  std::string_view name;
  TypeId id;
};
constexpr TypeName type_names[] = {
    {"BOOLEAN", TypeId::boolean},
    {"TINYINT", TypeId::int8},
    {"BYTE", TypeId::int8},
    {"SMALLINT", TypeId::int16},
    {"SHORT", TypeId::int16},
    {"INT", TypeId::int32},
    {"INTEGER", TypeId::int32},
    {"BIGINT", TypeId::int64},
    {"LONG", TypeId::int64},
    {"FLOAT", TypeId::float32},
    {"REAL", TypeId::float32},
    {"DOUBLE", TypeId::float64},
    {"STRING", TypeId::string},
    {"BINARY", TypeId::binary},
    {"DATE", TypeId::date},
    {"TIMESTAMP", TypeId::timestamp},
    {"TIMESTAMP_LTZ", TypeId::timestamp},
    {"TIMESTAMP_NTZ", TypeId::timestamp_ntz},
    {"VOID", TypeId::null},
};

std::optional<int> small_number(TokenStream& in) {
  int value = 0;
  const Token& token = in.peek();
  const auto [end, error] = std::from_chars(token.value.data(), token.value.data() + token.value.size(), value);
  if (token.kind != TokenKind::number || error != std::errc() || end != token.value.data() + token.value.size()) {
    in.fail_expected("a whole number");
    return std::nullopt;
  }
  in.next();
  return value;
}

TypePtr decimal_type(TokenStream& in, Span span) {
  int precision = 10, scale = 0;
  if (in.eat_symbol("(")) {
    const auto p = small_number(in);
    if (!p) return nullptr;
    precision = *p;
    if (in.eat_symbol(",")) {
      const auto s = small_number(in);
      if (!s) return nullptr;
      scale = *s;
    }
    if (!in.expect_symbol(")")) return nullptr;
  }
  if (precision < 1 || precision > 38 || scale < 0 || scale > precision) {
    in.fail(span, Error(errors::sql::unknown_type,
                        "DECIMAL({},{}) is out of bounds: 1 to 38 digits, of them 0 to all behind the point", precision,
                        scale));
    return nullptr;
  }
  return Type::decimal(precision, scale);
}

TypePtr interval_type(TokenStream& in) {
  const bool months = in.is_any_word({"YEAR", "MONTH"});
  if (!months && !in.is_any_word({"DAY", "HOUR", "MINUTE", "SECOND"}))
    return in.fail_expected("`DAY TO SECOND`"), nullptr;
  in.next();
  if (in.eat_word("TO")) in.next();
  return Type::scalar(months ? TypeId::interval_month : TypeId::interval_day);
}

TypePtr array_type(TokenStream& in) {
  if (!in.expect_symbol("<")) return nullptr;
  TypePtr element = read_type(in);
  if (!element || !in.expect_closing_angle()) return nullptr;
  return Type::array(element);
}

TypePtr map_type(TokenStream& in) {
  if (!in.expect_symbol("<")) return nullptr;
  const Span at = in.peek().span;
  TypePtr key = read_type(in);
  if (!key || !in.expect_symbol(",")) return nullptr;
  if (key->id() == TypeId::map) return in.fail_not_served(at, "a MAP as the key of a MAP"), nullptr;
  TypePtr value = read_type(in);
  if (!value || !in.expect_closing_angle()) return nullptr;
  return Type::map(key, value);
}

TypePtr structure_type(TokenStream& in) {
  if (in.eat_symbol("<>")) return Type::structure({});
  if (!in.expect_symbol("<")) return nullptr;
  std::vector<Field> fields;
  if (!in.is_symbol(">")) fields = read_fields(in, ">");
  if (in.failed() || !in.expect_closing_angle()) return nullptr;
  return Type::structure(std::move(fields));
}

TypePtr unknown_type(TokenStream& in, const Token& token) {
  std::vector<std::string_view> names = {"ARRAY", "MAP", "STRUCT", "DECIMAL"};
  for (const TypeName& type : type_names) names.push_back(type.name);
  const std::string word = to_upper(token.value);
  if (word == "VARIANT" || word == "VARCHAR" || word == "CHAR" || word == "CHARACTER" || word == "TIME") {
    in.fail_not_served(token.span, "the type " + word);
  } else {
    in.fail(
        token.span,
        Error(errors::sql::unknown_type, "there is no type `{}`", token.value).with_label(did_you_mean(word, names)));
  }
  return nullptr;
}

bool ends_fields(const TokenStream& in, std::string_view closing) {
  if (closing.empty()) return in.peek().kind == TokenKind::end;
  return in.peek().kind == TokenKind::symbol && in.peek().value.starts_with(closing);
}

bool read_field(TokenStream& in, std::vector<Field>& fields) {
  if (!in.is_name()) return in.fail_expected("the name of a column");
  const Token name = in.next();
  in.eat_symbol(":");
  Field field{name.value, read_type(in), true};
  if (!field.type) return false;
  if (in.eat_word("NOT")) {
    if (!in.expect_word("NULL")) return false;
    field.nullable = false;
  }
  if (in.eat_word("COMMENT")) {
    if (in.peek().kind != TokenKind::text) return in.fail_expected("a text in quotes");
    in.next();
  }
  if (in.is_any_word({"DEFAULT", "GENERATED", "COLLATE"}))
    return in.fail_not_served(in.peek().span, to_upper(in.peek().value) + " of a column");
  for (const Field& other : fields) {
    if (equals_ignore_case(other.name, field.name)) {
      return in.fail(name.span, Error(errors::sql::duplicate_name, "the name `{}` stands twice", field.name));
    }
  }
  fields.push_back(std::move(field));
  return true;
}

template <typename Read>
auto read_all(std::string_view text, const Place& at, Read read)
    -> Result<decltype(read(std::declval<TokenStream&>()))> {
  const SourceText source(text, at);
  auto tokens = tokenize(source);
  if (!tokens) return tokens.error();
  TokenStream in(source, std::move(tokens).value());
  auto value = read(in);
  if (!in.failed() && in.peek().kind != TokenKind::end) in.fail_expected("the end of the text");
  if (in.failed()) return in.error();
  return value;
}

}  // namespace

TypePtr read_type(TokenStream& in) {
  const TokenStream::Level level(in);
  if (in.failed()) return nullptr;
  if (in.peek().kind != TokenKind::name) return in.fail_expected("a type"), nullptr;
  const Token token = in.next();
  const std::string word = to_upper(token.value);
  if (word == "ARRAY") return array_type(in);
  if (word == "MAP") return map_type(in);
  if (word == "STRUCT") return structure_type(in);
  if (word == "DECIMAL" || word == "DEC" || word == "NUMERIC") return decimal_type(in, token.span);
  if (word == "INTERVAL") return interval_type(in);
  for (const TypeName& type : type_names) {
    if (type.name == word) return Type::scalar(type.id);
  }
  return unknown_type(in, token);
}

std::vector<Field> read_fields(TokenStream& in, std::string_view closing) {
  std::vector<Field> fields;
  do {
    if (!read_field(in, fields)) return {};
  } while (in.eat_symbol(","));
  if (!ends_fields(in, closing)) in.fail_expected(closing.empty() ? "`,` or the end of the text" : "`,` or `>`");
  return fields;
}

Result<data::SchemaPtr> parse_schema(std::string_view text, const Place& at) {
  STREAMOPS_ASSIGN(std::vector<Field> fields, read_all(text, at, [](TokenStream& in) { return read_fields(in, ""); }));
  return std::make_shared<const data::Schema>(std::move(fields));
}

Result<TypePtr> parse_type(std::string_view text, const Place& at) {
  return read_all(text, at, [](TokenStream& in) { return read_type(in); });
}

}  // namespace streamops::sql
