#include "sql/engine/query_state.h"

#include <algorithm>

#include "data/calendar.h"
#include "errors/sql.h"
#include "sql/engine/changing_table.h"
#include "sql/engine/plan.h"
#include "sql/engine/stream_join.h"

namespace streamops::sql {
namespace {

// An entry's key is the number of its operator, one byte, and the group's key; of a join or a table `join_entries` or
// `table_entries`, its number, one byte, and what it gave; the watermark's is `own_entry`.
// An entry's value is a version, the operator's layout, and what the operator wrote.
constexpr char own_entry = '\xff';
constexpr char join_entries = '\xfe';
constexpr char table_entries = '\xfd';
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
    for (const PlanNode* node : plan_.joins) joins_.push_back(std::make_unique<StreamJoin>(node->join));
    held_.resize(plan_.leaves.size());
    seen_.assign(plan_.time_columns.size(), none_seen);
    open_tables();
  }

  Taken take(const data::Batch& source, const EvaluationContext& context, std::size_t input) {
    settle_tables();
    Failures failures(std::max<std::size_t>(source.rows, 1));
    RowNotes notes{failures, std::vector<std::uint8_t>(source.rows + 1, 0),
                   std::vector<std::uint8_t>(source.rows + 1, 0)};
    std::vector<std::uint8_t> moves(source.rows + 1, 0);
    had_rows_ = had_rows_ || source.rows + context.left_out > 0;
    const RunContext run{context, text_, failures, &moves, views_};
    std::vector<Rows> parts;
    parts.reserve(plan_.leaves.size());
    for (const PlanNode* leaf : plan_.leaves) parts.push_back(run_stateless(*leaf, {source, input}, run));
    absorb(*plan_.root, parts, notes, run);
    see_times(source, input, moves, failures);
    Taken taken;
    for (std::size_t row = 0; row < source.rows; ++row) {
      if (notes.late[row] != 0 && notes.counted[row] == 0 && !failures.has(row))
        taken.late.push_back(static_cast<std::int32_t>(row));
    }
    taken.failures = std::move(failures).take_sorted();
    return taken;
  }

  QueryResult run(const data::Batch& source, const EvaluationContext& context, std::size_t input) {
    STREAMOPS_CHECK(!query_->collects(), "the rows of a query that collects come out at the end of an epoch");
    settle_tables();
    return plan_.run({source, input}, context, views_);
  }

  std::vector<RowError> change(std::size_t input, std::span<const TableChange> changes, const data::Batch& rows,
                               const EvaluationContext& context) {
    for (const auto& table : tables_) {
      if (table->input() == input) return table->change(changes, rows, context);
    }
    return {};  // nobody looks anything up in it
  }

  Emitted end_epoch(const EvaluationContext& context) {
    Emitted out;
    out.batch.schema = plan_.root->output;
    if (!query_->collects()) return out;
    settle_tables();
    out.failures = std::move(pair_failures_);
    pair_failures_.clear();
    const std::int64_t before = watermark_;
    move_watermark();
    changed_ = changed_ || watermark_ != before;
    late_before_ = before;
    Rows rows = run(*plan_.root, context, out.failures);
    for (std::vector<Rows>& held : held_) held.clear();
    had_rows_ = false;
    late_before_ = watermark_;
    out.batch.rows = rows.rows;
    out.batch.columns = std::move(rows.columns);
    return out;
  }

  void take_changes(const TakeEntry& entry) {
    std::string key, bytes;
    const auto hand_on = [&](std::string prefix, std::uint32_t layout) {
      return [&, prefix = std::move(prefix), layout](std::string_view own, std::optional<std::string_view> value) {
        key = prefix;
        key += own;
        if (!value) return entry(key, std::nullopt);
        head(bytes, layout);
        bytes += *value;
        entry(key, bytes);
      };
    };
    for (std::size_t i = 0; i < operators_.size(); ++i)
      operators_[i]->take_changes(hand_on(std::string(1, static_cast<char>(i)), plan_.groups[i]->group.layout));
    for (std::size_t i = 0; i < joins_.size(); ++i)
      joins_[i]->take_changes(hand_on({join_entries, static_cast<char>(i)}, plan_.joins[i]->join.layout));
    for (const auto& table : tables_)
      table->take_changes(hand_on({table_entries, static_cast<char>(table->input())}, table->layout()));
    if (!changed_) return;
    changed_ = false;
    head(bytes, layout());
    put_fixed(bytes, watermark_);
    for (const std::int64_t seen : seen_) put_fixed(bytes, seen);
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
    if (key[0] == join_entries || key[0] == table_entries) return restore_further(key, layout_then, in);
    const bool own = key == std::string_view(&own_entry, 1);
    const auto index = static_cast<std::size_t>(static_cast<std::uint8_t>(key[0]));
    if (!own && index >= operators_.size()) return foreign();
    if (layout_then != (own ? layout() : plan_.groups[index]->group.layout)) return foreign();
    if (!own) return operators_[index]->restore(key.substr(1), in) ? Result<void>() : damaged();
    watermark_ = in.fixed<std::int64_t>();
    for (std::int64_t& seen : seen_) seen = in.fixed<std::int64_t>();
    late_before_ = watermark_;
    return in.done() && watermark_ >= 0 ? Result<void>() : damaged();
  }

  std::int64_t watermark() const { return watermark_; }
  std::size_t bytes() const {
    std::size_t total = sizeof *this;
    for (const auto& each : operators_) total += each->bytes();
    for (const auto& each : joins_) total += each->bytes();
    for (const auto& each : tables_) total += each->bytes();
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
    for (const auto& each : joins_) total += each->keys();
    for (const auto& each : tables_) total += each->keys();
    return total;
  }

 private:
  /// One for each table that changes; `views_` then has what each lookup looks at.
  void open_tables() {
    views_ = plan_.constant_views;
    for (std::size_t input = 1; input < plan_.time_columns.size(); ++input) {
      std::vector<const PlanNode*> lookups;
      for (const PlanNode* lookup : plan_.lookups) {
        if (lookup->input == input && views_[lookup->index] == nullptr) lookups.push_back(lookup);
      }
      if (lookups.empty()) continue;
      tables_.push_back(std::make_unique<ChangingTable>(input, plan_.schema(input), std::move(lookups), text_));
      const ChangingTable& table = *tables_.back();
      for (std::size_t i = 0; i < table.lookups().size(); ++i) views_[table.lookups()[i]->index] = &table.index(i);
    }
  }
  void settle_tables() {
    for (const auto& table : tables_) table->settle();
  }

  Result<void> restore_further(std::string_view key, std::uint32_t layout_then, StateReader& in) {
    if (key.size() < 2) return damaged();
    const auto number = static_cast<std::size_t>(static_cast<std::uint8_t>(key[1]));
    if (key[0] == join_entries) {
      if (number >= joins_.size() || layout_then != plan_.joins[number]->join.layout) return foreign();
      return joins_[number]->restore(key.substr(2), in) ? Result<void>() : damaged();
    }
    for (const auto& table : tables_) {
      if (table->input() != number) continue;
      if (layout_then != table->layout()) return foreign();
      return table->restore(key.substr(2), in) ? Result<void>() : damaged();
    }
    return foreign();
  }

  /// Each stream's greatest time less its delay; the least of these counts, and one that has none yet holds all back.
  void move_watermark() {
    std::int64_t least = INT64_MAX;
    for (std::size_t input = 0; input < seen_.size(); ++input) {
      if (!plan_.watermark(input)) continue;
      // Whole milliseconds, as Spark counts event time.
      const std::int64_t delay = plan_.watermark(input)->delay_us / 1000 * 1000;
      const std::int64_t seen = seen_[input] > 0 ? data::floor_divide(seen_[input], 1000) * 1000 - delay : 0;
      if (plan_.reads[input]) least = std::min(least, seen);
    }
    if (least != INT64_MAX) watermark_ = std::max(watermark_, least);
  }

  /// Gives each stateless subtree's rows to the operator above it, or keeps them for the end of the epoch.
  void absorb(const PlanNode& node, std::vector<Rows>& parts, RowNotes& notes, const RunContext& context) {
    for (std::size_t side = 0; side < node.inputs.size(); ++side) {
      const PlanPtr& input = node.inputs[side];
      if (node.kind == PlanNode::Kind::lookup && side != node.join.stream_side) continue;
      if (input->stateful) {
        absorb(*input, parts, notes, context);
        continue;
      }
      Rows& rows = parts[input->index];
      if (node.kind == PlanNode::Kind::join) {
        joins_[node.index]->absorb(side, rows, watermark_, notes, context, pair_failures_);
        continue;
      }
      if (node.kind == PlanNode::Kind::group) {
        operators_[node.index]->absorb(rows, watermark_, notes);
        continue;
      }
      drop_struck_rows(rows, notes.failures);
      for (std::size_t row = 0; row < rows.rows; ++row) notes.counted[rows.source_row(row)] = 1;
      if (rows.rows > 0) held_[input->index].push_back(std::move(rows));
    }
  }

  void see_times(const data::Batch& source, std::size_t input, const std::vector<std::uint8_t>& moves,
                 const Failures& failures) {
    if (!plan_.time_columns[input]) return;
    const data::Column& times = *source.columns[*plan_.time_columns[input]];
    const auto values = times.values<std::int64_t>();
    const std::int64_t before = seen_[input];
    std::int64_t& seen = seen_[input];
    for (std::size_t row = 0; row < source.rows; ++row) {
      if (moves[row] != 0 && !times.is_null(row) && !failures.has(row)) seen = std::max(seen, values[row]);
    }
    changed_ = changed_ || seen != before;
  }

  /// The watermark that rows out of a step have passed.
  std::int64_t behind(const PlanNode& node, std::int64_t watermark) const {
    std::int64_t least = watermark;
    for (const PlanPtr& input : node.inputs) least = std::min(least, behind(*input, watermark));
    return node.kind == PlanNode::Kind::join ? watermark_behind(node.join, least) : least;
  }

  Rows run(const PlanNode& node, const EvaluationContext& context, std::vector<Error>& failures) {
    if (!node.stateful) return joined(held_[node.index], *node.output);
    if (node.kind == PlanNode::Kind::join) return joins_[node.index]->end_epoch(watermark_);
    if (node.kind == PlanNode::Kind::lookup) {
      return stepped(run(*node.inputs[node.join.stream_side], context, failures), context, failures,
                     [&](Rows rows, const RunContext& run) { return look_up(node, std::move(rows), run); });
    }
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
        return operators_[node.index]->end_epoch(behind(*node.inputs[0], watermark_), had_rows_, failures);
      default:
        return stepped(std::move(inputs[0]), context, failures,
                       [&](Rows rows, const RunContext& run) { return node.projection.run(std::move(rows), run); });
    }
  }

  void absorb_groups(const PlanNode& node, const Rows& rows, std::vector<Error>& failures) {
    Failures struck(rows.rows + 1);
    RowNotes notes{struck, std::vector<std::uint8_t>(rows.rows + 1, 0), std::vector<std::uint8_t>(rows.rows + 1, 0)};
    operators_[node.index]->absorb(rows, behind(*node.inputs[0], late_before_), notes);
    for (RowError& failure : std::move(struck).take_sorted()) failures.push_back(std::move(failure.error));
  }

  /// Rows of groups have no offset in a topic: they are told apart by the epoch and their place in it.
  template <typename Step>
  Rows stepped(Rows rows, const EvaluationContext& context, std::vector<Error>& failures, Step step) {
    EvaluationContext own = context;
    const std::vector<std::int32_t> partitions(rows.rows, 0);
    std::vector<std::int64_t> offsets(rows.rows);
    for (std::size_t row = 0; row < rows.rows; ++row)
      offsets[row] = static_cast<std::int64_t>(static_cast<std::uint64_t>(context.epoch_us) + row);
    own.partitions = partitions;
    own.offsets = offsets;
    Failures struck(rows.rows + 1);
    Rows out = step(std::move(rows), RunContext{own, text_, struck, nullptr, views_});
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
  /// Of the watermark's entry: it has a time for each input.
  std::uint32_t layout() const { return static_cast<std::uint32_t>(operators_.size() + ((seen_.size() - 1) << 16)); }
  static Error damaged() { return Error(errors::sql::state_damaged, "an entry of the stored state cannot be read"); }
  static Error foreign() { return Error(errors::sql::state_foreign, "the stored state belongs to another query"); }

  std::shared_ptr<const Query> query_;
  const Query::Plan& plan_;
  SourceText text_;
  std::vector<std::unique_ptr<GroupOperator>> operators_;
  std::vector<std::unique_ptr<StreamJoin>> joins_;
  std::vector<std::unique_ptr<ChangingTable>> tables_;
  std::vector<const LookupIndex*> views_;  // by lookup
  std::vector<Error> pair_failures_;       // of this epoch: rows that failed behind a join
  std::vector<std::vector<Rows>> held_;    // by leaf: rows of this epoch that go through unchanged
  std::int64_t watermark_ = 0;
  std::int64_t late_before_ = 0;    // the watermark at the epoch's start
  std::vector<std::int64_t> seen_;  // by input: the greatest event time
  bool had_rows_ = false;
  bool changed_ = false;  // the watermark's entry
};

QueryState::QueryState(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
QueryState::~QueryState() = default;

Taken QueryState::take(const data::Batch& source, const EvaluationContext& context, std::size_t input) {
  return impl_->take(source, context, input);
}
QueryResult QueryState::run(const data::Batch& source, const EvaluationContext& context, std::size_t input) {
  return impl_->run(source, context, input);
}
std::vector<RowError> QueryState::change(std::size_t input, std::span<const TableChange> changes,
                                         const data::Batch& rows, const EvaluationContext& context) {
  return impl_->change(input, changes, rows, context);
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
