#include "cql/store/evaluation.h"

#include <fmt/format.h>

#include "cql/protocol/value.h"
#include "cql/store/functions.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

/// The type that the literal's own place asks for: "value(l)" and its kin.
struct Part {
  const Term* term;
  std::string receiver;
  CqlTypePtr type;
};

void add_items(std::vector<Part>& out, const std::vector<Term>& items, std::string_view receiver, const CqlType& type) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (type.id() == TypeId::tuple && i >= type.children().size()) return;
    const CqlTypePtr& child = type.id() == TypeId::tuple ? type.children()[i] : type.children()[0];
    out.push_back({&items[i], fmt::format("value({})", receiver), child});
  }
}

/// The direct parts of a composed literal.
std::vector<Part> parts_of(const Term& term, std::string_view receiver, const CqlType& type) {
  std::vector<Part> out;
  const bool has_children = !type.children().empty();
  if (const auto* list = term.as<ListTerm>(); list != nullptr && has_children)
    add_items(out, list->items, receiver, type);
  if (const auto* set = term.as<SetTerm>(); set != nullptr && has_children) add_items(out, set->items, receiver, type);
  if (const auto* tuple = term.as<TupleTerm>(); tuple != nullptr && has_children)
    add_items(out, tuple->items, receiver, type);
  if (const auto* map = term.as<MapTerm>(); map != nullptr && type.id() == TypeId::map) {
    for (const auto& [key, value] : map->entries) {
      out.push_back({&key, fmt::format("key({})", receiver), type.children()[0]});
      out.push_back({&value, fmt::format("value({})", receiver), type.children()[1]});
    }
  }
  if (const auto* udt = term.as<UdtTerm>(); udt != nullptr && type.id() == TypeId::udt) {
    for (const auto& [field, value] : udt->fields) {
      for (std::size_t i = 0; i < type.field_names().size(); ++i) {
        if (type.field_names()[i] == field)
          out.push_back({&value, fmt::format("{}.{}", receiver, field), type.children()[i]});
      }
    }
  }
  return out;
}

bool is_constant(const Term& term) {
  if (term.as<Marker>() != nullptr || term.as<FunctionTerm>() != nullptr) return false;
  const auto all = [](const std::vector<Term>& items) {
    for (const Term& item : items) {
      if (!is_constant(item)) return false;
    }
    return true;
  };
  if (const auto* list = term.as<ListTerm>()) return all(list->items);
  if (const auto* set = term.as<SetTerm>()) return all(set->items);
  if (const auto* tuple = term.as<TupleTerm>()) return all(tuple->items);
  if (const auto* cast = term.as<CastTerm>()) return all(cast->operand);
  if (const auto* sum = term.as<ArithmeticTerm>()) return all(sum->operands);
  if (const auto* map = term.as<MapTerm>()) {
    for (const auto& [key, value] : map->entries) {
      if (!is_constant(key) || !is_constant(value)) return false;
    }
  }
  if (const auto* udt = term.as<UdtTerm>()) {
    for (const auto& [field, value] : udt->fields) {
      if (!is_constant(value)) return false;
    }
  }
  return true;
}

}  // namespace

MarkerSpecs::MarkerSpecs(const std::vector<std::string>& names, std::string keyspace, std::string table)
    : keyspace_(std::move(keyspace)), table_(std::move(table)), names_(names), specs_(names.size()) {}

void MarkerSpecs::describe(const Marker& marker, std::string_view receiver, CqlTypePtr type) {
  const std::string& name = names_[marker.index];
  specs_[marker.index] = {keyspace_, table_, name.empty() ? std::string(receiver) : name, std::move(type)};
}

Result<void> MarkerSpecs::describe_all(const Term& term, std::string_view receiver, const CqlTypePtr& type) {
  if (const auto* marker = term.as<Marker>()) {
    describe(*marker, receiver, type);
    return Ok();
  }
  if (const auto* call = term.as<FunctionTerm>()) {
    STREAMOPS_ASSIGN(const ScalarFunction* function, function_of_term(*call));
    for (std::size_t i = 0; i < call->arguments.size(); ++i) {
      STREAMOPS_RETURN_IF_ERROR(
          describe_all(call->arguments[i], fmt::format("arg{}({})", i, call->function.name), function->parameters[i]));
    }
    return Ok();
  }
  if (const auto* cast = term.as<CastTerm>()) {
    STREAMOPS_ASSIGN(const CqlTypePtr to, resolve_type(cast->type));
    return describe_all(cast->operand[0], receiver, to);
  }
  if (const auto* sum = term.as<ArithmeticTerm>()) {
    for (const Term& operand : sum->operands) STREAMOPS_RETURN_IF_ERROR(describe_all(operand, receiver, type));
    return Ok();
  }
  for (const Part& part : parts_of(term, receiver, *type)) {
    STREAMOPS_RETURN_IF_ERROR(describe_all(*part.term, part.receiver, part.type));
  }
  return Ok();
}

Result<std::vector<ColumnSpec>> MarkerSpecs::take() {
  for (std::size_t i = 0; i < specs_.size(); ++i) {
    if (!specs_[i].type) {
      return Error(errors::cql::invalid_request, "the type of bind variable {} cannot be inferred", i + 1)
          .with_hint("write a cast in front of it: (int)?");
    }
  }
  return std::move(specs_);
}

Result<Value> Evaluation::bound(std::size_t index) const {
  if (index < values_.size()) return values_[index];
  return Error(errors::cql::invalid_request, "Invalid amount of bind variables: {} given, more are needed",
               values_.size());
}

Bytes Evaluation::next_timeuuid() {
  // Ticks of 100 ns; uniqueness across calls comes from the random clock sequence and node.
  const Uuid uuid = make_timeuuid(now_micros_ * 10, random_.next());
  return {uuid.bytes.begin(), uuid.bytes.end()};
}

BytesView Evaluation::keep(Bytes bytes) {
  kept_.push_back(std::move(bytes));
  return kept_.back();
}

Result<ValueSource> ValueSource::compile(const Term& term, const CqlTypePtr& type, std::string_view receiver,
                                         MarkerSpecs& markers) {
  ValueSource out;
  out.type_ = type;
  out.receiver_ = receiver;
  STREAMOPS_RETURN_IF_ERROR(markers.describe_all(term, receiver, type));
  if (const auto* marker = term.as<Marker>()) {
    out.marker_ = marker->index;
    return out;
  }
  if (is_constant(term)) {
    STREAMOPS_ASSIGN(out.constant_, evaluate(term, *type, receiver));
    return out;
  }
  out.term_ = term;
  return out;
}

ValueSource ValueSource::constant(Bytes bytes, CqlTypePtr type) {
  ValueSource out;
  out.type_ = std::move(type);
  out.constant_ = OwnedValue::of(std::move(bytes));
  return out;
}

Result<Value> ValueSource::get(Evaluation& evaluation) const {
  if (constant_) return constant_->view();
  if (marker_) {
    STREAMOPS_ASSIGN(const Value value, evaluation.bound(*marker_));
    if (value.has_bytes()) STREAMOPS_RETURN_IF_ERROR(validate(*type_, value.bytes));
    return value;
  }
  TermContext context;
  context.marker = [&evaluation](const Marker& marker, const CqlType& type) -> Result<OwnedValue> {
    STREAMOPS_ASSIGN(const Value value, evaluation.bound(marker.index));
    if (!value.has_bytes()) return OwnedValue{value.state, {}};
    STREAMOPS_RETURN_IF_ERROR(validate(type, value.bytes));
    return OwnedValue::of(Bytes(value.bytes.begin(), value.bytes.end()));
  };
  context.function = [&evaluation](const FunctionTerm& call, const CqlType& type) {
    return call_in_term(call, type, evaluation);
  };
  STREAMOPS_ASSIGN(OwnedValue value, evaluate(*term_, *type_, receiver_, context));
  if (!value.view().has_bytes()) return Value{value.state, {}};
  return Value::of(evaluation.keep(std::move(value.bytes)));
}

Result<BytesView> ValueSource::get_present(Evaluation& evaluation) const {
  STREAMOPS_ASSIGN(const Value value, get(evaluation));
  if (value.is_null())
    return Error(errors::cql::invalid_request, "Invalid null value in condition for column {}", receiver_);
  if (value.is_unset()) return Error(errors::cql::invalid_request, "Invalid unset value for column {}", receiver_);
  return value.bytes;
}

}  // namespace streamops::cql::store
