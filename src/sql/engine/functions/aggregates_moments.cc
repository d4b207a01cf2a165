// stddev, variance, skewness, kurtosis: central moments, updated row by row with the formulas that Spark uses, so that
// the last digit is the same too.
#include <cmath>

#include "sql/engine/functions/aggregate_families.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;

struct MomentCell {
  double n = 0, mean = 0, m2 = 0, m3 = 0, m4 = 0;
};

enum class Moment : std::uint8_t {
  stddev_sample,
  stddev_population,
  variance_sample,
  variance_population,
  skewness,
  kurtosis
};

class Moments : public CellAccumulator<Moments, MomentCell> {
 public:
  using Input = ValueInput<double>;
  explicit Moments(Moment wanted) : wanted_(wanted) {}

  bool absorb(MomentCell& cell, const Input& in, std::size_t row) {
    const double n = cell.n + 1;
    const double delta = in[row] - cell.mean;
    const double part = delta / n;
    const double m2 = cell.m2 + delta * (delta - part);
    const double delta2 = delta * delta, part2 = part * part;
    const double m3 = cell.m3 - 3.0 * part * m2 + delta * (delta2 - part2);
    const double m4 = cell.m4 - 4.0 * part * m3 - 6.0 * part2 * m2 + delta * (delta * delta2 - part * part2);
    cell = {n, cell.mean + part, m2, m3, m4};
    return true;
  }

  bool combine(MomentCell& cell, const MomentCell& other) {
    if (other.n == 0) return true;
    const double n1 = cell.n, n2 = other.n, n = n1 + n2;
    const double delta = other.mean - cell.mean;
    const double part = n == 0 ? 0 : delta / n;
    const double m2 = cell.m2 + other.m2 + delta * part * n1 * n2;
    const double m3 =
        cell.m3 + other.m3 + part * part * delta * n1 * n2 * (n1 - n2) + 3.0 * part * (n1 * other.m2 - n2 * cell.m2);
    const double m4 = cell.m4 + other.m4 + part * part * part * delta * n1 * n2 * (n1 * n1 - n1 * n2 + n2 * n2) +
                      6.0 * part * part * (n1 * n1 * other.m2 + n2 * n2 * cell.m2) +
                      4.0 * part * (n1 * other.m3 - n2 * cell.m3);
    cell = {n, cell.mean + part * n2, m2, m3, m4};
    return true;
  }

  std::optional<Error> emit(const MomentCell& cell, data::ColumnBuilder& out) const {
    const bool sample = wanted_ == Moment::stddev_sample || wanted_ == Moment::variance_sample;
    const bool shape = wanted_ == Moment::skewness || wanted_ == Moment::kurtosis;
    if (cell.n == 0 || (sample && cell.n == 1) || (shape && cell.m2 == 0)) {
      out.append_null();
    } else {
      out.append_float(value(cell));
    }
    return std::nullopt;
  }

 private:
  double value(const MomentCell& cell) const {
    switch (wanted_) {
      case Moment::stddev_sample:
        return std::sqrt(cell.m2 / (cell.n - 1));
      case Moment::stddev_population:
        return std::sqrt(cell.m2 / cell.n);
      case Moment::variance_sample:
        return cell.m2 / (cell.n - 1);
      case Moment::variance_population:
        return cell.m2 / cell.n;
      case Moment::skewness:
        return std::sqrt(cell.n) * cell.m3 / std::sqrt(cell.m2 * cell.m2 * cell.m2);
      default:
        return cell.n * cell.m4 / (cell.m2 * cell.m2) - 3.0;
    }
  }

  Moment wanted_;
};

template <Moment wanted>
Result<BoundAggregate> bind_moment(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  STREAMOPS_ASSIGN(NodePtr value, binding.argument_as(0, Type::scalar(TypeId::float64)));
  return BoundAggregate{
      Type::scalar(TypeId::float64), true, {std::move(value)}, [] { return std::make_unique<Moments>(wanted); }};
}

}  // namespace

const std::vector<AggregateFunction>& moment_aggregates() {
  static const std::vector<AggregateFunction> functions = {
      {{.name = "stddev_samp",
        .signature = "stddev_samp(number)",
        .summary = "The standard deviation of a sample; null for fewer than two values.",
        .examples = {{"stddev_samp(x)", "1.8027756377319946"}, {"stddev(n) FILTER (WHERE n = 1)", "NULL"}},
        .aliases = {"stddev", "std"}},
       bind_moment<Moment::stddev_sample>},
      {{.name = "stddev_pop",
        .signature = "stddev_pop(number)",
        .summary = "The standard deviation of all values.",
        .examples = {{"stddev_pop(x)", "1.4719601443879744"}}},
       bind_moment<Moment::stddev_population>},
      {{.name = "var_samp",
        .signature = "var_samp(number)",
        .summary = "The variance of a sample; null for fewer than two values.",
        .examples = {{"var_samp(x)", "3.25"}},
        .aliases = {"variance"}},
       bind_moment<Moment::variance_sample>},
      {{.name = "var_pop",
        .signature = "var_pop(number)",
        .summary = "The variance of all values.",
        .examples = {{"var_pop(x)", "2.1666666666666665"}}},
       bind_moment<Moment::variance_population>},
      {{.name = "skewness",
        .signature = "skewness(number)",
        .summary = "How unequal the two sides of the mean are; null when all values are equal.",
        .examples = {{"skewness(x)", "0.4703304603369859"}}},
       bind_moment<Moment::skewness>},
      {{.name = "kurtosis",
        .signature = "kurtosis(number)",
        .summary = "How heavy the tails are beside the normal distribution's; null when all values are equal.",
        .examples = {{"kurtosis(x)", "-1.5"}}},
       bind_moment<Moment::kurtosis>},
  };
  return functions;
}

}  // namespace streamops::sql
