// Joins of a stream with a table: for each row of the stream, the table's rows of its key, as they are now.
#include "sql/engine/join.h"

#include <algorithm>

#include "sql/engine/branches.h"
#include "sql/engine/lookup_index.h"
#include "sql/engine/plan.h"

namespace streamops::sql {
namespace {

/// Pairs looked at together: a key that very many rows have does not make one huge batch.
constexpr std::size_t most_pairs = 1 << 16;

/// Pairs of a row of the stream and one of the table; `none` where the table has none.
struct Pairs {
  std::vector<std::int32_t> stream;
  std::vector<std::uint32_t> table;
};

class Lookup {
 public:
  Lookup(const JoinSpec& join, const LookupIndex& table, const Rows& rows, const RunContext& context)
      : join_(join), table_(table), rows_(rows), context_(context) {}

  Rows run() {
    KeyBatch keys;
    const std::size_t first = join_.key_column(join_.stream_side, 0);
    const auto begin = rows_.columns.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + static_cast<std::ptrdiff_t>(join_.keys.size());
    encode_keys({begin, end}, rows_.rows, keys);
    for (std::size_t row = 0; row < rows_.rows; ++row) {
      const bool null = std::any_of(begin, end, [row](const data::ColumnPtr& key) { return key->is_null(row); });
      const bool failed = context_.failures.any() && context_.failures.has(rows_.source_row(row));
      if (!null && !failed) {
        for (const std::uint32_t other : table_.find(keys.key(row))) {
          pending_.stream.push_back(static_cast<std::int32_t>(row));
          pending_.table.push_back(other);
        }
      }
      if (pending_.stream.size() >= most_pairs) settle(row + 1);
    }
    settle(rows_.rows);
    return result();
  }

 private:
  bool emits_pairs() const { return join_.type != JoinType::semi && join_.type != JoinType::anti; }

  /// Decides about the rows before `end`.
  void settle(std::size_t end) {
    std::vector<std::uint8_t> meets(pending_.stream.size(), 1);
    if (join_.condition && !pending_.stream.empty()) {
      std::vector<std::int32_t> origin;
      for (const std::int32_t row : pending_.stream)
        origin.push_back(static_cast<std::int32_t>(rows_.source_row(static_cast<std::size_t>(row))));
      meets = meeting_pairs(join_, columns_of(pending_), pending_.stream.size(), context_, context_.failures, origin);
    }
    std::size_t pair = 0;
    for (; settled_ < end; ++settled_) {
      const auto row = static_cast<std::int32_t>(settled_);
      bool met = false;
      for (; pair < pending_.stream.size() && pending_.stream[pair] == row; ++pair) {
        if (meets[pair] == 0) continue;
        met = true;
        if (emits_pairs()) add(row, pending_.table[pair]);
      }
      const bool alone = join_.type == JoinType::anti || join_.keeps(join_.stream_side);
      if (met ? join_.type == JoinType::semi : alone) add(row, RowStore::none);
    }
    pending_ = {};
  }

  void add(std::int32_t row, std::uint32_t other) {
    out_.stream.push_back(row);
    out_.table.push_back(other);
  }

  std::vector<data::ColumnPtr> columns_of(const Pairs& pairs) const {
    std::vector<data::ColumnPtr> stream;
    for (std::size_t i = 0; i < join_.sides[join_.stream_side].types.size(); ++i)
      stream.push_back(data::take(rows_.columns[i], pairs.stream));
    std::vector<data::ColumnPtr> table;
    if (emits_pairs() || join_.condition) table = table_.rows().read(pairs.table);
    if (join_.stream_side == JoinSpec::right) std::swap(stream, table);
    stream.insert(stream.end(), table.begin(), table.end());
    return stream;
  }

  Rows result() {
    Rows out;
    out.rows = out_.stream.size();
    out.columns = columns_of(out_);
    out.columns.resize(join_.output->size());
    std::int32_t last = -1, next = 0;
    for (const std::int32_t row : out_.stream) {
      const auto source_row = static_cast<std::int32_t>(rows_.source_row(static_cast<std::size_t>(row)));
      next = source_row == last ? next + 1 : 0;
      last = source_row;
      out.origin.push_back(source_row);
      out.ordinal.push_back(next);
    }
    return out;
  }

  const JoinSpec& join_;
  const LookupIndex& table_;
  const Rows& rows_;
  const RunContext& context_;
  Pairs pending_, out_;
  std::size_t settled_ = 0;
};

}  // namespace

Rows look_up(const PlanNode& node, Rows rows, const RunContext& context) {
  return Lookup(node.join, *context.tables[node.index], rows, context).run();
}

std::vector<std::uint8_t> meeting_pairs(const JoinSpec& join, const std::vector<data::ColumnPtr>& columns,
                                        std::size_t pairs, const RunContext& context, Failures& failures,
                                        std::span<const std::int32_t> origin) {
  Frame frame;
  frame.rows = pairs;
  frame.columns = columns;
  frame.origin = origin;
  frame.context = &context.evaluation;
  frame.source = &context.text;
  frame.failures = &failures;
  const Vector condition = join.condition->evaluate(frame, {});
  std::vector<std::uint8_t> meets(pairs, 0);
  for (std::size_t pair = 0; pair < pairs; ++pair) meets[pair] = is_true(condition, pair) ? 1 : 0;
  return meets;
}

std::int64_t end_of_side(const JoinSide& side, std::int64_t watermark) {
  return watermark + side.ends_after_us;
}

std::int64_t watermark_behind(const JoinSpec& join, std::int64_t watermark) {
  std::int64_t behind = watermark;
  for (const JoinSide& side : join.sides) {
    if (side.ends_by) behind = std::min(behind, end_of_side(side, watermark));
  }
  return behind;
}

}  // namespace streamops::sql
