#include "cql/grammar/term.h"

#include <fmt/format.h>

namespace streamops::cql {

namespace {

std::string in_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += c;
  }
  return out + "'";
}

std::string items_text(const std::vector<Term>& items) {
  std::string out;
  for (const Term& item : items) {
    if (!out.empty()) out += ", ";
    out += to_cql(item);
  }
  return out;
}

struct Writer {
  std::string operator()(const NullTerm&) const { return "null"; }
  std::string operator()(const Constant& constant) const {
    return constant.kind == ConstantKind::string ? in_quotes(constant.text) : constant.text;
  }
  std::string operator()(const Marker& marker) const {
    return marker.name.empty() ? "?" : ":" + quote_identifier(marker.name);
  }
  std::string operator()(const ListTerm& list) const { return "[" + items_text(list.items) + "]"; }
  std::string operator()(const SetTerm& set) const { return "{" + items_text(set.items) + "}"; }
  std::string operator()(const TupleTerm& tuple) const { return "(" + items_text(tuple.items) + ")"; }
  std::string operator()(const MapTerm& map) const {
    std::string out;
    for (const auto& [key, value] : map.entries) {
      if (!out.empty()) out += ", ";
      out += to_cql(key) + ": " + to_cql(value);
    }
    return "{" + out + "}";
  }
  std::string operator()(const UdtTerm& udt) const {
    std::string out;
    for (const auto& [field, value] : udt.fields) {
      if (!out.empty()) out += ", ";
      out += quote_identifier(field) + ": " + to_cql(value);
    }
    return "{" + out + "}";
  }
  std::string operator()(const FunctionTerm& call) const {
    const std::string keyspace = call.function.keyspace.empty() ? "" : quote_identifier(call.function.keyspace) + ".";
    return keyspace + call.function.name + "(" + items_text(call.arguments) + ")";
  }
  std::string operator()(const CastTerm& cast) const { return "(" + to_cql(cast.type) + ")" + to_cql(cast.operand[0]); }
  std::string operator()(const ArithmeticTerm& sum) const {
    if (sum.operands.size() == 1) return "-" + to_cql(sum.operands[0]);
    return fmt::format("{} {} {}", to_cql(sum.operands[0]), sum.sign, to_cql(sum.operands[1]));
  }
};

}  // namespace

std::string to_cql(const Term& term) {
  return std::visit(Writer{}, term.node);
}

}  // namespace streamops::cql
