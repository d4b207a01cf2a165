#include "sql/engine/query_state.h"

#include <algorithm>

#include "data/calendar.h"
#include "errors/sql.h"
#include "sql/engine/plan.h"

namespace streamops::sql {
namespace {

// An entry's key is the number of its operator, one byte, and the group's key; the watermark's is `own_entry`.
// An entry's value is a version, the operator's layout, and what the operator wrote.
constexpr char own_entry = '\xff';
constexpr std::size_t most_operators = 200;
constexpr std::uint8_t version = 1;
constexpr std::int64_t none_seen = INT64_MIN;

}  // namespace

class QueryState::Impl {
 public:
  explicit Impl(std::shared_ptr<const Query> query)
      : query_(std::move(query)), plan_(*query_->plan_), text_(plan_.text, plan_.at) {
    STREAMOPS_CHECK(plan_.groups.size() <= most_operators, "a query has at most 200 operators with state");
    for (const PlanNode* node : plan_.groups)
      operators_.push_back(node->group.session ? make_session_operator(node->group) : make_group_operator(node->group));
    held_.resize(plan_.leaves.size());
  }

  Taken take(const data::Batch& source, const EvaluationContext& context) {
    Failures failures(std::max<std::size_t>(source.rows, 1));
    RowNotes notes{failures, std::vector<std::uint8_t>(source.rows + 1, 0),
                   std::vector<std::uint8_t>(source.rows + 1, 0)};
    std::vector<std::uint8_t> moves(source.rows + 1, 0);
    had_rows_ = had_rows_ || source.rows > 0;
    std::vector<Rows> parts;
    for (const PlanNode* leaf : plan_.leaves)
      parts.push_back(run_stateless(*leaf, source, {context, text_, failures, &moves}));
    absorb(*plan_.root, parts, notes);
    see_times(source, moves, failures);
    Taken taken;
    for (std::size_t row = 0; row < source.rows; ++row) {
      if (notes.late[row] != 0 && notes.counted[row] == 0 && !failures.has(row))
        taken.late.push_back(static_cast<std::int32_t>(row));
    }
    taken.failures = std::move(failures).take_sorted();
    return taken;
  }

  Emitted end_epoch(const EvaluationContext& context) {
    Emitted out;
    const std::int64_t before = watermark_;
    if (seen_ > 0) {
      // Whole milliseconds, as Spark counts event time.
      const std::int64_t seen = data::floor_divide(seen_, 1000) * 1000;
      const std::int64_t delay = plan_.options.watermark->delay_us / 1000 * 1000;
      watermark_ = std::max(watermark_, seen - delay);
    }
    changed_ = changed_ || watermark_ != before;
    late_before_ = before;
    Rows rows = run(*plan_.root, context, out.failures);
    for (std::vector<Rows>& held : held_) held.clear();
    had_rows_ = false;
    late_before_ = watermark_;
    out.batch.schema = plan_.root->output;
    out.batch.rows = rows.rows;
    out.batch.columns = std::move(rows.columns);
    return out;
  }

  void take_changes(const TakeEntry& entry) {
    std::string key, bytes;
    for (std::size_t i = 0; i < operators_.size(); ++i) {
      operators_[i]->take_changes([&](std::string_view group, std::optional<std::string_view> value) {
        key.assign(1, static_cast<char>(i));
        key += group;
        if (!value) return entry(key, std::nullopt);
        head(bytes, plan_.groups[i]->group.layout);
        bytes += *value;
        entry(key, bytes);
      });
    }
    if (!changed_) return;
    changed_ = false;
    head(bytes, layout());
    put_fixed(bytes, watermark_);
    put_fixed(bytes, seen_);
    entry(std::string_view(&own_entry, 1), bytes);
  }

  Result<void> restore(std::string_view key, std::string_view value) {
    StateReader in(value);
    const auto written = in.fixed<std::uint8_t>();
    const auto layout_then = in.fixed<std::uint32_t>();
    if (in.failed() || key.empty()) return damaged();
    if (written > version) {
      return Error(errors::sql::state_foreign, "the state was written in version {}, and this program reads version {}",
                   written, version);
    }
    const bool own = key == std::string_view(&own_entry, 1);
    const auto index = static_cast<std::size_t>(static_cast<std::uint8_t>(key[0]));
    if (!own && index >= operators_.size()) return foreign();
    if (layout_then != (own ? layout() : plan_.groups[index]->group.layout)) return foreign();
    if (!own) return operators_[index]->restore(key.substr(1), in) ? Result<void>() : damaged();
    watermark_ = in.fixed<std::int64_t>();
    seen_ = in.fixed<std::int64_t>();
    late_before_ = watermark_;
    return in.done() && watermark_ >= 0 ? Result<void>() : damaged();
  }

  std::int64_t watermark() const { return watermark_; }
  std::size_t bytes() const {
    std::size_t total = sizeof *this;
    for (const auto& each : operators_) total += each->bytes();
    for (const std::vector<Rows>& held : held_) {
      for (const Rows& rows : held) {
        for (const data::ColumnPtr& column : rows.columns) total += column->memory();
      }
    }
    return total;
  }
  std::size_t keys() const {
    std::size_t total = 0;
    for (const auto& each : operators_) total += each->keys();
    return total;
  }

 private:
  /// Gives each stateless subtree's rows to the operator above it, or keeps them for the end of the epoch.
  void absorb(const PlanNode& node, std::vector<Rows>& parts, RowNotes& notes) {
    for (const PlanPtr& input : node.inputs) {
      if (input->stateful) {
        absorb(*input, parts, notes);
        continue;
      }
      Rows& rows = parts[input->index];
      if (node.kind == PlanNode::Kind::group) {
        operators_[node.index]->absorb(rows, watermark_, notes);
        continue;
      }
      drop_struck_rows(rows, notes.failures);
      for (std::size_t row = 0; row < rows.rows; ++row) notes.counted[rows.source_row(row)] = 1;
      if (rows.rows > 0) held_[input->index].push_back(std::move(rows));
    }
  }

  void see_times(const data::Batch& source, const std::vector<std::uint8_t>& moves, const Failures& failures) {
    if (!plan_.options.watermark) return;
    const data::Column& times = *source.columns[plan_.time_column];
    const auto values = times.values<std::int64_t>();
    const std::int64_t before = seen_;
    for (std::size_t row = 0; row < source.rows; ++row) {
      if (moves[row] != 0 && !times.is_null(row) && !failures.has(row)) seen_ = std::max(seen_, values[row]);
    }
    changed_ = changed_ || seen_ != before;
  }

  Rows run(const PlanNode& node, const EvaluationContext& context, std::vector<Error>& failures) {
    if (!node.stateful) return joined(held_[node.index], *node.output);
    std::vector<Rows> inputs;
    // What a group's stateless input had, the group has already.
    const bool fed = node.kind == PlanNode::Kind::group && !node.inputs[0]->stateful;
    for (const PlanPtr& input : node.inputs) {
      if (!fed) inputs.push_back(run(*input, context, failures));
    }
    switch (node.kind) {
      case PlanNode::Kind::union_all:
        return joined(inputs, *node.output);
      case PlanNode::Kind::group:
        if (!fed) absorb_groups(node, inputs[0], failures);
        return operators_[node.index]->end_epoch(watermark_, had_rows_, failures);
      default:
        return projected(node.projection, std::move(inputs[0]), context, failures);
    }
  }

  void absorb_groups(const PlanNode& node, const Rows& rows, std::vector<Error>& failures) {
    Failures struck(rows.rows + 1);
    RowNotes notes{struck, std::vector<std::uint8_t>(rows.rows + 1, 0), std::vector<std::uint8_t>(rows.rows + 1, 0)};
    operators_[node.index]->absorb(rows, late_before_, notes);
    for (RowError& failure : std::move(struck).take_sorted()) failures.push_back(std::move(failure.error));
  }

  /// Rows of groups have no offset in a topic: they are told apart by the epoch and their place in it.
  Rows projected(const Projection& projection, Rows rows, const EvaluationContext& context,
                 std::vector<Error>& failures) {
    EvaluationContext own = context;
    const std::vector<std::int32_t> partitions(rows.rows, 0);
    std::vector<std::int64_t> offsets(rows.rows);
    for (std::size_t row = 0; row < rows.rows; ++row)
      offsets[row] = static_cast<std::int64_t>(static_cast<std::uint64_t>(context.epoch_us) + row);
    own.partitions = partitions;
    own.offsets = offsets;
    Failures struck(rows.rows + 1);
    Rows out = projection.run(std::move(rows), {own, text_, struck, nullptr});
    drop_struck_rows(out, struck);
    out.origin.clear();
    out.ordinal.clear();
    for (RowError& failure : std::move(struck).take_sorted()) failures.push_back(std::move(failure.error));
    return out;
  }

  static void head(std::string& out, std::uint32_t layout) {
    out.clear();
    put_fixed(out, version);
    put_fixed(out, layout);
  }
  std::uint32_t layout() const { return static_cast<std::uint32_t>(operators_.size()); }
  static Error damaged() { return Error(errors::sql::state_damaged, "an entry of the stored state cannot be read"); }
  static Error foreign() { return Error(errors::sql::state_foreign, "the stored state belongs to another query"); }

  std::shared_ptr<const Query> query_;
  const Query::Plan& plan_;
  SourceText text_;
  std::vector<std::unique_ptr<GroupOperator>> operators_;
  std::vector<std::vector<Rows>> held_;  // by leaf: rows of this epoch that go through unchanged
  std::int64_t watermark_ = 0;
  std::int64_t late_before_ = 0;  // the watermark at the epoch's start
  std::int64_t seen_ = none_seen;
  bool had_rows_ = false;
  bool changed_ = false;  // the watermark's entry
};

QueryState::QueryState(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
QueryState::~QueryState() = default;

Taken QueryState::take(const data::Batch& source, const EvaluationContext& context) {
  return impl_->take(source, context);
}
Emitted QueryState::end_epoch(const EvaluationContext& context) {
  return impl_->end_epoch(context);
}
std::int64_t QueryState::watermark_us() const {
  return impl_->watermark();
}
std::size_t QueryState::bytes() const {
  return impl_->bytes();
}
std::size_t QueryState::keys() const {
  return impl_->keys();
}
void QueryState::take_changes(const TakeEntry& entry) {
  impl_->take_changes(entry);
}
Result<void> QueryState::restore(std::string_view key, std::string_view value) {
  return impl_->restore(key, value);
}

std::unique_ptr<QueryState> Query::open_state() const {
  STREAMOPS_CHECK(keeps_state(), "only a query that keeps state is opened");
  return std::make_unique<QueryState>(std::make_unique<QueryState::Impl>(shared_from_this()));
}

}  // namespace streamops::sql
