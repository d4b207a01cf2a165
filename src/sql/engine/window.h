// sql/engine/window.h — window(…) and session_window(…): which windows a row belongs to.
//
//   tumbling   |----|----|----|      start inclusive, end exclusive; a row is in one
//   hopping    |-------|             a new one each slide; a row is in several, and so becomes several rows,
//                 |-------|          the latest window first, as in Spark
//   session    [time, time + gap)    merged with others by the GROUP BY
//
// A row without a time is in none and falls out.
#pragma once

#include "sql/engine/binder.h"
#include "sql/engine/generator.h"

namespace streamops::sql {

class WindowStep {
 public:
  /// window(time, duration[, slide[, start]]), session_window(time, gap). Errors: SO-S003, SO-S009, SO-S010, SO-S011.
  static Result<WindowStep> bind(const Expression& call, Binder& binder, const SourceText& source);

  bool is_session() const { return session_; }
  /// False when a row is in one window at most.
  bool multiplies() const { return !session_ && duration_ > slide_; }
  /// The time column is the event time, so the window is one.
  bool is_event_time() const { return time_->event_time(); }
  const Node& time() const { return *time_; }
  /// STRUCT<start, end>.
  const data::TypePtr& type() const { return type_; }
  /// The name that the window goes by: "window", "session_window".
  std::string_view name() const { return session_ ? "session_window" : "window"; }

  /// One row a window; the column of windows.
  Generated run(const Frame& frame) const;

 private:
  struct Found;
  void add_windows(const Frame& frame, std::size_t row, std::int64_t time, Found& found) const;

  NodePtr time_;
  NodePtr gap_;  // of a session: STRING, or a constant interval
  bool session_ = false;
  std::int64_t duration_ = 0, slide_ = 0, start_ = 0;  // microseconds
  data::TypePtr type_;
};

/// True for a call of window or session_window.
bool is_window_call(const Expression& expression);
/// window_time(window): the last microsecond of a window; the event time where the window is one.
Result<NodePtr> bind_window_time(NodePtr window, Span span);

}  // namespace streamops::sql
