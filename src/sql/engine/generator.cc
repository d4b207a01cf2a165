#include "sql/engine/generator.h"

#include <algorithm>

#include "base/text.h"
#include "errors/sql.h"
#include "sql/engine/nested.h"

namespace streamops::sql {
namespace {

using data::TypeId;

constexpr std::size_t most_elements = 16'000'000;

}  // namespace

Result<Generator> Generator::bind(const LateralView& view, Binder& binder, const SourceText& source) {
  const Expression& call = *view.generator;
  std::string name = call.function;
  Generator generator;
  generator.outer_ = view.outer;
  if (name.ends_with("_outer")) {
    generator.outer_ = true;
    name.resize(name.size() - 6);
  }
  generator.positions_ = name == "posexplode";
  generator.inline_ = name == "inline";
  if (name != "explode" && name != "posexplode" && name != "inline") {
    return source.at(call.head, Error(errors::sql::not_served, "LATERAL VIEW {} is not served", call.function)
                                    .with_hint("explode, posexplode and inline are, each also with _outer"));
  }
  if (call.children.size() != 1) {
    return source.at(call.head,
                     Error(errors::sql::wrong_arguments, "{} takes one argument, not {}", name, call.children.size()));
  }
  STREAMOPS_ASSIGN(generator.value_, binder.bind(*call.children[0]));
  const data::Type& type = *generator.value_->type();
  const bool structures = type.id() == TypeId::array && type.element()->id() == TypeId::structure;
  if (generator.inline_ ? !structures : type.id() != TypeId::array && type.id() != TypeId::map) {
    return source.at(call.children[0]->span,
                     Error(errors::sql::type_mismatch, "{} takes {}, not {}", name,
                           generator.inline_ ? "an ARRAY of STRUCTs" : "an ARRAY or a MAP", type.to_sql()));
  }
  if (generator.positions_) generator.columns_.push_back({"pos", data::Type::scalar(TypeId::int32), generator.outer_});
  if (generator.inline_) {
    for (const data::Field& field : type.element()->fields())
      generator.columns_.push_back({field.name, field.type, true});
  } else if (type.id() == TypeId::map) {
    generator.columns_.push_back({"key", type.fields()[0].type, generator.outer_});
    generator.columns_.push_back({"value", type.fields()[1].type, true});
  } else {
    generator.columns_.push_back({"col", type.element(), type.fields()[0].nullable || generator.outer_});
  }
  return generator;
}

Generated Generator::run(const Frame& frame) const {
  const data::ColumnPtr list = flat(value_->evaluate(frame, {}), frame.rows);
  const auto at = list->offsets();
  Generated result;
  std::vector<std::int32_t> elements;
  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (frame.failures->any() && frame.failures->has(frame.source_row(row))) continue;
    const auto count = static_cast<std::size_t>(list->is_null(row) ? 0 : at[row + 1] - at[row]);
    if (elements.size() + count > most_elements) {
      frame.fail(
          row, value_->span(),
          Error(errors::sql::value_too_large, "LATERAL VIEW would give more than {} rows in one batch", most_elements));
      continue;
    }
    for (std::size_t k = 0; k < count; ++k) {
      result.parents.push_back(static_cast<std::int32_t>(row));
      elements.push_back(at[row] + static_cast<std::int32_t>(k));
    }
    if (count > 0 || !outer_) continue;
    result.parents.push_back(static_cast<std::int32_t>(row));
    elements.push_back(-1);
  }
  if (positions_) {
    data::ColumnBuilder positions(data::Type::scalar(TypeId::int32));
    positions.reserve(elements.size());
    for (std::size_t i = 0; i < elements.size(); ++i) {
      const auto start = elements[i] < 0 ? 0 : at[static_cast<std::size_t>(result.parents[i])];
      elements[i] < 0 ? positions.append_null() : positions.append_integer(elements[i] - start);
    }
    result.columns.push_back(positions.finish());
  }
  const std::vector<data::ColumnPtr>& children = inline_ ? list->children()[0]->children() : list->children();
  bool all = !elements.empty() && elements.size() == list->children()[0]->length();
  for (std::size_t i = 0; i < elements.size() && all; ++i) all = elements[i] == static_cast<std::int32_t>(i);
  for (const data::ColumnPtr& child : children) result.columns.push_back(all ? child : data::take(child, elements));
  return result;
}

}  // namespace streamops::sql
