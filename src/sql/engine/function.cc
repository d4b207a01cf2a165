#include "sql/engine/function.h"

#include <fmt/format.h>

#include "errors/sql.h"

namespace streamops::sql {
namespace {

using data::TypeId;
using data::TypePtr;

bool fits(const Binding& binding, const Overload& overload, bool exactly) {
  for (std::size_t i = 0; i < overload.parameters.size(); ++i) {
    const data::Type& from = binding.type(i);
    const data::Type& to = *overload.parameters[i];
    if (exactly ? !same_layout(from, to) && from.id() != TypeId::null : !converts_implicitly(from, to)) return false;
  }
  return true;
}

const Overload* choose(const Binding& binding, const Function& function) {
  for (bool exactly : {true, false}) {
    for (const Overload& overload : function.overloads) {
      if (overload.parameters.size() == binding.size() && fits(binding, overload, exactly)) return &overload;
    }
  }
  return nullptr;
}

Error no_overload(const Binding& binding, const Function& function) {
  std::string given;
  for (std::size_t i = 0; i < binding.size(); ++i) given += (i == 0 ? "" : ", ") + binding.type(i).to_sql();
  bool right_count = false;
  for (const Overload& overload : function.overloads)
    right_count = right_count || overload.parameters.size() == binding.size();
  if (!right_count) {
    return Error(errors::sql::wrong_arguments, "{} does not take {} argument{}: {}", function.name, binding.size(),
                 binding.size() == 1 ? "" : "s", function.signature);
  }
  return Error(errors::sql::type_mismatch, "{} does not take ({}): {}", function.name, given, function.signature);
}

}  // namespace

Result<NodePtr> Binding::argument_as(std::size_t index, const TypePtr& to) const {
  if (!converts_implicitly(type(index), *to)) return mismatch(index, to->to_sql());
  return cast_node(arguments_[index], to, CastMode::strict, arguments_[index]->span());
}

Result<void> Binding::cast_argument(std::size_t index, const TypePtr& to) {
  STREAMOPS_ASSIGN(arguments_[index], cast_node(arguments_[index], to, CastMode::strict, arguments_[index]->span()));
  return Ok();
}

Result<TypePtr> Binding::unify(Strings strings, std::size_t first, std::size_t step) {
  TypePtr common = data::Type::scalar(TypeId::null);
  for (std::size_t i = first; i < size(); i += step) {
    TypePtr wider = common_type(common, arguments_[i]->type(), strings);
    if (!wider) {
      return Error(errors::sql::type_mismatch, "{} has no common type for {} and {}", function_.name, common->to_sql(),
                   type(i).to_sql());
    }
    common = std::move(wider);
  }
  for (std::size_t i = first; i < size(); i += step) STREAMOPS_RETURN_IF_ERROR(cast_argument(i, common));
  return common;
}

std::optional<std::string> Binding::constant_text(std::size_t index) const {
  const data::ColumnPtr value = arguments_[index]->constant();
  if (!value || value->is_null(0) || value->type()->id() != TypeId::string) return std::nullopt;
  return std::string(value->text(0));
}

std::optional<std::int64_t> Binding::constant_integer(std::size_t index) const {
  const data::ColumnPtr value = arguments_[index]->constant();
  if (!value || value->is_null(0)) return std::nullopt;
  switch (value->type()->id()) {
    case TypeId::int8:
      return value->values<std::int8_t>()[0];
    case TypeId::int16:
      return value->values<std::int16_t>()[0];
    case TypeId::int32:
      return value->values<std::int32_t>()[0];
    case TypeId::int64:
      return value->values<std::int64_t>()[0];
    default:
      return std::nullopt;
  }
}

Result<void> Binding::expect_arguments(std::size_t least, std::size_t most) const {
  if (size() >= least && size() <= most) return Ok();
  return Error(errors::sql::wrong_arguments, "{} does not take {} argument{}: {}", function_.name, size(),
               size() == 1 ? "" : "s", function_.signature);
}

Error Binding::mismatch(std::size_t index, std::string_view wanted) const {
  return Error(errors::sql::type_mismatch, "{} takes {} as argument {}, not {}", function_.name, wanted, index + 1,
               type(index).to_sql());
}

NodePtr Binding::node(TypePtr type, bool nullable, Kernel kernel) const {
  return call_node(std::move(type), nullable, call_.span, arguments_, std::move(kernel));
}

bool Binding::any_nullable() const {
  for (const NodePtr& argument : arguments_) {
    if (argument->nullable()) return true;
  }
  return false;
}

Result<NodePtr> bind_call(Binding& binding, const Function& function) {
  if (function.bind != nullptr) return function.bind(binding);
  const Overload* overload = choose(binding, function);
  if (overload == nullptr) return no_overload(binding, function);
  for (std::size_t i = 0; i < binding.size(); ++i)
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, overload->parameters[i]));
  return binding.node(overload->result, overload->may_give_null || binding.any_nullable(), overload->kernel);
}

}  // namespace streamops::sql
