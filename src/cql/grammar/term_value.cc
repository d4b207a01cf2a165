#include "cql/grammar/term_value.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {

namespace {

Error bad(const std::string& message) {
  return {errors::cql_protocol::bad_value, message};
}

class Evaluator {
 public:
  Evaluator(std::string_view receiver, const TermContext& context) : receiver_(receiver), context_(context) {}

  Result<OwnedValue> value(const Term& term, const CqlType& type) const {
    return std::visit([&](const auto& node) { return of(node, type); }, term.node);
  }

 private:
  Error wrong_literal(std::string_view what, const CqlType& type) const {
    return bad(fmt::format("Invalid {} literal for {} of type {}", what, receiver_, type.to_cql()));
  }

  Result<OwnedValue> of(const NullTerm&, const CqlType&) const { return OwnedValue::null(); }

  Result<OwnedValue> of(const Constant& constant, const CqlType& type) const {
    if (!constant_fits(constant.kind, type)) {
      return bad(fmt::format("Invalid {} constant ({}) for \"{}\" of type {}", to_string(constant.kind),
                             constant.text.substr(0, 100), receiver_, type.to_cql()));
    }
    STREAMOPS_ASSIGN(Bytes bytes, encode_constant(constant.kind, constant.text, type));
    return OwnedValue::of(std::move(bytes));
  }

  Result<OwnedValue> of(const Marker& marker, const CqlType& type) const {
    if (context_.marker) return context_.marker(marker, type);
    return bad(fmt::format("a bind marker cannot stand for {}: there are no bound values here", receiver_));
  }

  Result<OwnedValue> of(const FunctionTerm& call, const CqlType& type) const {
    if (context_.function) return context_.function(call, type);
    return bad(fmt::format("Unknown function {} called", to_cql(Term{call})));
  }

  Result<OwnedValue> of(const CastTerm& cast, const CqlType& type) const {
    STREAMOPS_ASSIGN(const CqlTypePtr hint, resolve_type(cast.type));
    const bool same = *hint == type || (hint->id() == type.id() && type.is_scalar());
    if (!same)
      return bad(fmt::format("Cannot assign value {} to {} of type {}", to_cql(Term{cast}), receiver_, type.to_cql()));
    return value(cast.operand[0], type);
  }

  /// Arithmetic of integer literals, which is what statements have in practice (`30 * 24 * 3600`).
  Result<OwnedValue> of(const ArithmeticTerm& sum, const CqlType& type) const {
    STREAMOPS_ASSIGN(const std::int64_t number, integer(Term{sum}));
    return of(Constant{ConstantKind::integer, std::to_string(number)}, type);
  }

  Result<std::int64_t> integer(const Term& term) const {
    if (const auto* constant = term.as<Constant>(); constant != nullptr && constant->kind == ConstantKind::integer) {
      STREAMOPS_ASSIGN(const Bytes bytes,
                       encode_constant(constant->kind, constant->text, *CqlType::scalar(TypeId::bigint)));
      return load_big_endian<std::int64_t>(bytes.data());
    }
    const auto* sum = term.as<ArithmeticTerm>();
    if (sum == nullptr)
      return bad(
          fmt::format("the operation {} is not served: only integer literals can be computed with", to_cql(term)));
    STREAMOPS_ASSIGN(const std::int64_t left, integer(sum->operands[0]));
    if (sum->operands.size() == 1)
      return left == INT64_MIN ? Result<std::int64_t>(overflow(term)) : Result<std::int64_t>(-left);
    STREAMOPS_ASSIGN(const std::int64_t right, integer(sum->operands[1]));
    return compute(term, sum->sign, left, right);
  }

  static Error overflow(const Term& term) { return bad(fmt::format("the operation {} overflows", to_cql(term))); }

  static Result<std::int64_t> compute(const Term& term, char sign, std::int64_t left, std::int64_t right) {
    std::int64_t out = 0;
    if (sign == '+') return __builtin_add_overflow(left, right, &out) ? Result<std::int64_t>(overflow(term)) : out;
    if (sign == '-') return __builtin_sub_overflow(left, right, &out) ? Result<std::int64_t>(overflow(term)) : out;
    if (sign == '*') return __builtin_mul_overflow(left, right, &out) ? Result<std::int64_t>(overflow(term)) : out;
    if (right == 0 || (left == INT64_MIN && right == -1))
      return bad(fmt::format("the operation {} divides by zero or overflows", to_cql(term)));
    return sign == '/' ? left / right : left % right;
  }

  /// One element of a collection: null and unset are refused.
  Result<Bytes> element(const Term& term, const CqlType& type) const {
    STREAMOPS_ASSIGN(OwnedValue item, value(term, type));
    if (item.is_null()) return bad("null is not supported inside collections");
    if (item.is_unset()) return bad("unset value is not supported inside collections");
    return std::move(item.bytes);
  }

  Result<OwnedValue> joined(const CqlType& type, const std::vector<Bytes>& elements) const {
    return OwnedValue::of(join_collection(type, std::vector<BytesView>(elements.begin(), elements.end())));
  }

  Result<OwnedValue> of(const ListTerm& list, const CqlType& type) const {
    if (type.id() == TypeId::vector) return vector(list.items, type);
    if (type.id() != TypeId::list) return wrong_literal("list", type);
    return collection(list.items, type);
  }

  Result<OwnedValue> of(const SetTerm& set, const CqlType& type) const {
    // {} is the empty map too, and the empty UDT.
    if (set.items.empty() && type.id() == TypeId::map) return joined(type, {});
    if (set.items.empty() && type.id() == TypeId::udt) return of(UdtTerm{}, type);
    if (type.id() != TypeId::set) return wrong_literal("set", type);
    return collection(set.items, type);
  }

  Result<OwnedValue> collection(const std::vector<Term>& items, const CqlType& type) const {
    std::vector<Bytes> elements;
    for (const Term& item : items) {
      STREAMOPS_ASSIGN(Bytes bytes, element(item, *type.element()));
      elements.push_back(std::move(bytes));
    }
    return joined(type, elements);
  }

  Result<OwnedValue> of(const MapTerm& map, const CqlType& type) const {
    if (type.id() != TypeId::map) return wrong_literal("map", type);
    std::vector<Bytes> elements;
    for (const auto& [key, item] : map.entries) {
      STREAMOPS_ASSIGN(Bytes key_bytes, element(key, *type.children()[0]));
      STREAMOPS_ASSIGN(Bytes item_bytes, element(item, *type.children()[1]));
      elements.push_back(std::move(key_bytes));
      elements.push_back(std::move(item_bytes));
    }
    return joined(type, elements);
  }

  Result<OwnedValue> vector(const std::vector<Term>& items, const CqlType& type) const {
    if (items.size() != type.dimension()) {
      return bad(fmt::format("Invalid vector literal for {} of type {}; expected {} elements, but given {}", receiver_,
                             type.to_cql(), type.dimension(), items.size()));
    }
    Bytes out;
    for (const Term& item : items) {
      STREAMOPS_ASSIGN(const Bytes bytes, element(item, *type.element()));
      if (type.element()->fixed_length() < 0) append_unsigned_vint(out, bytes.size());
      append_bytes(out, bytes);
    }
    return OwnedValue::of(std::move(out));
  }

  Result<void> append_member(Bytes& out, const Term& term, const CqlType& type) const {
    STREAMOPS_ASSIGN(const OwnedValue member, value(term, type));
    if (member.is_unset()) return bad(fmt::format("Invalid unset value inside of {}", receiver_));
    append_value(out, member.view());
    return Ok();
  }

  Result<OwnedValue> of(const TupleTerm& tuple, const CqlType& type) const {
    // (1) is 1 in parentheses.
    if (tuple.items.size() == 1 && type.id() != TypeId::tuple) return value(tuple.items[0], type);
    if (type.id() != TypeId::tuple) return wrong_literal("tuple", type);
    if (tuple.items.size() > type.children().size()) {
      return bad(fmt::format("Invalid tuple literal for {}: too many elements. Type {} expects {} but got {}",
                             receiver_, type.to_cql(), type.children().size(), tuple.items.size()));
    }
    Bytes out;
    for (std::size_t i = 0; i < tuple.items.size(); ++i)
      STREAMOPS_RETURN_IF_ERROR(append_member(out, tuple.items[i], *type.children()[i]));
    return OwnedValue::of(std::move(out));
  }

  Result<OwnedValue> of(const UdtTerm& udt, const CqlType& type) const {
    if (type.id() == TypeId::map && !udt.fields.empty()) {
      return bad(fmt::format("Invalid map literal for {}: keys must be constants or markers, not names", receiver_));
    }
    if (type.id() != TypeId::udt) return wrong_literal("user type", type);
    for (const auto& [name, term] : udt.fields) {
      const auto& names = type.field_names();
      if (std::find(names.begin(), names.end(), name) != names.end()) continue;
      return bad(fmt::format("Unknown field '{}' in value of user defined type {}", name, type.name()))
          .with_label(did_you_mean(name, names));
    }
    Bytes out;
    for (std::size_t i = 0; i < type.children().size(); ++i) {
      const Term null{NullTerm{}};
      const auto found = std::find_if(udt.fields.begin(), udt.fields.end(),
                                      [&](const auto& field) { return field.name == type.field_names()[i]; });
      STREAMOPS_RETURN_IF_ERROR(
          append_member(out, found == udt.fields.end() ? null : found->value, *type.children()[i]));
    }
    return OwnedValue::of(std::move(out));
  }

  std::string_view receiver_;
  const TermContext& context_;
};

}  // namespace

Result<OwnedValue> evaluate(const Term& term, const CqlType& type, std::string_view receiver,
                            const TermContext& context) {
  return Evaluator(receiver, context).value(term, type);
}

}  // namespace streamops::cql
