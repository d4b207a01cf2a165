#include "sql/engine/window.h"

#include <algorithm>
#include <unordered_map>

#include "errors/sql.h"
#include "sql/engine/cast.h"
#include "sql/grammar/parser.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

constexpr std::int64_t most_windows_a_row = 100'000;
constexpr std::size_t most_rows = 16'000'000;

bool is_window(const Type& type) {
  return type.id() == TypeId::structure && type.fields().size() == 2 && type.fields()[0].name == "start" &&
         type.fields()[1].name == "end" && type.fields()[1].type->width() == 8;
}

/// The last instant of a window.
class WindowTimeNode : public Node {
 public:
  WindowTimeNode(NodePtr window, Span span)
      : Node(window->type()->fields()[1].type, window->nullable(), span), window_(std::move(window)) {}
  bool event_time() const override { return window_->event_time(); }
  Vector evaluate(const Frame& frame, Mask active) const override {
    const Vector window = window_->evaluate(frame, active);
    const data::Column& ends = *window.column->children()[1];
    data::ColumnBuilder builder(type());
    builder.reserve(ends.length());
    for (std::size_t row = 0; row < ends.length(); ++row) {
      if (window.column->is_null(row) || ends.is_null(row) || ends.values<std::int64_t>()[row] == INT64_MIN) {
        builder.append_null();
      } else {
        builder.append_integer(ends.values<std::int64_t>()[row] - 1);
      }
    }
    return {builder.finish(), window.constant};
  }

 private:
  NodePtr window_;
};

/// Microseconds of a constant '5 minutes', months excluded.
Result<std::int64_t> constant_duration(const NodePtr& node, std::string_view what) {
  const data::ColumnPtr value = node->constant();
  if (!value || value->is_null(0) || value->type()->id() != TypeId::string)
    return Error(errors::sql::type_mismatch, "{} is a text such as '5 minutes', the same for every row", what);
  const auto micros = parse_duration(value->text(0));
  if (micros) return *micros;
  return Error(errors::sql::bad_literal, "{} `{}` is no length of time", what, value->text(0))
      .with_hint("write it like '5 minutes' or '1 hour 30 seconds'; months and years have no fixed length");
}

Result<NodePtr> bind_time(const Expression& argument, Binder& binder) {
  STREAMOPS_ASSIGN(NodePtr time, binder.bind(argument));
  if (is_window(*time->type())) return bind_window_time(std::move(time), argument.span);
  const TypeId id = time->type()->id();
  if (id == TypeId::timestamp || id == TypeId::timestamp_ntz) return time;
  if (id != TypeId::date && id != TypeId::string && id != TypeId::null)
    return Error(errors::sql::type_mismatch, "a window takes a TIMESTAMP, not {}", time->type()->to_sql());
  return cast_node(std::move(time), Type::scalar(TypeId::timestamp), CastMode::strict, argument.span);
}

std::int64_t floor_remainder(std::int64_t value, std::int64_t by) {
  const std::int64_t remainder = value % by;
  return remainder < 0 ? remainder + by : remainder;
}

}  // namespace

struct WindowStep::Found {
  std::vector<std::int32_t> parents;
  std::vector<std::int64_t> starts, ends;
};

bool is_window_call(const Expression& expression) {
  return expression.kind == ExpressionKind::call &&
         (expression.function == "window" || expression.function == "session_window");
}

Result<NodePtr> bind_window_time(NodePtr window, Span span) {
  if (!is_window(*window->type()))
    return Error(errors::sql::type_mismatch, "window_time takes a window, not {}", window->type()->to_sql());
  return NodePtr(std::make_shared<const WindowTimeNode>(std::move(window), span));
}

Result<WindowStep> WindowStep::bind(const Expression& call, Binder& binder, const SourceText& source) {
  WindowStep step;
  step.session_ = call.function == "session_window";
  const std::size_t given = call.children.size();
  if (given < 2 || given > (step.session_ ? 2 : 4)) {
    return source.at(call.head,
                     Error(errors::sql::wrong_arguments, "{} does not take {} argument{}: {}", call.function, given,
                           given == 1 ? "" : "s",
                           step.session_ ? "session_window(time, gap)" : "window(time, duration[, slide[, start]])"));
  }
  const auto placed = [&](const Error& error, std::size_t argument) {
    return error.place() ? error : source.at(call.children[argument]->span, error);
  };
  auto time = bind_time(*call.children[0], binder);
  if (!time) return placed(time.error(), 0);
  step.time_ = *time;
  const TypePtr instant = step.time_->type();
  step.type_ = Type::structure({{"start", instant, true}, {"end", instant, true}});
  std::int64_t* const lengths[] = {&step.duration_, &step.slide_, &step.start_};
  const std::string_view names[] = {"the duration of a window", "the slide of a window", "the start of a window"};
  for (std::size_t i = 1; i < given; ++i) {
    STREAMOPS_ASSIGN(const NodePtr node, binder.bind(*call.children[i]));
    if (step.session_ && node->type()->id() == TypeId::string && !node->constant()) {
      step.gap_ = node;
      return step;
    }
    const auto length = constant_duration(node, step.session_ ? "the gap of a session" : names[i - 1]);
    if (!length) return placed(length.error(), i);
    *lengths[i - 1] = *length;
    if (i < 3 && *length <= 0)
      return placed(Error(errors::sql::bad_literal, "a window's lengths are greater than zero"), i);
  }
  if (given < 3) step.slide_ = step.duration_;
  if (step.slide_ > step.duration_) {
    return placed(Error(errors::sql::bad_literal, "a window's slide is not greater than its duration"), 2);
  }
  if (step.start_ <= -step.slide_ || step.start_ >= step.slide_)
    return placed(Error(errors::sql::bad_literal, "a window's start is less than its slide"), 3);
  if (step.duration_ / step.slide_ > most_windows_a_row)
    return placed(Error(errors::sql::too_large, "a row would be in more than {} windows", most_windows_a_row), 2);
  return step;
}

void WindowStep::add_windows(const Frame& frame, std::size_t row, std::int64_t time, Found& found) const {
  const auto beyond = [&] {
    frame.fail(row, time_->span(),
               Error(errors::sql::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] a window leaves the range of TIMESTAMP"));
  };
  // Far from both ends of 64 bits there is nothing to check.
  constexpr std::int64_t safe = INT64_MAX / 4;
  if (time > safe || time < -safe) return beyond();
  std::int64_t start = time - floor_remainder(time - start_, slide_);
  for (; start > time - duration_; start -= slide_) {
    if (found.parents.size() >= most_rows) {
      return frame.fail(
          row, time_->span(),
          Error(errors::sql::value_too_large, "windows would give more than {} rows in one batch", most_rows));
    }
    found.parents.push_back(static_cast<std::int32_t>(row));
    found.starts.push_back(start);
    found.ends.push_back(start + duration_);
  }
}

Generated WindowStep::run(const Frame& frame) const {
  const Vector times = time_->evaluate(frame, {});
  const std::int64_t* values = times.column->values<std::int64_t>().data();
  std::optional<Vector> gaps;
  if (gap_) gaps = gap_->evaluate(frame, {});
  std::unordered_map<std::string_view, std::optional<std::int64_t>> known_gaps;
  Found found;
  const std::size_t expected = frame.rows * (multiplies() ? static_cast<std::size_t>(duration_ / slide_) + 1 : 1);
  for (auto* list : {&found.starts, &found.ends}) list->reserve(std::min(expected, most_rows));
  found.parents.reserve(std::min(expected, most_rows));

  for (std::size_t row = 0; row < frame.rows; ++row) {
    if (frame.failures->any() && frame.failures->has(frame.source_row(row))) continue;
    if (times.is_null(row)) continue;
    const std::int64_t time = values[times.index(row)];
    if (!session_) {
      add_windows(frame, row, time, found);
      continue;
    }
    std::int64_t gap = duration_, end = 0;
    if (gaps) {
      if (gaps->is_null(row)) continue;
      const std::string_view text = gaps->column->text(gaps->index(row));
      const auto known = known_gaps.try_emplace(text, std::nullopt);
      if (known.second) known.first->second = parse_duration(text);
      if (!known.first->second) {
        frame.fail(row, gap_->span(),
                   Error(errors::sql::cast_invalid_input, "[CAST_INVALID_INPUT] `{}` is no length of time", text));
        continue;
      }
      gap = *known.first->second;
    }
    if (gap <= 0) continue;
    if (__builtin_add_overflow(time, gap, &end)) {
      frame.fail(
          row, time_->span(),
          Error(errors::sql::arithmetic_overflow, "[ARITHMETIC_OVERFLOW] a session leaves the range of TIMESTAMP"));
      continue;
    }
    found.parents.push_back(static_cast<std::int32_t>(row));
    found.starts.push_back(time);
    found.ends.push_back(end);
  }

  const auto column = [&](const std::vector<std::int64_t>& micros) {
    const auto* raw = reinterpret_cast<const std::uint8_t*>(micros.data());
    return std::make_shared<const data::Column>(type_->fields()[0].type, micros.size(), Bytes(), Bytes(),
                                                Bytes(raw, raw + micros.size() * sizeof(std::int64_t)),
                                                std::vector<data::ColumnPtr>());
  };
  Generated out;
  out.columns.push_back(
      std::make_shared<const data::Column>(type_, found.parents.size(), Bytes(), Bytes(), Bytes(),
                                           std::vector<data::ColumnPtr>{column(found.starts), column(found.ends)}));
  out.parents = std::move(found.parents);
  return out;
}

}  // namespace streamops::sql
