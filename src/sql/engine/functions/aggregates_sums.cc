// sum and avg. What would leave the range of a sum is not added: its row fails (ANSI).
#include <algorithm>
#include <cmath>

#include "errors/sql.h"
#include "sql/engine/functions/aggregate_families.h"

namespace streamops::sql {
namespace {

using data::Int128;
using data::Type;
using data::TypeId;
using data::TypePtr;

struct WholeCell {
  Int128 sum = 0;
  std::int64_t count = 0;
};

Int128 magnitude(Int128 value) {
  return value < 0 ? -value : value;
}

/// The sum of whole numbers (or unscaled decimals) of type T, kept within ±limit.
template <typename T>
class WholeSum : public CellAccumulator<WholeSum<T>, WholeCell> {
 public:
  using Input = ValueInput<T>;
  explicit WholeSum(Int128 limit) : limit_(limit) {}

  Error refusal() const override {
    if (limit_ == INT64_MAX) return Accumulator::refusal();
    return Error(errors::sql::arithmetic_overflow,
                 "[NUMERIC_VALUE_OUT_OF_RANGE] the sum has more digits than its type DECIMAL holds");
  }
  /// Sums grow by no more than the batch's values together.
  bool may_fail(Arguments arguments) const override {
    const Input in(arguments);
    double total = 0;
    for (std::size_t row = 0; row < in.column.length(); ++row)
      total += std::abs(static_cast<double>(in.present(row) ? in[row] : T{}));
    const double near = 0.99 * static_cast<double>(limit_);
    if (peak_ + total > near) {
      peak_ = 0;
      for (const WholeCell& cell : this->cells_) peak_ = std::max(peak_, static_cast<double>(magnitude(cell.sum)));
    }
    peak_ += total;
    return peak_ > near;
  }
  bool absorb(WholeCell& cell, const Input& in, std::size_t row) {
    return combine(cell, {static_cast<Int128>(in[row]), 1});
  }
  bool combine(WholeCell& cell, const WholeCell& other) {
    Int128 sum = 0;
    if (__builtin_add_overflow(cell.sum, other.sum, &sum) || sum > limit_ || sum < lowest()) return false;
    cell = {sum, cell.count + other.count};
    return true;
  }
  std::optional<Error> emit(const WholeCell& cell, data::ColumnBuilder& out) const {
    if (cell.count == 0) {
      out.append_null();
    } else if (out.type()->id() == TypeId::decimal) {
      out.append_decimal(cell.sum);
    } else {
      out.append_integer(static_cast<std::int64_t>(cell.sum));
    }
    return std::nullopt;
  }
  void get(WholeCell& cell, StateReader& in) {
    cell.sum = in.fixed<Int128>();
    cell.count = in.fixed<std::int64_t>();
    if (cell.sum > limit_ || cell.sum < lowest() || cell.count < 0) return in.fail();
    peak_ += static_cast<double>(magnitude(cell.sum));
  }
  void put(const WholeCell& cell, std::string& out) const {
    put_fixed(out, cell.sum);
    put_fixed(out, cell.count);
  }

 protected:
  /// 64-bit integers reach one further below zero.
  Int128 lowest() const { return limit_ == INT64_MAX ? INT64_MIN : -limit_; }
  Int128 limit_;

 private:
  mutable double peak_ = 0;  // no sum is further from zero
};

struct RealCell {
  double sum = 0;
  std::int64_t count = 0;
};

class RealSum : public CellAccumulator<RealSum, RealCell> {
 public:
  using Input = ValueInput<double>;
  explicit RealSum(bool mean) : mean_(mean) {}
  bool absorb(RealCell& cell, const Input& in, std::size_t row) {
    cell.sum += in[row];
    ++cell.count;
    return true;
  }
  bool combine(RealCell& cell, const RealCell& other) {
    if (other.count > 0) cell = {cell.sum + other.sum, cell.count + other.count};
    return true;
  }
  std::optional<Error> emit(const RealCell& cell, data::ColumnBuilder& out) const {
    if (cell.count == 0) {
      out.append_null();
    } else {
      out.append_float(mean_ ? cell.sum / static_cast<double>(cell.count) : cell.sum);
    }
    return std::nullopt;
  }

 private:
  bool mean_;
};

class DecimalMean : public WholeSum<Int128> {
 public:
  DecimalMean(Int128 limit, int scale, DecimalShape shape) : WholeSum(limit), scale_(scale), shape_(shape) {}
  std::optional<Error> result(std::uint32_t group, data::ColumnBuilder& out) const override {
    const WholeCell& cell = cells_[group];
    if (cell.count == 0) return out.append_null(), std::nullopt;
    const MaybeDecimal mean = decimal_quotient(cell.sum, scale_, cell.count, 0, shape_);
    if (mean) return out.append_decimal(*mean), std::nullopt;
    out.append_null();
    return Error(errors::sql::arithmetic_overflow, "[NUMERIC_VALUE_OUT_OF_RANGE] the mean does not fit DECIMAL({},{})",
                 shape_.precision, shape_.scale);
  }

 private:
  int scale_;
  DecimalShape shape_;
};

Int128 largest(int precision) {
  Int128 value = 1;
  for (int i = 0; i < precision; ++i) value *= 10;
  return value - 1;
}

/// Integers as BIGINT, texts as DOUBLE, decimals as they are.
Result<TypePtr> widen(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  const TypeId id = binding.id(0);
  if (id == TypeId::decimal) return binding[0]->type();
  if (!binding.type(0).is_numeric() && id != TypeId::string && id != TypeId::null)
    return binding.mismatch(0, "a number");
  const TypePtr type = Type::scalar(binding.type(0).is_integer() ? TypeId::int64 : TypeId::float64);
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, type));
  return type;
}

Result<BoundAggregate> bind_sum(Binding& binding) {
  STREAMOPS_ASSIGN(const TypePtr type, widen(binding));
  BoundAggregate bound{type, true, binding.arguments(), {}};
  if (type->id() == TypeId::float64) {
    bound.make = [] { return std::make_unique<RealSum>(false); };
  } else if (type->id() == TypeId::int64) {
    bound.make = [] { return std::make_unique<WholeSum<std::int64_t>>(INT64_MAX); };
  } else {
    bound.type = Type::decimal(std::min(38, type->precision() + 10), type->scale());
    bound.make = [limit = largest(bound.type->precision())] { return std::make_unique<WholeSum<Int128>>(limit); };
  }
  return bound;
}

Result<BoundAggregate> bind_avg(Binding& binding) {
  STREAMOPS_ASSIGN(const TypePtr type, widen(binding));
  if (type->id() != TypeId::decimal) {
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::scalar(TypeId::float64)));
    return BoundAggregate{Type::scalar(TypeId::float64), true, binding.arguments(),
                          [] { return std::make_unique<RealSum>(true); }};
  }
  // Bounded as Spark bounds it: the digits before the point give way to none behind.
  const DecimalShape shape = {std::min(38, type->precision() + 4), std::min(38, type->scale() + 4)};
  const Int128 limit = largest(std::min(38, type->precision() + 10));
  return BoundAggregate{decimal_of(shape), true, binding.arguments(), [limit, shape, scale = type->scale()] {
                          return std::make_unique<DecimalMean>(limit, scale, shape);
                        }};
}

}  // namespace

const std::vector<AggregateFunction>& sum_aggregates() {
  static const std::vector<AggregateFunction> functions = {
      {{.name = "sum",
        .signature = "sum(number)",
        .summary = "The sum: BIGINT of integers, DOUBLE of floats and texts, ten digits more of decimals. A row that "
                   "would make it overflow fails.",
        .examples = {{"sum(n)", "5"}, {"sum(x)", "9.0"}, {"sum(d)", "13.75"}, {"sum(n) FILTER (WHERE b)", "3"}}},
       bind_sum},
      {{.name = "avg",
        .signature = "avg(number)",
        .summary = "The mean: DOUBLE, of decimals a decimal with four digits more behind the point.",
        .examples = {{"avg(n)", "1.6666666666666667"}, {"avg(x)", "3.0"}, {"avg(d)", "4.583333"}},
        .aliases = {"mean"}},
       bind_avg},
  };
  return functions;
}

}  // namespace streamops::sql
