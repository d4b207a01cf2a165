#include "sql/engine/function.h"

#include <fmt/format.h>

#include "errors/sql.h"

namespace streamops::sql {
namespace {

using data::TypeId;
using data::TypePtr;

/// A call that is NULL where an argument is; see Binding::strict_node().
class StrictCallNode : public Node {
 public:
  StrictCallNode(TypePtr type, bool nullable, Span span, std::vector<NodePtr> children, Kernel kernel, bool last_first)
      : Node(std::move(type), nullable, span),
        children_(std::move(children)),
        kernel_(std::move(kernel)),
        last_first_(last_first) {}

  Vector evaluate(const Frame& frame, Mask active) const override {
    std::vector<Vector> arguments(children_.size());
    std::vector<std::uint8_t> present;  // empty: as `active`
    for (std::size_t i = 0; i < children_.size(); ++i) {
      const std::size_t at = last_first_ ? children_.size() - 1 - i : i;
      arguments[at] = children_[at]->evaluate(frame, present.empty() ? active : Mask(present));
      if (i + 1 == children_.size() || !arguments[at].column->has_nulls()) continue;
      if (!narrow(present, active, arguments[at], frame.rows)) return {data::nulls(type(), 1), true};
    }
    return kernel_(Call{frame, active, arguments, type(), span()});
  }

 private:
  /// Takes out the rows where the argument is null; false when none is left.
  static bool narrow(std::vector<std::uint8_t>& present, Mask active, const Vector& argument, std::size_t rows) {
    if (argument.constant) return false;
    if (present.empty()) active.empty() ? present.assign(rows, 1) : present.assign(active.begin(), active.end());
    std::uint8_t any = 0;
    for (std::size_t row = 0; row < rows; ++row) {
      present[row] = static_cast<std::uint8_t>(present[row] & (argument.column->is_null(row) ? 0 : 1));
      any |= present[row];
    }
    return any != 0;
  }

  std::vector<NodePtr> children_;
  Kernel kernel_;
  bool last_first_;
};

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
  const data::ColumnPtr constant = arguments_[index]->constant();
  const Span span = arguments_[index]->span();
  STREAMOPS_ASSIGN(arguments_[index], cast_node(arguments_[index], to, CastMode::strict, span));
  if (constant && constant->is_null(0)) arguments_[index] = null_node(to, span);
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

NodePtr Binding::strict_node(TypePtr type, bool nullable, Kernel kernel, bool last_first) const {
  if (arguments_.size() < 2) return node(std::move(type), nullable, std::move(kernel));
  for (const NodePtr& argument : arguments_) {  // Spark's optimizer drops the others, and their errors with them
    if (argument->constant() && argument->constant()->is_null(0)) return null_node(type, call_.span);
  }
  return std::make_shared<const StrictCallNode>(std::move(type), nullable, call_.span, arguments_, std::move(kernel),
                                                last_first);
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
  return binding.strict_node(overload->result, overload->may_give_null || binding.any_nullable(), overload->kernel);
}

}  // namespace streamops::sql
