#include "cql/store/aggregates.h"

#include <array>
#include <bit>
#include <utility>

#include "cql/protocol/value.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

using Aggregate = Expression::Aggregate;

constexpr std::array<std::pair<std::string_view, Aggregate>, 5> kNames{{{"count", Aggregate::count},
                                                                        {"min", Aggregate::min},
                                                                        {"max", Aggregate::max},
                                                                        {"sum", Aggregate::sum},
                                                                        {"avg", Aggregate::avg}}};

class Count final : public Accumulator {
 public:
  explicit Count(bool rows) : rows_(rows) {}
  void add(const std::optional<BytesView>& value) override { count_ += rows_ || value ? 1 : 0; }
  std::optional<Bytes> result() const override {
    Bytes out;
    append_big_endian(out, count_);
    return out;
  }

 private:
  bool rows_;
  std::int64_t count_ = 0;
};

class Extreme final : public Accumulator {
 public:
  Extreme(CqlTypePtr type, bool largest) : type_(std::move(type)), largest_(largest) {}
  void add(const std::optional<BytesView>& value) override {
    if (!value) return;
    if (best_) {
      const std::strong_ordering order = compare_values(*type_, *value, *best_);
      if (largest_ ? order <= 0 : order >= 0) return;
    }
    best_ = Bytes(value->begin(), value->end());
  }
  std::optional<Bytes> result() const override { return best_; }

 private:
  CqlTypePtr type_;
  bool largest_;
  std::optional<Bytes> best_;
};

/// Whole numbers: summed in 128 bits, cut to the type's width as Java does it.
class WholeSum final : public Accumulator {
 public:
  WholeSum(CqlTypePtr type, bool average) : type_(std::move(type)), average_(average) {}
  void add(const std::optional<BytesView>& value) override {
    if (!value || value->empty()) return;
    sum_ += read_varint(*value).value_or(0);
    ++count_;
  }
  std::optional<Bytes> result() const override {
    const Int128 value = average_ && count_ > 0 ? sum_ / count_ : sum_;
    Bytes out;
    switch (type_->id()) {
      case TypeId::tinyint:
        append_big_endian(out, static_cast<std::int8_t>(value));
        break;
      case TypeId::smallint:
        append_big_endian(out, static_cast<std::int16_t>(value));
        break;
      case TypeId::int_:
        append_big_endian(out, static_cast<std::int32_t>(value));
        break;
      case TypeId::bigint:
        append_big_endian(out, static_cast<std::int64_t>(value));
        break;
      default:
        append_varint(out, value);
        break;
    }
    return out;
  }

 private:
  CqlTypePtr type_;
  bool average_;
  Int128 sum_ = 0;
  std::int64_t count_ = 0;
};

class FloatingSum final : public Accumulator {
 public:
  FloatingSum(bool single, bool average) : single_(single), average_(average) {}
  void add(const std::optional<BytesView>& value) override {
    if (!value || value->empty()) return;
    sum_ += single_ ? static_cast<double>(std::bit_cast<float>(load_big_endian<std::uint32_t>(value->data())))
                    : std::bit_cast<double>(load_big_endian<std::uint64_t>(value->data()));
    ++count_;
  }
  std::optional<Bytes> result() const override {
    const double value = average_ && count_ > 0 ? sum_ / static_cast<double>(count_) : sum_;
    Bytes out;
    if (single_) {
      append_big_endian(out, std::bit_cast<std::uint32_t>(static_cast<float>(value)));
    } else {
      append_big_endian(out, std::bit_cast<std::uint64_t>(value));
    }
    return out;
  }

 private:
  bool single_;
  bool average_;
  double sum_ = 0;
  std::int64_t count_ = 0;
};

/// A value that is not an aggregate beside ones that are: the first row's.
class First final : public Accumulator {
 public:
  void add(const std::optional<BytesView>& value) override {
    if (seen_) return;
    seen_ = true;
    if (value) first_ = Bytes(value->begin(), value->end());
  }
  std::optional<Bytes> result() const override { return first_; }

 private:
  bool seen_ = false;
  std::optional<Bytes> first_;
};

bool is_whole(TypeId id) {
  return id == TypeId::tinyint || id == TypeId::smallint || id == TypeId::int_ || id == TypeId::bigint ||
         id == TypeId::varint;
}
bool is_binary_floating(TypeId id) {
  return id == TypeId::float_ || id == TypeId::double_;
}

}  // namespace

Aggregate aggregate_by_name(std::string_view name) {
  for (const auto& [known, aggregate] : kNames) {
    if (known == name) return aggregate;
  }
  return Aggregate::none;
}

Result<CqlTypePtr> aggregate_type(Aggregate aggregate, const CqlTypePtr& operand) {
  if (aggregate == Aggregate::count) return CqlType::scalar(TypeId::bigint);
  if (aggregate == Aggregate::min || aggregate == Aggregate::max) return operand;
  if (operand->id() == TypeId::decimal) return Error(errors::cql::not_served, "sum and avg of decimals are not served");
  if (is_whole(operand->id()) || is_binary_floating(operand->id())) return operand;
  return Error(errors::cql::invalid_request,
               "Invalid call to function {}, none of its type signatures match (known type signatures: numbers)",
               aggregate == Aggregate::sum ? "sum" : "avg");
}

std::unique_ptr<Accumulator> make_accumulator(const Expression& expression) {
  const bool average = expression.aggregate == Aggregate::avg;
  switch (expression.aggregate) {
    case Aggregate::none:
      return std::make_unique<First>();
    case Aggregate::count_rows:
      return std::make_unique<Count>(true);
    case Aggregate::count:
      return std::make_unique<Count>(false);
    case Aggregate::min:
      return std::make_unique<Extreme>(expression.type, false);
    case Aggregate::max:
      return std::make_unique<Extreme>(expression.type, true);
    case Aggregate::sum:
    case Aggregate::avg:
      break;
  }
  if (is_whole(expression.type->id())) return std::make_unique<WholeSum>(expression.type, average);
  return std::make_unique<FloatingSum>(expression.type->id() == TypeId::float_, average);
}

Aggregation::Aggregation(const Selection& selection) : selection_(selection) {
  for (const Expression& expression : selection.expressions()) accumulators_.push_back(make_accumulator(expression));
}
Aggregation::~Aggregation() = default;

Result<void> Aggregation::add(const RowView& row, Evaluation& evaluation) {
  for (std::size_t i = 0; i < accumulators_.size(); ++i) {
    const Expression& expression = selection_.expressions()[i];
    if (expression.aggregate == Aggregate::count_rows) {
      accumulators_[i]->add(std::nullopt);
      continue;
    }
    const bool folded = expression.kind == Expression::Kind::aggregate;
    STREAMOPS_ASSIGN(const std::optional<BytesView> value,
                     evaluate_expression(folded ? expression.operands[0] : expression, row, evaluation));
    accumulators_[i]->add(value);
  }
  return Ok();
}

Result<void> Aggregation::finish(Bytes& cells) const {
  for (const std::unique_ptr<Accumulator>& accumulator : accumulators_) {
    const std::optional<Bytes> value = accumulator->result();
    append_bytes_value(cells, value ? std::optional<BytesView>(*value) : std::nullopt);
  }
  return Ok();
}

}  // namespace streamops::cql::store
