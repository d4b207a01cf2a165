#include "sql/engine/functions/build_rows.h"

namespace streamops::sql {

Result<NodePtr> call_function(std::string_view name, const Binding& binding, std::vector<NodePtr> arguments) {
  const Function* function = find_function(name);
  STREAMOPS_CHECK(function != nullptr, "an entry of the function table calls one that is not there");
  Binding inner(*function, binding.tree(), std::move(arguments));
  return bind_call(inner, *function);
}

NodePtr text_constant(std::string_view text, Span span) {
  data::ColumnBuilder builder(data::Type::scalar(data::TypeId::string));
  builder.append_text(text);
  return constant_node(builder.finish(), span);
}

NodePtr integer_constant(std::int64_t value, data::TypeId type, Span span) {
  data::ColumnBuilder builder(data::Type::scalar(type));
  builder.append_integer(value);
  return constant_node(builder.finish(), span);
}

}  // namespace streamops::sql
