// min, max, min_by, max_by, first, last, any_value. Numbers lie in typed cells; other values as bytes.
#include "errors/sql.h"
#include "sql/engine/functions/aggregate_families.h"
#include "sql/engine/nested.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

template <typename T>
void append_number(data::ColumnBuilder& out, T value) {
  if constexpr (std::is_same_v<T, data::Int128>) {
    out.append_decimal(value);
  } else if constexpr (std::is_floating_point_v<T>) {
    out.append_float(static_cast<double>(value));
  } else {
    out.append_integer(value);
  }
}

/// NaN is the greatest number.
template <typename T>
bool below(T a, T b) {
  if constexpr (std::is_floating_point_v<T>) {
    if (a != a || b != b) return a == a && b != b;
  }
  return a < b;
}

template <typename T>
struct NumberCell {
  T value{};
  std::uint64_t any = 0;
};

template <typename T, bool greatest>
class NumberExtreme : public CellAccumulator<NumberExtreme<T, greatest>, NumberCell<T>> {
 public:
  using Input = ValueInput<T>;
  using Cell = NumberCell<T>;
  bool absorb(Cell& cell, const Input& in, std::size_t row) {
    const T value = in[row];
    if (cell.any == 0 || (greatest ? below(cell.value, value) : below(value, cell.value))) cell = {value, 1};
    return true;
  }
  bool combine(Cell& cell, const Cell& other) {
    if (other.any == 0) return true;
    if (cell.any == 0 || (greatest ? below(cell.value, other.value) : below(other.value, cell.value))) cell = other;
    return true;
  }
  std::optional<Error> emit(const Cell& cell, data::ColumnBuilder& out) const {
    if (cell.any != 0) {
      append_number(out, cell.value);
    } else {
      out.append_null();
    }
    return std::nullopt;
  }
  void put(const Cell& cell, std::string& out) const {
    put_fixed(out, cell.value);
    out += cell.any != 0 ? '\1' : '\0';
  }
  void get(Cell& cell, StateReader& in) {
    cell.value = in.fixed<T>();
    cell.any = in.flag() ? 1 : 0;
  }
};

/// A value as append_value() writes it; nothing: there was none yet. A null that was picked is one byte.
using ByteCell = std::string;

std::size_t held_by(const std::string& text) {
  return text.capacity() > 15 ? text.capacity() + 1 : 0;
}

/// -1, 0 or 1 for two encoded values of one type.
int compare_encoded(const std::string& a, const std::string& b, const TypePtr& type) {
  if (type->id() == TypeId::string || type->id() == TypeId::binary) {
    const int order = std::string_view(a).substr(5).compare(std::string_view(b).substr(5));
    return order < 0 ? -1 : order > 0 ? 1 : 0;
  }
  const data::ColumnPtr left = value_column(a, type), right = value_column(b, type);
  return compare_values(*left, 0, *right, 0);
}

void emit_encoded(const std::string& bytes, data::ColumnBuilder& out) {
  StateReader in(bytes);
  if (bytes.empty() || !read_value(in, out)) out.append_null();
}

/// Reads a value that an entry holds; the entry is damaged when it is none of the type.
void get_encoded(std::string& cell, StateReader& in, const TypePtr& type, bool null_fits) {
  const std::string_view bytes = in.text();
  if (bytes.empty()) return;
  const data::ColumnPtr value = value_column(bytes, type);
  if (!value || (value->is_null(0) && !null_fits)) return in.fail();
  cell = bytes;
}

template <bool greatest>
class AnyExtreme : public CellAccumulator<AnyExtreme<greatest>, ByteCell> {
 public:
  using Input = RowInput;
  explicit AnyExtreme(TypePtr type) : type_(std::move(type)) {}
  bool absorb(ByteCell& cell, const Input& in, std::size_t row) {
    const data::Column& column = *in.arguments[0];
    if (type_->id() == TypeId::string && !cell.empty()) {
      const int order = column.text(row).compare(std::string_view(cell).substr(5));
      if (greatest ? order <= 0 : order >= 0) return true;
    }
    candidate_.clear();
    append_value(column, row, Floats::kept, candidate_);
    return combine(cell, candidate_);
  }
  bool combine(ByteCell& cell, const ByteCell& other) {
    if (other.empty()) return true;
    const int order = cell.empty() ? 0 : compare_encoded(other, cell, type_);
    if (cell.empty() || (greatest ? order > 0 : order < 0)) cell = other;
    return true;
  }
  std::optional<Error> emit(const ByteCell& cell, data::ColumnBuilder& out) const {
    return emit_encoded(cell, out), std::nullopt;
  }
  void put(const ByteCell& cell, std::string& out) const { put_text(out, cell); }
  void get(ByteCell& cell, StateReader& in) { get_encoded(cell, in, type_, false); }
  static std::size_t held(const ByteCell& cell) { return held_by(cell); }

 private:
  TypePtr type_;
  std::string candidate_;
};

/// first, last, any_value: the value of the first (last) row, or of the first (last) that is not null.
class Pick : public CellAccumulator<Pick, ByteCell> {
 public:
  struct Input : RowInput {
    using RowInput::RowInput;
    static bool present(std::size_t) { return true; }
  };
  Pick(TypePtr type, bool last, bool ignore_nulls) : type_(std::move(type)), last_(last), ignore_nulls_(ignore_nulls) {}
  bool absorb(ByteCell& cell, const Input& in, std::size_t row) {
    if (!last_ && !cell.empty()) return true;
    if (ignore_nulls_ && in.arguments[0]->is_null(row)) return true;
    cell.clear();
    append_value(*in.arguments[0], row, Floats::kept, cell);
    return true;
  }
  bool combine(ByteCell& cell, const ByteCell& other) {
    if (!other.empty() && (last_ || cell.empty())) cell = other;
    return true;
  }
  std::optional<Error> emit(const ByteCell& cell, data::ColumnBuilder& out) const {
    return emit_encoded(cell, out), std::nullopt;
  }
  void put(const ByteCell& cell, std::string& out) const { put_text(out, cell); }
  void get(ByteCell& cell, StateReader& in) { get_encoded(cell, in, type_, !ignore_nulls_); }
  static std::size_t held(const ByteCell& cell) { return held_by(cell); }

 private:
  TypePtr type_;
  bool last_;
  bool ignore_nulls_;
};

struct PairCell {
  std::string value;
  std::string order;
};

/// min_by, max_by: of equal orders the latest row counts, as in Spark.
template <bool greatest>
class ExtremeBy : public CellAccumulator<ExtremeBy<greatest>, PairCell> {
 public:
  struct Input : RowInput {
    using RowInput::RowInput;
    bool present(std::size_t row) const { return !arguments[1]->is_null(row); }
  };
  ExtremeBy(TypePtr value, TypePtr order) : value_(std::move(value)), order_(std::move(order)) {}
  bool absorb(PairCell& cell, const Input& in, std::size_t row) {
    candidate_.value.clear();
    candidate_.order.clear();
    append_value(*in.arguments[1], row, Floats::kept, candidate_.order);
    append_value(*in.arguments[0], row, Floats::kept, candidate_.value);
    return combine(cell, candidate_);
  }
  bool combine(PairCell& cell, const PairCell& other) {
    if (other.order.empty()) return true;
    const int order = cell.order.empty() ? 0 : compare_encoded(other.order, cell.order, order_);
    if (greatest ? order >= 0 : order <= 0) cell = other;
    return true;
  }
  std::optional<Error> emit(const PairCell& cell, data::ColumnBuilder& out) const {
    return emit_encoded(cell.value, out), std::nullopt;
  }
  void put(const PairCell& cell, std::string& out) const {
    put_text(out, cell.value);
    put_text(out, cell.order);
  }
  void get(PairCell& cell, StateReader& in) {
    get_encoded(cell.value, in, value_, true);
    get_encoded(cell.order, in, order_, false);
    if (cell.value.empty() != cell.order.empty()) in.fail();
  }
  static std::size_t held(const PairCell& cell) { return held_by(cell.value) + held_by(cell.order); }

 private:
  TypePtr value_;
  TypePtr order_;
  PairCell candidate_;
};

bool orderable(const Type& type) {
  if (type.id() == TypeId::map) return false;
  for (const data::Field& field : type.fields()) {
    if (!orderable(*field.type)) return false;
  }
  return true;
}

template <bool greatest>
MakeAccumulator make_extreme(const TypePtr& type) {
  switch (type->id()) {
    case TypeId::int8:
      return [] { return std::make_unique<NumberExtreme<std::int8_t, greatest>>(); };
    case TypeId::int16:
      return [] { return std::make_unique<NumberExtreme<std::int16_t, greatest>>(); };
    case TypeId::int32:
    case TypeId::date:
      return [] { return std::make_unique<NumberExtreme<std::int32_t, greatest>>(); };
    case TypeId::int64:
    case TypeId::timestamp:
    case TypeId::timestamp_ntz:
      return [] { return std::make_unique<NumberExtreme<std::int64_t, greatest>>(); };
    case TypeId::float32:
      return [] { return std::make_unique<NumberExtreme<float, greatest>>(); };
    case TypeId::float64:
      return [] { return std::make_unique<NumberExtreme<double, greatest>>(); };
    case TypeId::decimal:
      return [] { return std::make_unique<NumberExtreme<data::Int128, greatest>>(); };
    default:
      return [type] { return std::make_unique<AnyExtreme<greatest>>(type); };
  }
}

template <bool greatest>
Result<BoundAggregate> bind_extreme(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (!orderable(binding.type(0))) return binding.mismatch(0, "a value with an order");
  const TypePtr type = binding[0]->type();
  return BoundAggregate{type, true, binding.arguments(), make_extreme<greatest>(type)};
}

template <bool greatest>
Result<BoundAggregate> bind_extreme_by(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  if (!orderable(binding.type(1))) return binding.mismatch(1, "a value with an order");
  const TypePtr value = binding[0]->type(), order = binding[1]->type();
  return BoundAggregate{value, true, binding.arguments(),
                        [value, order] { return std::make_unique<ExtremeBy<greatest>>(value, order); }};
}

template <bool last>
Result<BoundAggregate> bind_pick(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 2));
  bool ignore_nulls = false;
  if (binding.size() == 2) {
    const data::ColumnPtr flag = binding[1]->constant();
    if (!flag || flag->is_null(0) || flag->type()->id() != TypeId::boolean)
      return binding.mismatch(1, "the constant true or false");
    ignore_nulls = flag->boolean(0);
  }
  const TypePtr type = binding[0]->type();
  return BoundAggregate{
      type, true, {binding[0]}, [type, ignore_nulls] { return std::make_unique<Pick>(type, last, ignore_nulls); }};
}

}  // namespace

const std::vector<AggregateFunction>& extreme_aggregates() {
  static const std::vector<AggregateFunction> functions = {
      {{.name = "min",
        .signature = "min(value)",
        .summary = "The least value that is not null.",
        .examples = {{"min(n)", "1"}, {"min(s)", "a"}, {"min(struct(s, n))", "{null, null}"}}},
       bind_extreme<false>},
      {{.name = "max",
        .signature = "max(value)",
        .summary = "The greatest value that is not null.",
        .examples = {{"max(x)", "5.0"}, {"max(b)", "true"}}},
       bind_extreme<true>},
      {{.name = "min_by",
        .signature = "min_by(value, order)",
        .summary = "The value of the row with the least order; of several, of the latest.",
        .examples = {{"min_by(s, x)", "b"}, {"min_by(x, s)", "2.5"}}},
       bind_extreme_by<false>},
      {{.name = "max_by",
        .signature = "max_by(value, order)",
        .summary = "The value of the row with the greatest order; of several, of the latest.",
        .examples = {{"max_by(s, x)", "b"}, {"max_by(x, n)", "5.0"}}},
       bind_extreme_by<true>},
      {{.name = "first",
        .signature = "first(value[, ignore_nulls])",
        .summary = "The value of the first row, or of the first that is not null.",
        .examples = {{"first(s)", "b"}, {"first(n, true)", "1"}, {"first(s) IGNORE NULLS", "b"}},
        .aliases = {"first_value", "any_value"}},
       bind_pick<false>},
      {{.name = "last",
        .signature = "last(value[, ignore_nulls])",
        .summary = "The value of the last row, or of the last that is not null.",
        .examples = {{"last(n)", "2"}, {"last(s, true)", "b"}},
        .aliases = {"last_value"}},
       bind_pick<true>},
  };
  return functions;
}

}  // namespace streamops::sql
