#include "sql/engine/lambda.h"

#include "sql/engine/nested.h"

namespace streamops::sql {

bool is_present(const Call& call, const Vector& value, std::size_t row) {
  if (!call.active.empty() && call.active[row] == 0) return false;
  if (call.frame.failures->any() && call.frame.failures->has(call.frame.source_row(row))) return false;
  return !value.is_null(row);
}

Elements elements_of(const Call& call, const Vector& list) {
  Elements out;
  const auto at = list.column->offsets();
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (!is_present(call, list, row)) continue;
    const std::int32_t begin = at[list.index(row)], end = at[list.index(row) + 1];
    for (std::int32_t k = begin; k < end; ++k) {
      out.rows.push_back(static_cast<std::int32_t>(row));
      out.members.push_back(k);
      out.positions.push_back(k - begin);
    }
  }
  return out;
}

data::ColumnPtr apply(const Call& call, const Lambda& lambda, const Elements& elements,
                      const std::vector<data::ColumnPtr>& arguments) {
  const Frame& outer = call.frame;
  std::vector<std::int32_t> origin, ordinal;
  for (std::size_t i = 0; i < elements.rows.size(); ++i) {
    const auto row = static_cast<std::size_t>(elements.rows[i]);
    origin.push_back(static_cast<std::int32_t>(outer.source_row(row)));
    // Told apart for rand() and uuid(): by the place in the list, then by what told the rows apart.
    const std::uint32_t before = outer.ordinal.empty() ? 0 : static_cast<std::uint32_t>(outer.ordinal[row]);
    ordinal.push_back(static_cast<std::int32_t>(
        (before * 1'000'003U + static_cast<std::uint32_t>(elements.positions[i])) & INT32_MAX));
  }
  Frame inner;
  inner.rows = elements.rows.size();
  inner.origin = origin;
  inner.ordinal = ordinal;
  inner.context = outer.context;
  inner.source = outer.source;
  inner.failures = outer.failures;
  inner.outer = &outer;
  inner.parents = elements.rows;
  inner.first_parameter = lambda.first_parameter;
  inner.parameters.assign(arguments.begin(), arguments.begin() + static_cast<std::ptrdiff_t>(lambda.parameters));
  return flat(lambda.body->evaluate(inner, {}), inner.rows);
}

Vector lists(const Call& call, const Vector& value, const std::vector<std::int32_t>& counts,
             std::vector<data::ColumnPtr> children) {
  const std::size_t rows = call.frame.rows;
  Bytes validity((rows + 7) / 8, 0);
  Bytes offsets((rows + 1) * sizeof(std::int32_t));
  auto* ends = reinterpret_cast<std::int32_t*>(offsets.data());
  ends[0] = 0;
  for (std::size_t row = 0; row < rows; ++row) {
    ends[row + 1] = ends[row] + counts[row];
    if (is_present(call, value, row))
      validity[row >> 3] = static_cast<std::uint8_t>(validity[row >> 3] | 1U << (row & 7));
  }
  for (std::size_t i = 0; i < children.size(); ++i) children[i] = with_type(children[i], call.type->fields()[i].type);
  return {std::make_shared<const data::Column>(call.type, rows, std::move(validity), std::move(offsets), Bytes(),
                                               std::move(children)),
          false};
}

}  // namespace streamops::sql
