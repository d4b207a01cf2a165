#include "cql/grammar/select.h"

#include <fmt/format.h>

#include "cql/grammar/parser.h"

namespace streamops::cql {

namespace {

std::vector<Selector> one(Selector selector) {
  std::vector<Selector> out;
  out.push_back(std::move(selector));
  return out;
}

Result<std::vector<Selector>> parse_group(Parser& parser, std::string_view close) {
  std::vector<Selector> out;
  if (parser.accept_symbol(close)) return out;
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    STREAMOPS_ASSIGN(Selector item, parse_selector(parser));
    out.push_back(std::move(item));
    return Ok();
  }));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(close));
  return out;
}

Result<Selector> parse_primary(Parser& parser);

/// Behind an opening bracket: [element], [from..to], [..to], [from..].
Result<Selector> parse_element(Parser& parser, Selector operand) {
  std::optional<Term> from;
  if (!parser.is_symbol("..")) {
    STREAMOPS_ASSIGN(Term term, parse_term(parser));
    from = std::move(term);
  }
  if (parser.accept_symbol("]")) return Selector{ElementSelector{one(std::move(operand)), std::move(*from)}};
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(".."));
  std::optional<Term> to;
  if (!parser.is_symbol("]")) {
    STREAMOPS_ASSIGN(Term term, parse_term(parser));
    to = std::move(term);
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("]"));
  return Selector{SliceSelector{one(std::move(operand)), std::move(from), std::move(to)}};
}

/// .field and [element] behind a selector.
Result<Selector> parse_parts(Parser& parser, Selector operand) {
  for (;;) {
    if (parser.accept_symbol(".")) {
      STREAMOPS_ASSIGN(std::string field, parser.name());
      operand = Selector{FieldSelector{one(std::move(operand)), std::move(field)}};
    } else if (parser.accept_symbol("[")) {
      STREAMOPS_ASSIGN(operand, parse_element(parser, std::move(operand)));
    } else {
      return operand;
    }
  }
}

/// writetime(column), also of a part of it; the cursor is behind the opening parenthesis.
Result<Selector> parse_cell_info(Parser& parser, CellInfoSelector::Kind kind) {
  STREAMOPS_ASSIGN(std::string column, parser.name());
  STREAMOPS_ASSIGN(Selector operand, parse_parts(parser, Selector{ColumnSelector{std::move(column)}}));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  return Selector{CellInfoSelector{kind, one(std::move(operand))}};
}

/// Behind "cast(".
Result<Selector> parse_cast(Parser& parser) {
  STREAMOPS_ASSIGN(Selector operand, parse_selector(parser));
  STREAMOPS_RETURN_IF_ERROR(parser.expect("as"));
  CastSelector out;
  out.operand = one(std::move(operand));
  STREAMOPS_ASSIGN(out.type, parse_type_name(parser));
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol(")"));
  return Selector{std::move(out)};
}

bool accept_call(Parser& parser, std::string_view word) {
  if (!parser.is(word) || !parser.is_symbol("(", 1)) return false;
  parser.advance();
  parser.advance();
  return true;
}

/// count(*) and count(1); the cursor stays where it was when it is something else.
bool accept_count(Parser& parser) {
  const bool star = parser.is_symbol("*", 2);
  const bool one_row = parser.peek(2).kind == TokenKind::integer && parser.peek(2).raw == "1";
  if (!parser.is("count") || !parser.is_symbol("(", 1) || !(star || one_row) || !parser.is_symbol(")", 3)) return false;
  for (int i = 0; i < 4; ++i) parser.advance();
  return true;
}

bool is_function_ahead(const Parser& parser) {
  if (parser.is("token")) return parser.is_symbol("(", 1);
  if (!parser.is_name()) return false;
  return parser.is_symbol("(", 1) || (parser.is_symbol(".", 1) && parser.is_name(2) && parser.is_symbol("(", 3));
}

Result<Selector> parse_function(Parser& parser) {
  FunctionSelector out;
  if (parser.accept("token")) {
    out.function.name = "token";
  } else {
    STREAMOPS_ASSIGN(out.function, parser.qualified_name());
  }
  STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("("));
  STREAMOPS_ASSIGN(out.arguments, parse_group(parser, ")"));
  return Selector{std::move(out)};
}

bool is_term_ahead(const Parser& parser) {
  switch (parser.peek().kind) {
    case TokenKind::string:
    case TokenKind::integer:
    case TokenKind::floating:
    case TokenKind::uuid:
    case TokenKind::blob:
    case TokenKind::duration:
      return true;
    case TokenKind::symbol:
      return parser.is_symbol("?") || parser.is_symbol(":");
    default:
      return parser.is("null") || parser.is("true") || parser.is("false") || parser.is("nan") || parser.is("infinity");
  }
}

/// A cast such as (int) 1 is a term; other parentheses group.
Result<Selector> parse_parentheses(Parser& parser) {
  const Token& inside = parser.peek(1);
  const bool cast = inside.kind == TokenKind::word && parser.is_symbol(")", 2) && scalar_by_name(inside.raw) != nullptr;
  if (cast) {
    STREAMOPS_ASSIGN(Term term, parse_simple_term(parser));
    return Selector{TermSelector{std::move(term)}};
  }
  parser.advance();
  STREAMOPS_ASSIGN(std::vector<Selector> items, parse_group(parser, ")"));
  if (items.size() == 1) return std::move(items[0]);
  return Selector{GroupSelector{'(', std::move(items)}};
}

Result<Selector> parse_primary(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.enter());
  const Depth depth(parser);
  if (accept_count(parser)) return Selector{CountSelector{}};
  if (accept_call(parser, "writetime")) return parse_cell_info(parser, CellInfoSelector::Kind::writetime);
  if (accept_call(parser, "maxwritetime")) return parse_cell_info(parser, CellInfoSelector::Kind::maxwritetime);
  if (accept_call(parser, "ttl")) return parse_cell_info(parser, CellInfoSelector::Kind::ttl);
  if (accept_call(parser, "cast")) return parse_cast(parser);
  if (is_function_ahead(parser)) return parse_function(parser);
  if (is_term_ahead(parser)) {
    STREAMOPS_ASSIGN(Term term, parse_simple_term(parser));
    return Selector{TermSelector{std::move(term)}};
  }
  if (parser.is_symbol("(")) return parse_parentheses(parser);
  if (parser.is_symbol("[") || parser.is_symbol("{")) {
    const char bracket = parser.advance().raw[0];
    STREAMOPS_ASSIGN(std::vector<Selector> items, parse_group(parser, bracket == '[' ? "]" : "}"));
    return Selector{GroupSelector{bracket, std::move(items)}};
  }
  if (parser.accept_symbol("-")) {
    ArithmeticSelector out{'-', {}};
    STREAMOPS_ASSIGN(Selector operand, parse_primary(parser));
    out.operands.push_back(std::move(operand));
    return Selector{std::move(out)};
  }
  STREAMOPS_ASSIGN(std::string column, parser.name());
  return Selector{ColumnSelector{std::move(column)}};
}

Result<Selector> parse_level(Parser& parser, int level) {
  if (level == 2) {
    STREAMOPS_ASSIGN(Selector primary, parse_primary(parser));
    return parse_parts(parser, std::move(primary));
  }
  STREAMOPS_ASSIGN(Selector left, parse_level(parser, level + 1));
  const std::string_view signs = level == 0 ? "+-" : "*/%";
  while (parser.peek().kind == TokenKind::symbol && parser.peek().raw.size() == 1 &&
         signs.find(parser.peek().raw[0]) != std::string_view::npos) {
    ArithmeticSelector out{parser.advance().raw[0], {}};
    STREAMOPS_ASSIGN(Selector right, parse_level(parser, level + 1));
    out.operands.push_back(std::move(left));
    out.operands.push_back(std::move(right));
    left = Selector{std::move(out)};
  }
  return left;
}

Result<void> parse_columns(Parser& parser, Select& out) {
  if (parser.accept_symbol("*")) return Ok();
  return parser.separated([&]() -> Result<void> {
    SelectedColumn column;
    STREAMOPS_ASSIGN(column.selector, parse_selector(parser));
    if (parser.accept("as")) {
      STREAMOPS_ASSIGN(column.alias, parser.name());
    }
    out.columns.push_back(std::move(column));
    return Ok();
  });
}

Result<void> parse_ordering(Parser& parser, Select& out) {
  return parser.separated([&]() -> Result<void> {
    Ordering ordering;
    STREAMOPS_ASSIGN(ordering.column, parser.name());
    if (parser.accept({"ann", "of"})) {
      STREAMOPS_ASSIGN(Term target, parse_term(parser));
      ordering.ann_of = std::move(target);
    }
    ordering.descending = parser.accept("desc");
    if (!ordering.descending) parser.accept("asc");
    out.order_by.push_back(std::move(ordering));
    return Ok();
  });
}

Result<Term> parse_limit(Parser& parser) {
  const bool right = parser.peek().kind == TokenKind::integer || parser.is_symbol("?") || parser.is_symbol(":") ||
                     parser.is_symbol("-");
  if (!right) return parser.unexpected();
  return parse_simple_term(parser);
}

/// What follows the table, in its fixed order.
Result<void> parse_clauses(Parser& parser, Select& out) {
  if (parser.accept("where")) {
    STREAMOPS_ASSIGN(out.where, parse_where(parser));
  }
  if (parser.accept({"group", "by"})) {
    STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
      STREAMOPS_ASSIGN(Selector selector, parse_selector(parser));
      out.group_by.push_back(std::move(selector));
      return Ok();
    }));
  }
  if (parser.accept({"order", "by"})) STREAMOPS_RETURN_IF_ERROR(parse_ordering(parser, out));
  if (parser.accept({"per", "partition", "limit"})) {
    STREAMOPS_ASSIGN(Term limit, parse_limit(parser));
    out.per_partition_limit = std::move(limit);
  }
  if (parser.accept("limit")) {
    STREAMOPS_ASSIGN(Term limit, parse_limit(parser));
    out.limit = std::move(limit);
  }
  out.allow_filtering = parser.accept({"allow", "filtering"});
  return Ok();
}

std::string names_of(const std::vector<Selector>& selectors) {
  std::string out;
  for (const Selector& selector : selectors) {
    if (!out.empty()) out += ", ";
    out += result_name(selector);
  }
  return out;
}

struct Namer {
  std::string operator()(const ColumnSelector& selector) const { return selector.column; }
  std::string operator()(const CountSelector&) const { return "count"; }
  std::string operator()(const FunctionSelector& selector) const {
    const bool system = selector.function.keyspace.empty() || selector.function.keyspace == "system";
    return (system ? "system." : selector.function.keyspace + ".") + selector.function.name + "(" +
           names_of(selector.arguments) + ")";
  }
  std::string operator()(const CellInfoSelector& selector) const {
    constexpr std::string_view kNames[] = {"writetime", "maxwritetime", "ttl"};
    return fmt::format("{}({})", kNames[static_cast<std::size_t>(selector.kind)], result_name(selector.operand[0]));
  }
  std::string operator()(const CastSelector& selector) const {
    return fmt::format("cast({} as {})", result_name(selector.operand[0]), to_cql(selector.type));
  }
  std::string operator()(const FieldSelector& selector) const {
    return result_name(selector.operand[0]) + "." + selector.field;
  }
  std::string operator()(const ElementSelector& selector) const {
    return fmt::format("{}[{}]", result_name(selector.operand[0]), to_cql(selector.element));
  }
  std::string operator()(const SliceSelector& selector) const {
    return fmt::format("{}[{}..{}]", result_name(selector.operand[0]), selector.from ? to_cql(*selector.from) : "",
                       selector.to ? to_cql(*selector.to) : "");
  }
  std::string operator()(const TermSelector& selector) const { return to_cql(selector.term); }
  std::string operator()(const ArithmeticSelector& selector) const {
    if (selector.operands.size() == 1) return "-" + result_name(selector.operands[0]);
    return fmt::format("{} {} {}", result_name(selector.operands[0]), selector.sign, result_name(selector.operands[1]));
  }
  std::string operator()(const GroupSelector& selector) const {
    const char close = selector.bracket == '(' ? ')' : selector.bracket == '[' ? ']' : '}';
    return selector.bracket + names_of(selector.items) + close;
  }
};

}  // namespace

std::string result_name(const Selector& selector) {
  return std::visit(Namer{}, selector.node);
}

Result<Selector> parse_selector(Parser& parser) {
  return parse_level(parser, 0);
}

Result<Select> parse_select(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.expect("select"));
  Select out;
  // "json" and "distinct" are columns too: SELECT json FROM t.
  const auto is_prefix = [&](std::string_view word) {
    return parser.is(word) && !parser.is_symbol(",", 1) && !parser.is({word, "from"}) && !parser.is({word, "as"});
  };
  if (is_prefix("json")) out.json = parser.accept("json");
  if (is_prefix("distinct")) out.distinct = parser.accept("distinct");
  STREAMOPS_RETURN_IF_ERROR(parse_columns(parser, out));
  STREAMOPS_RETURN_IF_ERROR(parser.expect("from"));
  STREAMOPS_ASSIGN(out.table, parser.qualified_name());
  STREAMOPS_RETURN_IF_ERROR(parse_clauses(parser, out));
  return out;
}

}  // namespace streamops::cql
