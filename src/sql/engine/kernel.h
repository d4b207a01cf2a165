// sql/engine/kernel.h — turns a function of one row into a loop over columns.
//
//   rows<Text(Text, std::int32_t)>(call, [](auto& out, Text text, std::int32_t n) { out.set(text.substr(0, n)); });
//
// The function sees only rows that count and whose arguments are all present; any null argument gives null, as most
// functions of SQL want it. It answers with out.set(value), out.null() or out.fail(error); text results may be appended
// piece by piece. Hot path: the function is inlined into the loop; per row there is no allocation (but the growth of
// one buffer) and no virtual call.
#pragma once

#include <algorithm>
#include <functional>
#include <tuple>

#include "errors/sql.h"
#include "sql/engine/evaluation.h"

namespace streamops::sql {

using Text = std::string_view;
/// The C++ types that stand for SQL's in signatures; scalars stand for themselves.
struct Binary {
  std::string_view bytes;
};
struct Date {
  std::int32_t days;
};
struct Timestamp {
  std::int64_t micros;
};
struct TimestampNtz {
  std::int64_t micros;
};

template <typename T>
struct Kind;
template <typename T, data::TypeId type>
struct FixedKind {
  using Storage = T;
  static constexpr data::TypeId id = type;
};
template <>
struct Kind<bool> : FixedKind<bool, data::TypeId::boolean> {};
template <>
struct Kind<std::int8_t> : FixedKind<std::int8_t, data::TypeId::int8> {};
template <>
struct Kind<std::int16_t> : FixedKind<std::int16_t, data::TypeId::int16> {};
template <>
struct Kind<std::int32_t> : FixedKind<std::int32_t, data::TypeId::int32> {};
template <>
struct Kind<std::int64_t> : FixedKind<std::int64_t, data::TypeId::int64> {};
template <>
struct Kind<float> : FixedKind<float, data::TypeId::float32> {};
template <>
struct Kind<double> : FixedKind<double, data::TypeId::float64> {};
template <>
struct Kind<data::Int128> : FixedKind<data::Int128, data::TypeId::decimal> {};
template <>
struct Kind<Text> : FixedKind<std::string_view, data::TypeId::string> {};
template <>
struct Kind<Binary> : FixedKind<std::string_view, data::TypeId::binary> {};
template <>
struct Kind<Date> : FixedKind<std::int32_t, data::TypeId::date> {};
template <>
struct Kind<Timestamp> : FixedKind<std::int64_t, data::TypeId::timestamp> {};
template <>
struct Kind<TimestampNtz> : FixedKind<std::int64_t, data::TypeId::timestamp_ntz> {};

/// What a kernel works on. The result has the node's type.
struct Call {
  const Frame& frame;
  Mask active;
  std::span<const Vector> arguments;
  const data::TypePtr& type;
  Span span;
};

using Kernel = std::function<Vector(const Call&)>;

/// A call of `kernel` on the values of `children`.
NodePtr call_node(data::TypePtr type, bool nullable, Span span, std::vector<NodePtr> children, Kernel kernel);

/// A column of one value or of many, read by row.
template <typename T>
class Reader {
 public:
  explicit Reader(const Vector& vector)
      : values_(vector.column->values<typename Kind<T>::Storage>().data()), step_(vector.constant ? 0 : 1) {}
  T operator()(std::size_t row) const { return T{values_[row * step_]}; }

 private:
  const typename Kind<T>::Storage* values_;
  std::size_t step_;
};

template <typename T>
  requires std::is_same_v<typename Kind<T>::Storage, std::string_view>
class Reader<T> {
 public:
  explicit Reader(const Vector& vector)
      : offsets_(vector.column->offsets().data()),
        bytes_(reinterpret_cast<const char*>(vector.column->values<std::uint8_t>().data())),
        step_(vector.constant ? 0 : 1) {}
  T operator()(std::size_t row) const {
    const std::int32_t* at = offsets_ + row * step_;
    return T{std::string_view(bytes_ + at[0], static_cast<std::size_t>(at[1] - at[0]))};
  }

 private:
  const std::int32_t* offsets_;
  const char* bytes_;
  std::size_t step_;
};

template <>
class Reader<bool> {
 public:
  explicit Reader(const Vector& vector) : column_(vector.column.get()), step_(vector.constant ? 0 : 1) {}
  bool operator()(std::size_t row) const { return column_->boolean(row * step_); }

 private:
  const data::Column* column_;
  std::size_t step_;
};

/// Collects which results are null, and the failures.
class Outcome {
 public:
  explicit Outcome(const Call& call) : call_(call) {}

  void null() { valid_ = false; }
  void fail(const Error& error) {
    call_.frame.fail(row_, call_.span, error);
    valid_ = false;
  }
  std::size_t row() const { return row_; }

 protected:
  std::size_t rows() const { return call_.frame.rows; }
  void begin_row(std::size_t row) {
    row_ = row;
    valid_ = true;
  }
  void mark_null(std::size_t row) {
    if (validity_.empty()) {
      validity_.assign((rows() + 7) / 8, 0xFF);
    }
    validity_[row >> 3] = static_cast<std::uint8_t>(validity_[row >> 3] & ~(1U << (row & 7)));
  }
  Vector column(Bytes offsets, Bytes values) {
    return {std::make_shared<const data::Column>(call_.type, rows(), std::move(validity_), std::move(offsets),
                                                 std::move(values), std::vector<data::ColumnPtr>()),
            false};
  }

  const Call& call_;
  std::size_t row_ = 0;
  bool valid_ = true;
  Bytes validity_;
};

template <typename T>
class Output : public Outcome {
 public:
  using Storage = typename Kind<T>::Storage;
  explicit Output(const Call& call) : Outcome(call), bytes_(rows() * sizeof(Storage)) {
    values_ = reinterpret_cast<Storage*>(bytes_.data());
  }
  void set(Storage value) { values_[row_] = value; }

  void begin(std::size_t row) { begin_row(row); }
  void end() {
    if (!valid_) mark_null(row_);
  }
  void skip(std::size_t row) { mark_null(row); }
  Vector finish() { return column({}, std::move(bytes_)); }

 private:
  Bytes bytes_;
  Storage* values_;
};

template <>
class Output<bool> : public Outcome {
 public:
  explicit Output(const Call& call) : Outcome(call), bits_((rows() + 7) / 8) {}
  void set(bool value) {
    bits_[row_ >> 3] = static_cast<std::uint8_t>(bits_[row_ >> 3] | (value ? 1U : 0U) << (row_ & 7));
  }
  void begin(std::size_t row) { begin_row(row); }
  void end() {
    if (!valid_) mark_null(row_);
  }
  void skip(std::size_t row) { mark_null(row); }
  Vector finish() { return column({}, std::move(bits_)); }

 private:
  Bytes bits_;
};

/// The longest text that a function may build, and the most that one column of results holds.
constexpr std::size_t longest_text_value = 64 << 20;
constexpr std::size_t largest_text_column = 1 << 30;

template <typename T>
  requires std::is_same_v<typename Kind<T>::Storage, std::string_view>
class Output<T> : public Outcome {
 public:
  explicit Output(const Call& call) : Outcome(call), offsets_((rows() + 1) * sizeof(std::int32_t)) {
    ends_ = reinterpret_cast<std::int32_t*>(offsets_.data());
    bytes_.reserve(rows() * 16);
  }
  void set(std::string_view text) {
    clear();
    append(text);
  }
  void append(std::string_view text) { bytes_.insert(bytes_.end(), text.begin(), text.end()); }
  void push(char c) { bytes_.push_back(static_cast<std::uint8_t>(c)); }
  /// Drops what this row has so far.
  void clear() { bytes_.resize(start_); }
  /// What this row has so far.
  std::string_view so_far() const { return as_text(BytesView(bytes_).subspan(start_)); }
  /// Notes an error and answers false when this row's text would grow by `more` beyond the limit.
  bool room_for(std::size_t more) {
    if (more <= longest_text_value && bytes_.size() - start_ + more <= longest_text_value &&
        bytes_.size() + more <= largest_text_column) {
      return true;
    }
    fail(Error(errors::sql::value_too_large, "the text would have more than 64 MiB"));
    return false;
  }

  void begin(std::size_t row) {
    begin_row(row);
    start_ = bytes_.size();
  }
  void end() {
    if (valid_ && bytes_.size() > largest_text_column)
      fail(Error(errors::sql::value_too_large, "the texts of one batch exceed 1 GiB"));
    if (!valid_) {
      clear();
      mark_null(row_);
    }
    ends_[row_ + 1] = static_cast<std::int32_t>(bytes_.size());
  }
  void skip(std::size_t row) {
    mark_null(row);
    ends_[row + 1] = static_cast<std::int32_t>(bytes_.size());
  }
  Vector finish() { return column(std::move(offsets_), std::move(bytes_)); }

 private:
  Bytes offsets_;
  Bytes bytes_;
  std::int32_t* ends_;
  std::size_t start_ = 0;
};

/// Which rows have all their arguments, and count.
class Presence {
 public:
  explicit Presence(const Call& call);
  bool all() const { return bits_.empty() && !none_; }
  /// A constant argument is null: no row has all.
  bool none() const { return none_; }
  bool operator[](std::size_t row) const { return bits_.empty() || (bits_[row >> 3] >> (row & 7) & 1) != 0; }

 private:
  Bytes bits_;
  bool none_ = false;
};

template <typename Signature>
struct RowLoop;

template <typename R, typename... A>
struct RowLoop<R(A...)> {
  template <typename F>
  static Vector run(const Call& call, F&& function) {
    return run(call, function, std::index_sequence_for<A...>());
  }

  template <typename F, std::size_t... I>
  static Vector run(const Call& call, F&& function, std::index_sequence<I...>) {
    const Presence present(call);
    if (present.none()) return {data::nulls(call.type, 1), true};
    [[maybe_unused]] const std::tuple<Reader<A>...> readers(Reader<A>(call.arguments[I])...);
    Output<R> out(call);
    const bool all = present.all();
    for (std::size_t row = 0; row < call.frame.rows; ++row) {
      if (!all && !present[row]) {
        out.skip(row);
        continue;
      }
      out.begin(row);
      function(out, std::get<I>(readers)(row)...);
      out.end();
    }
    return out.finish();
  }
};

template <typename Signature, typename F>
Vector rows(const Call& call, F&& function) {
  return RowLoop<Signature>::run(call, std::forward<F>(function));
}

}  // namespace streamops::sql
