// Groups of equal keys. Hot path: absorb() does per batch: keys encoded column by column, hashed, found in the table,
// then one loop an aggregate.
#include <algorithm>
#include <numeric>

#include "sql/engine/group_operator.h"
#include "sql/engine/key_table.h"

namespace streamops::sql {
namespace {

class HashGroups : public GroupOperator {
 public:
  explicit HashGroups(const GroupSpec& spec) : spec_(spec), cells_(spec.aggregates) {}

  void absorb(const Rows& rows, std::int64_t watermark, RowNotes& notes) override {
    find_groups(rows, watermark, notes);
    cells_.grow(table_.end());
    if (cells_.may_fail(rows.columns)) {
      add_one_by_one(rows, notes);
    } else {
      cells_.add(rows.columns, groups_);
    }
    fresh_.clear();
    for (std::size_t row = 0; row < rows.rows; ++row) {
      if (groups_[row] == no_group) continue;
      notes.counted[rows.source_row(row)] = 1;
      touch(groups_[row]);
    }
  }

  Rows end_epoch(std::int64_t watermark, bool had_rows, std::vector<Error>& failures) override {
    if (spec_.keys.empty() && had_rows && table_.size() == 0) touch(add_group("", GroupEnds::never));
    if (spec_.keys.empty() && had_rows) touch(0);
    Rows out;
    switch (spec_.mode) {
      case OutputMode::update:
        out = emitted(touched_, failures);
        for (const std::uint32_t group : closed(watermark)) remove(group);
        break;
      case OutputMode::append: {
        std::vector<std::uint32_t> groups = closed(watermark);
        out = emitted(groups, failures);
        for (const std::uint32_t group : groups) remove(group);
        break;
      }
      case OutputMode::complete:
        out = emitted(had_rows ? all_by_key() : std::vector<std::uint32_t>(), failures);
        break;
    }
    for (const std::uint32_t group : touched_) flags_[group] &= static_cast<std::uint8_t>(~is_touched);
    touched_.clear();
    return out;
  }

  void take_changes(const TakeGroup& entry) override {
    for (const std::string& key : removed_) entry(key, std::nullopt);
    removed_.clear();
    removed_bytes_ = 0;
    std::string value;
    for (const std::uint32_t group : changed_) {
      if ((flags_[group] & is_changed) == 0) continue;
      flags_[group] = static_cast<std::uint8_t>((flags_[group] & ~is_changed) | is_stored);
      value.clear();
      cells_.save(group, value);
      entry(table_.key(group), value);
    }
    changed_.clear();
  }

  bool restore(std::string_view key, StateReader& value) override {
    const std::optional<Columns> parts = key_columns(spec_, key);
    if (!parts || table_.find(key, KeyTable::hash(key)) != KeyTable::none) return false;
    const std::uint32_t group = add_group(key, GroupEnds(spec_, *parts)[0]);
    cells_.load(group, value);
    flags_[group] = is_stored;
    return value.done();
  }

  std::size_t bytes() const override {
    return table_.bytes() + cells_.bytes() + flags_.capacity() + ends_.capacity() * sizeof(std::int64_t) +
           closing_.capacity() * sizeof(Closing) + removed_bytes_ +
           (touched_.capacity() + changed_.capacity() + groups_.capacity() + hashes_.capacity()) *
               sizeof(std::uint32_t) +
           batch_.bytes.capacity() + batch_.starts.capacity() * sizeof(std::uint32_t);
  }
  std::size_t keys() const override { return table_.size(); }

 private:
  enum Flag : std::uint8_t { is_touched = 1, is_changed = 2, is_stored = 4, is_closing = 8 };
  struct Closing {
    std::int64_t end;
    std::uint32_t group;
    friend bool operator>(const Closing& a, const Closing& b) { return a.end > b.end; }
  };

  /// A piece of the batch at a time, so that its keys are still in the cache when they are looked up.
  void find_groups(const Rows& rows, std::int64_t watermark, RowNotes& notes) {
    const Columns keys(rows.columns.begin(), rows.columns.begin() + static_cast<std::ptrdiff_t>(spec_.keys.size()));
    groups_.assign(rows.rows, no_group);
    constexpr std::size_t piece = 4096;
    for (std::size_t first = 0; first < rows.rows; first += piece) {
      const std::size_t count = std::min(piece, rows.rows - first);
      encode_keys(keys, first, count, batch_);
      hashes_.resize(count);
      for (std::size_t i = 0; i < count; ++i) hashes_[i] = KeyTable::hash(batch_.key(i));
      find_groups(rows, first, watermark, notes);
    }
  }

  /// For the rows from `first` on whose keys are at hand.
  void find_groups(const Rows& rows, std::size_t first, std::int64_t watermark, RowNotes& notes) {
    const GroupEnds ends(spec_, rows.columns);
    const bool drops_late = spec_.mode != OutputMode::complete;
    const bool failures = notes.failures.any();
    constexpr std::size_t ahead = 8;
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
      const std::size_t row = first + i;
      if (i + ahead < hashes_.size()) table_.prefetch(hashes_[i + ahead]);
      if (failures && notes.failures.has(rows.source_row(row))) continue;
      const std::int64_t end = ends[row];
      if (end <= watermark && drops_late) {
        notes.late[rows.source_row(row)] = 1;
        continue;
      }
      bool added = false;
      groups_[row] = table_.add(batch_.key(i), hashes_[i], added);
      if (added) begin_group(groups_[row], end);
    }
  }

  std::uint32_t add_group(std::string_view key, std::int64_t end) {
    bool added = false;
    const std::uint32_t group = table_.add(key, KeyTable::hash(key), added);
    begin_group(group, end);
    cells_.grow(table_.end());
    fresh_.clear();
    return group;
  }
  void begin_group(std::uint32_t group, std::int64_t end) {
    if (group >= flags_.size()) {
      flags_.resize(group + 1);
      ends_.resize(group + 1);
    }
    flags_[group] = 0;
    ends_[group] = end;
    fresh_.push_back(group);
    if (end == GroupEnds::never || spec_.mode == OutputMode::complete) return;
    closing_.push_back({end, group});
    std::push_heap(closing_.begin(), closing_.end(), std::greater<>());
  }

  /// Rows that no sum can take fail with their whole source row; what that row added to groups is taken back.
  void add_one_by_one(const Rows& rows, RowNotes& notes) {
    std::vector<std::size_t> order(rows.rows);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return rows.source_row(a) < rows.source_row(b); });
    for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
      const std::size_t source_row = rows.source_row(order[begin]);
      while (end < order.size() && rows.source_row(order[end]) == source_row) ++end;
      const std::span<const std::size_t> same(order.data() + begin, end - begin);
      const auto error = add_together(rows, same);
      if (!error) continue;
      notes.failures.add(source_row, *error);
      for (const std::size_t row : same) groups_[row] = no_group;
    }
    drop_unused();
  }

  std::optional<Error> add_together(const Rows& rows, std::span<const std::size_t> same) {
    std::vector<std::pair<std::uint32_t, std::string>> before;
    for (const std::size_t row : same) {
      if (groups_[row] == no_group) continue;
      before.emplace_back(groups_[row], cells_.snapshot(groups_[row]));
      const auto error = cells_.add_row(rows.columns, row, groups_[row]);
      if (!error) continue;
      for (auto undo = before.rbegin(); undo != before.rend(); ++undo) cells_.put_back(undo->first, undo->second);
      return error;
    }
    return std::nullopt;
  }

  /// Groups that this batch began and that only failed rows belong to.
  void drop_unused() {
    std::vector<std::uint8_t> used(table_.end(), 0);
    for (const std::uint32_t group : groups_) {
      if (group != no_group) used[group] = 1;
    }
    for (const std::uint32_t group : fresh_) {
      if (used[group] == 0) remove(group);
    }
  }

  void touch(std::uint32_t group) {
    if ((flags_[group] & is_touched) == 0) touched_.push_back(group);
    if ((flags_[group] & is_changed) == 0) changed_.push_back(group);
    flags_[group] |= is_touched | is_changed;
  }

  void remove(std::uint32_t group) {
    if ((flags_[group] & is_stored) != 0) {
      removed_.emplace_back(table_.key(group));
      removed_bytes_ += sizeof(std::string) + removed_.back().capacity();
    }
    flags_[group] = 0;
    table_.remove(group);
    cells_.clear(group);
  }

  /// Takes the groups that end at or before the watermark off the heap, by end, then by key.
  std::vector<std::uint32_t> closed(std::int64_t watermark) {
    std::vector<std::uint32_t> groups;
    while (!closing_.empty() && closing_.front().end <= watermark) {
      const Closing next = closing_.front();
      std::pop_heap(closing_.begin(), closing_.end(), std::greater<>());
      closing_.pop_back();
      // An entry may be older than the group that has its number now.
      const bool current = table_.live(next.group) && ends_[next.group] == next.end;
      if (!current || (flags_[next.group] & is_closing) != 0) continue;
      flags_[next.group] |= is_closing;
      groups.push_back(next.group);
    }
    std::sort(groups.begin(), groups.end(), [&](std::uint32_t a, std::uint32_t b) {
      return ends_[a] != ends_[b] ? ends_[a] < ends_[b] : table_.key(a) < table_.key(b);
    });
    return groups;
  }

  std::vector<std::uint32_t> all_by_key() const {
    std::vector<std::uint32_t> groups;
    for (std::uint32_t group = 0; group < table_.end(); ++group) {
      if (table_.live(group)) groups.push_back(group);
    }
    std::sort(groups.begin(), groups.end(),
              [&](std::uint32_t a, std::uint32_t b) { return table_.key(a) < table_.key(b); });
    return groups;
  }

  Rows emitted(const std::vector<std::uint32_t>& groups, std::vector<Error>& failures) const {
    std::vector<data::ColumnBuilder> builders;
    builders.reserve(spec_.keys.size());
    for (const data::TypePtr& type : spec_.keys) builders.emplace_back(type);
    for (const std::uint32_t group : groups) {
      StateReader key(table_.key(group));
      for (data::ColumnBuilder& builder : builders) (void)read_value(key, builder);
    }
    Rows out;
    out.rows = groups.size();
    for (data::ColumnBuilder& builder : builders) out.columns.push_back(builder.finish());
    std::vector<Cells::Failed> failed;
    for (data::ColumnPtr& column : cells_.results(groups, failed)) out.columns.push_back(std::move(column));
    drop_failed(out, failed, failures);
    return out;
  }

  const GroupSpec& spec_;
  Cells cells_;
  KeyTable table_;
  std::vector<std::uint8_t> flags_;     // by group
  std::vector<std::int64_t> ends_;      // by group
  std::vector<Closing> closing_;        // a heap, the earliest end first
  std::vector<std::uint32_t> touched_;  // in this epoch, in order
  std::vector<std::uint32_t> changed_;  // since take_changes()
  std::vector<std::string> removed_;    // stored once, gone since take_changes()
  std::size_t removed_bytes_ = 0;
  // Of the batch at hand.
  KeyBatch batch_;
  std::vector<std::uint32_t> hashes_, groups_, fresh_;
};

}  // namespace

GroupEnds::GroupEnds(const GroupSpec& spec, const Columns& columns) {
  if (!spec.event_time) return;
  key_ = columns[*spec.event_time].get();
  const data::Column& ends = key_->type()->id() == data::TypeId::structure ? *key_->children()[1] : *key_;
  values_ = ends.values<std::int64_t>().data();
}

std::optional<Columns> key_columns(const GroupSpec& spec, std::string_view key) {
  StateReader in(key);
  Columns columns;
  for (const data::TypePtr& type : spec.keys) {
    data::ColumnBuilder builder(type);
    if (!read_value(in, builder)) return std::nullopt;
    columns.push_back(builder.finish());
  }
  return in.done() ? std::optional<Columns>(std::move(columns)) : std::nullopt;
}

void drop_failed(Rows& rows, const std::vector<Cells::Failed>& failed, std::vector<Error>& failures) {
  if (failed.empty()) return;
  std::vector<std::uint8_t> bad(rows.rows, 0);
  for (const Cells::Failed& one : failed) {
    if (bad[one.row] == 0) failures.push_back(one.error);
    bad[one.row] = 1;
  }
  std::vector<std::int32_t> kept;
  for (std::size_t row = 0; row < rows.rows; ++row) {
    if (bad[row] == 0) kept.push_back(static_cast<std::int32_t>(row));
  }
  for (data::ColumnPtr& column : rows.columns) column = data::take(column, kept);
  rows.rows = kept.size();
}

std::unique_ptr<GroupOperator> make_group_operator(const GroupSpec& spec) {
  return std::make_unique<HashGroups>(spec);
}

}  // namespace streamops::sql
