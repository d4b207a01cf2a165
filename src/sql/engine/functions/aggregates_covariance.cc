// corr, covar_pop, covar_samp, with the formulas that Spark uses.
#include <cmath>

#include "errors/sql.h"
#include "sql/engine/functions/aggregate_families.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;

struct CovarianceCell {
  double n = 0, x_mean = 0, y_mean = 0, c = 0, x_m2 = 0, y_m2 = 0;
};

enum class Covariance : std::uint8_t { population, sample, correlation };

class Covariances : public CellAccumulator<Covariances, CovarianceCell> {
 public:
  struct Input : RowInput {
    explicit Input(Arguments given)
        : RowInput(given), x(given[0]->values<double>().data()), y(given[1]->values<double>().data()) {}
    const double* x;
    const double* y;
  };
  explicit Covariances(Covariance wanted) : wanted_(wanted) {}

  bool absorb(CovarianceCell& cell, const Input& in, std::size_t row) {
    const double x = in.x[row], y = in.y[row];
    const double n = cell.n + 1;
    const double dx = x - cell.x_mean, dy = y - cell.y_mean;
    const double x_mean = cell.x_mean + dx / n, y_mean = cell.y_mean + dy / n;
    cell = {
        n, x_mean, y_mean, cell.c + dx * (y - y_mean), cell.x_m2 + dx * (x - x_mean), cell.y_m2 + dy * (y - y_mean)};
    return true;
  }

  bool combine(CovarianceCell& cell, const CovarianceCell& other) {
    if (other.n == 0) return true;
    const double n1 = cell.n, n2 = other.n, n = n1 + n2;
    const double dx = other.x_mean - cell.x_mean, dy = other.y_mean - cell.y_mean;
    const double dx_part = dx / n, dy_part = dy / n;
    cell = {n,
            cell.x_mean + dx_part * n2,
            cell.y_mean + dy_part * n2,
            cell.c + other.c + dx * dy_part * n1 * n2,
            cell.x_m2 + other.x_m2 + dx * dx_part * n1 * n2,
            cell.y_m2 + other.y_m2 + dy * dy_part * n1 * n2};
    return true;
  }

  std::optional<Error> emit(const CovarianceCell& cell, data::ColumnBuilder& out) const {
    const double divisor = wanted_ == Covariance::population ? cell.n
                           : wanted_ == Covariance::sample   ? cell.n - 1
                                                             : std::sqrt(cell.x_m2 * cell.y_m2);
    if (cell.n == 0 || (cell.n == 1 && wanted_ != Covariance::population)) {
      out.append_null();
    } else if (divisor == 0) {
      out.append_null();
      return Error(errors::sql::divide_by_zero, "[DIVIDE_BY_ZERO] corr over values that are all equal");
    } else {
      out.append_float(cell.c / divisor);
    }
    return std::nullopt;
  }

 private:
  Covariance wanted_;
};

template <Covariance wanted>
Result<BoundAggregate> bind_covariance(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  BoundAggregate bound{Type::scalar(TypeId::float64), true, {}, [] { return std::make_unique<Covariances>(wanted); }};
  for (std::size_t i = 0; i < 2; ++i) {
    STREAMOPS_ASSIGN(NodePtr value, binding.argument_as(i, Type::scalar(TypeId::float64)));
    bound.arguments.push_back(std::move(value));
  }
  return bound;
}

}  // namespace

const std::vector<AggregateFunction>& covariance_aggregates() {
  static const std::vector<AggregateFunction> functions = {
      {{.name = "covar_pop",
        .signature = "covar_pop(x, y)",
        .summary = "The covariance of all pairs without null.",
        .examples = {{"covar_pop(x, n)", "0.49999999999999994"}}},
       bind_covariance<Covariance::population>},
      {{.name = "covar_samp",
        .signature = "covar_samp(x, y)",
        .summary = "The covariance of a sample; null for fewer than two pairs.",
        .examples = {{"covar_samp(x, n)", "0.7499999999999999"}}},
       bind_covariance<Covariance::sample>},
      {{.name = "corr",
        .signature = "corr(x, y)",
        .summary = "Pearson's correlation; null for fewer than two pairs.",
        .examples = {{"corr(x, n)", "0.720576692122892"}}},
       bind_covariance<Covariance::correlation>},
  };
  return functions;
}

}  // namespace streamops::sql
