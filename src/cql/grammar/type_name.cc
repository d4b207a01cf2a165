#include "cql/grammar/type_name.h"

#include <fmt/format.h>

#include <charconv>

#include "base/text.h"
#include "cql/grammar/parser.h"
#include "cql/protocol/responses.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

constexpr std::uint32_t kMaxDimension = 8192;

Error bad(const std::string& message) {
  return {errors::cql_protocol::bad_statement, message};
}

/// Behind "<": arguments, for a vector its dimension too, ">".
Result<void> parse_arguments(Parser& parser, TypeName& out) {
  STREAMOPS_RETURN_IF_ERROR(parser.separated([&]() -> Result<void> {
    const Token& token = parser.peek();
    if (out.name == "vector" && !out.arguments.empty() && token.kind == TokenKind::integer) {
      std::from_chars(token.raw.data(), token.raw.data() + token.raw.size(), out.dimension);
      if (out.dimension == 0 || out.dimension > kMaxDimension) {
        return parser.contradiction(
            token, fmt::format("vectors may only have from 1 to {} dimensions. Given {}", kMaxDimension, token.raw));
      }
      parser.advance();
      return Ok();
    }
    STREAMOPS_ASSIGN(TypeName argument, parse_type_name(parser));
    out.arguments.push_back(std::move(argument));
    return Ok();
  }));
  return parser.expect_symbol(">");
}

bool is_constructor(const TypeName& name) {
  if (name.quoted || !name.keyspace.empty()) return false;
  return name.name == "list" || name.name == "set" || name.name == "map" || name.name == "tuple" ||
         name.name == "frozen" || name.name == "vector";
}

Result<void> expect_arguments(const TypeName& name, std::size_t count) {
  if (name.arguments.size() == count) return Ok();
  return bad(fmt::format("{} takes {} type parameter{}, not {}", name.name, count, count == 1 ? "" : "s",
                         name.arguments.size()));
}

/// Collections hold only what is frozen, whole values.
Result<void> check_nested(const CqlType& inner, const TypeName& outer) {
  if (inner.id() == TypeId::counter)
    return bad(fmt::format("Counters are not allowed inside collections: {}", to_cql(outer)));
  if (inner.is_multi_cell())
    return bad(
        fmt::format("Non-frozen collections and user types are not allowed inside collections: {}", to_cql(outer)));
  return Ok();
}

Result<CqlTypePtr> resolve_constructor(const TypeName& name, const UdtLookup& udts, bool frozen);

Result<CqlTypePtr> resolve_named(const TypeName& name, const UdtLookup& udts, bool frozen) {
  if (name.custom) return type_from_java_class(name.name);
  const bool may_be_native = !name.quoted && name.keyspace.empty();
  if (may_be_native) {
    if (CqlTypePtr scalar = scalar_by_name(name.name)) return scalar;
  }
  CqlTypePtr udt = udts ? udts(name.keyspace, name.name) : nullptr;
  if (udt == nullptr) return Error(errors::cql_protocol::bad_type, "Unknown type {}", to_cql(name));
  return frozen ? CqlType::freeze(udt) : udt;
}

Result<CqlTypePtr> resolve_any(const TypeName& name, const UdtLookup& udts, bool frozen) {
  return is_constructor(name) ? resolve_constructor(name, udts, frozen) : resolve_named(name, udts, frozen);
}

Result<CqlTypePtr> resolve_constructor(const TypeName& name, const UdtLookup& udts, bool frozen) {
  if (name.name == "frozen") {
    STREAMOPS_RETURN_IF_ERROR(expect_arguments(name, 1));
    const TypeName& inner = name.arguments[0];
    STREAMOPS_ASSIGN(CqlTypePtr type, resolve_any(inner, udts, true));
    if (type->is_scalar())
      return bad(fmt::format("frozen<> is only allowed on collections, tuples, and user-defined types (got {})",
                             to_cql(inner)));
    return CqlType::freeze(type);
  }
  const bool whole = frozen || name.name == "tuple" || name.name == "vector";
  if (name.name == "map") {
    STREAMOPS_RETURN_IF_ERROR(expect_arguments(name, 2));
  } else if (name.name != "tuple") {
    STREAMOPS_RETURN_IF_ERROR(expect_arguments(name, 1));
  }
  std::vector<CqlTypePtr> children;
  for (const TypeName& argument : name.arguments) {
    STREAMOPS_ASSIGN(CqlTypePtr child, resolve_any(argument, udts, whole));
    STREAMOPS_RETURN_IF_ERROR(check_nested(*child, name));
    children.push_back(std::move(child));
  }
  if (children.empty()) return bad("a tuple needs at least one type");
  if (name.name == "list") return CqlType::list(children[0], frozen);
  if (name.name == "set") return CqlType::set(children[0], frozen);
  if (name.name == "map") return CqlType::map(children[0], children[1], frozen);
  if (name.name == "tuple") return CqlType::tuple(std::move(children));
  if (name.dimension == 0) return bad("a vector needs its dimension: vector<float, 3>");
  return CqlType::vector(children[0], name.dimension);
}

}  // namespace

std::string to_cql(const TypeName& type) {
  if (type.custom) return "'" + type.name + "'";
  std::string out = type.keyspace.empty() ? "" : quote_identifier(type.keyspace) + ".";
  out += type.quoted ? quote_identifier(type.name) : type.name;
  if (type.arguments.empty()) return out;
  out += "<";
  for (std::size_t i = 0; i < type.arguments.size(); ++i) out += (i > 0 ? ", " : "") + to_cql(type.arguments[i]);
  if (type.dimension > 0) out += fmt::format(", {}", type.dimension);
  return out + ">";
}

Result<TypeName> parse_type_name(Parser& parser) {
  STREAMOPS_RETURN_IF_ERROR(parser.enter());
  const Depth depth(parser);
  TypeName out;
  if (parser.peek().kind == TokenKind::string) {
    out.custom = true;
    out.name = unquote(parser.advance().raw);
    return out;
  }
  out.quoted = parser.peek().kind == TokenKind::quoted_name;
  // "set" is reserved as a name and yet a type.
  if (parser.is("set")) {
    out.name = to_lower(parser.advance().raw);
  } else {
    STREAMOPS_ASSIGN(out.name, parser.name());
  }
  if (parser.accept_symbol(".")) {
    out.keyspace = std::move(out.name);
    out.quoted = parser.peek().kind == TokenKind::quoted_name;
    STREAMOPS_ASSIGN(out.name, parser.name());
  }
  if (is_constructor(out)) {
    STREAMOPS_RETURN_IF_ERROR(parser.expect_symbol("<"));
    STREAMOPS_RETURN_IF_ERROR(parse_arguments(parser, out));
  }
  return out;
}

Result<TypeName> parse_type_name(std::string_view text) {
  const ParseLimits limits{64 * 1024, 64, 10'000};
  if (text.size() > limits.max_length)
    return Error(errors::cql_protocol::too_deep, "a type of {} bytes is too long", text.size());
  STREAMOPS_ASSIGN(std::vector<Token> tokens, tokenize(text, limits.max_items));
  Parser parser(text, std::move(tokens), limits);
  STREAMOPS_ASSIGN(TypeName out, parse_type_name(parser));
  if (!parser.at_end()) return parser.unexpected("EOF");
  return out;
}

Result<CqlTypePtr> resolve_type(const TypeName& name, const UdtLookup& udts) {
  return resolve_any(name, udts, false);
}

Result<CqlTypePtr> parse_type(std::string_view text, const UdtLookup& udts) {
  STREAMOPS_ASSIGN(const TypeName name, parse_type_name(text));
  return resolve_type(name, udts);
}

}  // namespace streamops::cql
