#include "sql/engine/stream_join.h"

#include <algorithm>

#include "base/bytes.h"
#include "sql/engine/branches.h"
#include "sql/engine/state_bytes.h"

namespace streamops::sql {
namespace {

constexpr std::int64_t never = INT64_MAX;
constexpr std::size_t most_pairs = 1 << 16;  // looked at together
constexpr std::size_t entry_key_bytes = 1 + sizeof(std::uint64_t);

std::size_t room(const std::vector<std::uint32_t>& list) {
  return list.capacity() * sizeof(std::uint32_t);
}

/// A TIMESTAMP, or the end of a window.
std::int64_t time_at(const data::Column& column, std::size_t row) {
  if (column.is_null(row)) return never;
  const data::Column& times = column.type()->id() == data::TypeId::structure ? *column.children()[1] : column;
  return times.values<std::int64_t>()[row];
}

std::string entry_key(std::size_t side, std::uint64_t number) {
  Bytes bytes;
  append_big_endian(bytes, static_cast<std::uint8_t>(side));
  append_big_endian(bytes, number);
  return std::string(as_text(bytes));
}

}  // namespace

StreamJoin::StreamJoin(const JoinSpec& spec) : spec_(spec), sides_{Side(spec.sides[0]), Side(spec.sides[1])} {}

/// One batch of one side on its way.
class StreamJoin::Batch {
 public:
  Batch(StreamJoin& join, std::size_t side, const Rows& rows, std::int64_t watermark, RowNotes& notes,
        const RunContext& context, std::vector<Error>& pair_failures)
      : join_(join),
        spec_(join.spec_),
        side_(side),
        mine_(spec_.sides[side]),
        rows_(rows),
        watermark_(watermark),
        notes_(notes),
        context_(context),
        pair_failures_(pair_failures),
        met_(rows.rows, 0) {}

  void run() {
    const std::size_t first = spec_.key_column(side_, 0);
    const auto begin = rows_.columns.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = begin + static_cast<std::ptrdiff_t>(spec_.keys.size());
    encode_keys({begin, end}, rows_.rows, keys_);
    for (std::size_t row = 0; row < rows_.rows; ++row) {
      const bool null = std::any_of(begin, end, [row](const data::ColumnPtr& key) { return key->is_null(row); });
      if (!is_taken(row)) continue;
      // In a full join of streams Spark lets rows without a key meet each other.
      const bool alone = null && spec_.type != JoinType::full;
      if (!alone) find_pairs(row);
      wait_.push_back({static_cast<std::uint32_t>(row), alone});
      if (mine_pairs_.size() >= most_pairs) settle();
    }
    settle();
    if (!alone_.empty()) {
      std::vector<data::ColumnPtr> columns;
      for (std::size_t i = 0; i < mine_.types.size(); ++i) columns.push_back(data::take(rows_.columns[i], alone_));
      join_.add_alone(side_, std::move(columns), alone_.size());
    }
  }

 private:
  struct Waiting {
    std::uint32_t row;
    bool alone;  // a null in the key
  };

  /// False: it failed, comes too late, or can meet nobody by its own looks, and is done with.
  bool is_taken(std::size_t row) {
    const std::size_t source_row = rows_.source_row(row);
    if (notes_.failures.any() && notes_.failures.has(source_row)) return false;
    if (mine_.event_time && time_at(*rows_.columns[*mine_.event_time], row) <= watermark_) {
      notes_.late[source_row] = 1;
      return false;
    }
    notes_.counted[source_row] = 1;
    if (!mine_.eligible) return true;
    const data::Column& eligible = *rows_.columns[*mine_.eligible];
    if (!eligible.is_null(row) && eligible.boolean(row)) return true;
    if (spec_.keeps(side_)) alone_.push_back(static_cast<std::int32_t>(row));
    return false;
  }

  void find_pairs(std::size_t row) {
    const Side& other = join_.sides_[1 - side_];
    const std::string_view key = keys_.key(row);
    const std::uint32_t id = other.keys.find(key, KeyTable::hash(key));
    if (id == KeyTable::none) return;
    for (const std::uint32_t number : other.by_key[id]) {
      mine_pairs_.push_back(static_cast<std::int32_t>(row));
      other_pairs_.push_back(number);
    }
  }

  /// Decides about the rows that wait.
  void settle() {
    emit();
    Side& side = join_.sides_[side_];
    for (const Waiting& waiting : wait_) {
      const bool met = met_[waiting.row] != 0;
      const std::int64_t time = mine_.ends_by ? time_at(*rows_.columns[*mine_.ends_by], waiting.row) : never;
      const bool ended = time != never && time <= end_of_side(mine_, watermark_);
      if (ended || waiting.alone) {
        // Nothing that comes can meet it; what is kept still waits for the watermark where that has not passed it.
        const bool waits = !ended && spec_.keeps(side_);
        if (!waits && !met && spec_.keeps(side_)) alone_.push_back(static_cast<std::int32_t>(waiting.row));
        if (!waits) continue;
      }
      Remembered note;
      note.number = side.next_number++;
      note.end = time;
      note.met = met;
      join_.remember(side_, side.rows.add(rows_.columns, waiting.row), keys_.key(waiting.row), note);
    }
    wait_.clear();
  }

  void emit() {
    const std::size_t pairs = mine_pairs_.size();
    if (pairs == 0) return;
    Side& other = join_.sides_[1 - side_];
    std::vector<data::ColumnPtr> columns;
    for (std::size_t i = 0; i < mine_.types.size(); ++i) columns.push_back(data::take(rows_.columns[i], mine_pairs_));
    std::vector<data::ColumnPtr> theirs = other.rows.read(other_pairs_);
    if (side_ == JoinSpec::right) std::swap(columns, theirs);
    columns.insert(columns.end(), theirs.begin(), theirs.end());
    std::vector<std::int32_t> kept;
    std::vector<std::uint8_t> meets(pairs, 1);
    if (spec_.condition) {
      Failures struck(pairs + 1);
      meets = meeting_pairs(spec_, columns, pairs, context_, struck, {});
      for (RowError& failure : std::move(struck).take_sorted()) {
        meets[static_cast<std::size_t>(failure.source_row)] = 0;
        pair_failures_.push_back(std::move(failure.error));
      }
    }
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      if (meets[pair] == 0) continue;
      kept.push_back(static_cast<std::int32_t>(pair));
      met_[static_cast<std::size_t>(mine_pairs_[pair])] = 1;
      Remembered& note = other.notes[other_pairs_[pair]];
      if (!note.met && spec_.keeps(1 - side_)) {
        note.met = true;
        join_.note_change(1 - side_, other_pairs_[pair]);
      }
    }
    if (kept.size() < pairs) {
      for (data::ColumnPtr& column : columns) column = data::take(column, kept);
    }
    Rows found;
    found.rows = kept.size();
    found.columns = std::move(columns);
    if (found.rows > 0) join_.found_.push_back(std::move(found));
    mine_pairs_.clear();
    other_pairs_.clear();
  }

  StreamJoin& join_;
  const JoinSpec& spec_;
  std::size_t side_;
  const JoinSide& mine_;
  const Rows& rows_;
  std::int64_t watermark_;
  RowNotes& notes_;
  const RunContext& context_;
  std::vector<Error>& pair_failures_;
  std::vector<std::uint8_t> met_;
  KeyBatch keys_;
  std::vector<std::int32_t> mine_pairs_;
  std::vector<std::uint32_t> other_pairs_;
  std::vector<Waiting> wait_;
  std::vector<std::int32_t> alone_;  // come out with nulls at once
};

void StreamJoin::absorb(std::size_t side, const Rows& rows, std::int64_t watermark, RowNotes& notes,
                        const RunContext& context, std::vector<Error>& pair_failures) {
  if (rows.rows > 0) Batch(*this, side, rows, watermark, notes, context, pair_failures).run();
}

std::uint32_t StreamJoin::remember(std::size_t side, std::uint32_t row, std::string_view key, const Remembered& note) {
  Side& mine = sides_[side];
  if (row >= mine.notes.size()) mine.notes.resize(row + 1);
  mine.notes[row] = note;
  bool added = false;
  const std::uint32_t id = mine.keys.add(key, KeyTable::hash(key), added);
  mine.notes[row].key = id;
  if (id >= mine.by_key.size()) mine.by_key.resize(id + 1);
  std::vector<std::uint32_t>& list = mine.by_key[id];
  mine.listed -= room(list);
  const auto earlier = [&](std::uint64_t number, std::uint32_t other) { return number < mine.notes[other].number; };
  list.insert(std::upper_bound(list.begin(), list.end(), note.number, earlier), row);
  mine.listed += room(list);
  if (note.end != never) {
    mine.endings.push_back({note.end, note.number, row});
    std::push_heap(mine.endings.begin(), mine.endings.end(), std::greater<>());
  }
  if (!note.stored) note_change(side, row);
  return row;
}

void StreamJoin::note_change(std::size_t side, std::uint32_t row) {
  Remembered& note = sides_[side].notes[row];
  if (!note.changed) sides_[side].changed.push_back(row);
  note.changed = true;
}

void StreamJoin::forget(std::size_t side, std::uint32_t row) {
  Side& mine = sides_[side];
  Remembered& note = mine.notes[row];
  if (note.stored) mine.removed.push_back(note.number);
  std::vector<std::uint32_t>& list = mine.by_key[note.key];
  list.erase(std::find(list.begin(), list.end(), row));
  if (list.empty()) {
    mine.listed -= room(list);
    list = {};
    mine.keys.remove(note.key);
  }
  note = {};
  mine.rows.remove(row);
}

/// Takes the rows that the watermark ends off the heap, by end, then by number.
std::vector<std::uint32_t> StreamJoin::ended(std::size_t side, std::int64_t watermark) {
  Side& mine = sides_[side];
  const std::int64_t last = end_of_side(spec_.sides[side], watermark);
  std::vector<std::uint32_t> rows;
  while (!mine.endings.empty() && mine.endings.front().end <= last) {
    rows.push_back(mine.endings.front().row);
    std::pop_heap(mine.endings.begin(), mine.endings.end(), std::greater<>());
    mine.endings.pop_back();
  }
  return rows;
}

void StreamJoin::add_alone(std::size_t side, std::vector<data::ColumnPtr> columns, std::size_t rows) {
  std::vector<data::ColumnPtr> others;
  for (const data::TypePtr& type : spec_.sides[1 - side].types) others.push_back(data::nulls(type, rows));
  if (side == JoinSpec::right) std::swap(columns, others);
  columns.insert(columns.end(), others.begin(), others.end());
  Rows found;
  found.rows = rows;
  found.columns = std::move(columns);
  found_.push_back(std::move(found));
}

Rows StreamJoin::end_epoch(std::int64_t watermark) {
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    const std::vector<std::uint32_t> rows = ended(side, watermark);
    std::vector<std::uint32_t> alone;
    for (const std::uint32_t row : rows) {
      if (spec_.keeps(side) && !sides_[side].notes[row].met) alone.push_back(row);
    }
    if (!alone.empty()) add_alone(side, sides_[side].rows.read(alone), alone.size());
    for (const std::uint32_t row : rows) forget(side, row);
  }
  Rows out = joined(found_, *spec_.output);
  found_.clear();
  return out;
}

void StreamJoin::take_changes(const TakeGroup& entry) {
  std::string value;
  for (std::size_t side = 0; side < sides_.size(); ++side) {
    Side& mine = sides_[side];
    for (const std::uint64_t number : mine.removed) entry(entry_key(side, number), std::nullopt);
    mine.removed.clear();
    for (const std::uint32_t row : mine.changed) {
      Remembered& note = mine.notes[row];
      if (!note.changed) continue;  // gone again, or taken already
      note.changed = false;
      note.stored = true;
      value.clear();
      put_fixed(value, static_cast<std::uint8_t>(note.met ? 1 : 0));
      put_fixed(value, note.end);
      put_text(value, mine.keys.key(note.key));
      value += mine.rows.bytes_of(row);
      entry(entry_key(side, note.number), value);
    }
    mine.changed.clear();
  }
}

bool StreamJoin::restore(std::string_view key, StateReader& value) {
  if (key.size() != entry_key_bytes || static_cast<std::uint8_t>(key[0]) > 1) return false;
  const auto side = static_cast<std::size_t>(key[0]);
  Remembered note;
  note.number = load_big_endian<std::uint64_t>(as_bytes(key).data() + 1);
  note.met = value.flag();
  note.end = value.fixed<std::int64_t>();
  note.stored = true;
  const std::string_view join_key = value.text();
  std::uint32_t row = 0;
  if (value.failed() || note.number == UINT64_MAX) return false;
  if (!sides_[side].rows.add_bytes(value.bytes(value.left()), row)) return false;
  remember(side, row, join_key, note);
  sides_[side].next_number = std::max(sides_[side].next_number, note.number + 1);
  return true;
}

std::size_t StreamJoin::bytes() const {
  std::size_t total = sizeof *this;
  for (const Side& side : sides_) {
    total += side.rows.bytes() + side.keys.bytes() + side.listed + side.notes.capacity() * sizeof(Remembered) +
             side.by_key.capacity() * sizeof(std::vector<std::uint32_t>) + side.endings.capacity() * sizeof(Ending) +
             side.changed.capacity() * sizeof(std::uint32_t) + side.removed.capacity() * sizeof(std::uint64_t);
  }
  for (const Rows& rows : found_) {
    for (const data::ColumnPtr& column : rows.columns) total += column->memory();
  }
  return total;
}

std::size_t StreamJoin::keys() const {
  return sides_[0].rows.size() + sides_[1].rows.size();
}

}  // namespace streamops::sql
