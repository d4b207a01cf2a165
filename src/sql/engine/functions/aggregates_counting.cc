// count, count_if, bool_and, bool_or.
#include "sql/engine/functions/aggregate_families.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;

/// Rows whose arguments are all there; without arguments every row.
class Count : public CellAccumulator<Count, std::int64_t> {
 public:
  using Input = RowInput;
  bool absorb(std::int64_t& cell, const Input&, std::size_t) { return ++cell, true; }
  bool combine(std::int64_t& cell, const std::int64_t& other) { return cell += other, true; }
  std::optional<Error> emit(const std::int64_t& cell, data::ColumnBuilder& out) const {
    out.append_integer(cell);
    return std::nullopt;
  }
};

class CountIf : public CellAccumulator<CountIf, std::int64_t> {
 public:
  using Input = BooleanInput;
  bool absorb(std::int64_t& cell, const Input& in, std::size_t row) { return cell += in[row] ? 1 : 0, true; }
  bool combine(std::int64_t& cell, const std::int64_t& other) { return cell += other, true; }
  std::optional<Error> emit(const std::int64_t& cell, data::ColumnBuilder& out) const {
    out.append_integer(cell);
    return std::nullopt;
  }
};

struct Verdict {
  bool any = false;
  bool value = false;
};

template <bool conjunction>
class Logic : public CellAccumulator<Logic<conjunction>, Verdict> {
 public:
  using Input = BooleanInput;
  bool absorb(Verdict& cell, const Input& in, std::size_t row) { return combine(cell, {true, in[row]}); }
  bool combine(Verdict& cell, const Verdict& other) {
    if (!other.any) return true;
    const bool both = conjunction ? cell.value && other.value : cell.value || other.value;
    cell = {true, cell.any ? both : other.value};
    return true;
  }
  std::optional<Error> emit(const Verdict& cell, data::ColumnBuilder& out) const {
    cell.any ? out.append_boolean(cell.value) : out.append_null();
    return std::nullopt;
  }
  void get(Verdict& cell, StateReader& in) {
    cell.any = in.flag();
    cell.value = in.flag();
  }
};

template <typename A>
std::unique_ptr<Accumulator> make() {
  return std::make_unique<A>();
}

Result<BoundAggregate> bind_count(Binding& binding) {
  BoundAggregate bound{Type::scalar(TypeId::int64), false, {}, make<Count>};
  for (const NodePtr& argument : binding.arguments()) {
    // What is never null need not be looked at, unless it tells values apart.
    if (argument->nullable() || binding.tree().distinct) bound.arguments.push_back(argument);
  }
  return bound;
}

Result<BoundAggregate> bind_logic(Binding& binding, MakeAccumulator make, const data::TypePtr& result, bool nullable) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  const TypeId id = binding.id(0);
  if (id != TypeId::boolean && id != TypeId::null) return binding.mismatch(0, "BOOLEAN");
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::scalar(TypeId::boolean)));
  return BoundAggregate{result, nullable, binding.arguments(), std::move(make)};
}

Result<BoundAggregate> bind_count_if(Binding& binding) {
  return bind_logic(binding, make<CountIf>, Type::scalar(TypeId::int64), false);
}
Result<BoundAggregate> bind_and(Binding& binding) {
  return bind_logic(binding, make<Logic<true>>, Type::scalar(TypeId::boolean), true);
}
Result<BoundAggregate> bind_or(Binding& binding) {
  return bind_logic(binding, make<Logic<false>>, Type::scalar(TypeId::boolean), true);
}

}  // namespace

const std::vector<AggregateFunction>& counting_aggregates() {
  static const std::vector<AggregateFunction> functions = {
      {{.name = "count",
        .signature = "count(* | value, ...)",
        .summary = "How many rows there are; with values, how many rows have none of them null.",
        .examples = {{"count(*)", "4"}, {"count(n)", "3"}, {"count(DISTINCT n)", "2"}}},
       bind_count},
      {{.name = "count_if",
        .signature = "count_if(condition)",
        .summary = "How many rows the condition is true for.",
        .examples = {{"count_if(b)", "2"}, {"count_if(n > 5)", "0"}}},
       bind_count_if},
      {{.name = "bool_and",
        .signature = "bool_and(condition)",
        .summary = "True when the condition is false for no row; nulls do not count.",
        .examples = {{"bool_and(b)", "false"}, {"bool_and(n > 0)", "true"}},
        .aliases = {"every"}},
       bind_and},
      {{.name = "bool_or",
        .signature = "bool_or(condition)",
        .summary = "True when the condition is true for some row; nulls do not count.",
        .examples = {{"bool_or(b)", "true"}, {"bool_or(n > 5)", "false"}},
        .aliases = {"some", "any"}},
       bind_or},
  };
  return functions;
}

}  // namespace streamops::sql
