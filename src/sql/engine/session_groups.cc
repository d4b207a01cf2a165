// Sessions: groups whose window grows with every row that falls into it, or touches it, and merges with its neighbours.
//
//   key without the window -> sessions by start, never touching each other -> cells
//
// A row is a session of its own, [time, time + gap), which joins what overlaps or touches it; values stay in the order
// of the sessions' starts. An entry of a checkpoint holds all sessions of a key.
#include <algorithm>

#include "sql/engine/group_operator.h"
#include "sql/engine/key_table.h"

namespace streamops::sql {
namespace {

struct Session {
  std::int64_t start;
  std::int64_t end;
  std::uint32_t cell;
};

class SessionGroups : public GroupOperator {
 public:
  explicit SessionGroups(const GroupSpec& spec) : spec_(spec), cells_(spec.aggregates) {
    base_ = spec;
    base_.keys.erase(base_.keys.begin() + static_cast<std::ptrdiff_t>(*spec.session));
  }

  void absorb(const Rows& rows, std::int64_t watermark, RowNotes& notes) override {
    Columns keys(rows.columns.begin(), rows.columns.begin() + static_cast<std::ptrdiff_t>(spec_.keys.size()));
    const data::ColumnPtr window = keys[*spec_.session];
    keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(*spec_.session));
    encode_keys(keys, rows.rows, batch_);
    const std::int64_t* starts = window->children()[0]->values<std::int64_t>().data();
    const std::int64_t* ends = window->children()[1]->values<std::int64_t>().data();
    const bool drops_late = spec_.mode != OutputMode::complete && spec_.event_time.has_value();
    const bool careful = cells_.may_fail(rows.columns);
    for (std::size_t row = 0; row < rows.rows; ++row) {
      const std::size_t source_row = rows.source_row(row);
      if (notes.failures.any() && notes.failures.has(source_row)) continue;
      if (drops_late && ends[row] <= watermark) {
        notes.late[source_row] = 1;
        continue;
      }
      bool added = false;
      const std::uint32_t id = table_.add(batch_.key(row), KeyTable::hash(batch_.key(row)), added);
      if (added) begin_key(id);
      if (const auto error = add(id, starts[row], ends[row], rows, row, careful)) {
        notes.failures.add(source_row, *error);
        if (sessions_[id].empty()) table_.remove(id);
        continue;
      }
      notes.counted[source_row] = 1;
      change(id);
    }
  }

  Rows end_epoch(std::int64_t watermark, bool had_rows, std::vector<Error>& failures) override {
    if (spec_.mode == OutputMode::complete) return emitted(had_rows ? all_by_key() : std::vector<Closed>(), failures);
    std::vector<Closed> gone = closed(watermark);
    Rows out = emitted(gone, failures);
    for (const Closed& one : gone) {
      std::vector<Session>& sessions = sessions_[one.id];
      std::erase_if(sessions, [&](const Session& session) { return session.start == one.session.start; });
      free_cell(one.session.cell);
      --live_;
      change(one.id);
      if (sessions.empty()) remove(one.id);
    }
    return out;
  }

  void take_changes(const TakeGroup& entry) override {
    for (const std::string& key : removed_) entry(key, std::nullopt);
    removed_.clear();
    std::string value;
    for (const std::uint32_t id : changed_) {
      if ((flags_[id] & is_changed) == 0) continue;
      flags_[id] = is_stored;
      value.clear();
      put_fixed(value, static_cast<std::uint32_t>(sessions_[id].size()));
      for (const Session& session : sessions_[id]) {
        put_fixed(value, session.start);
        put_fixed(value, session.end);
        cells_.save(session.cell, value);
      }
      entry(table_.key(id), value);
    }
    changed_.clear();
  }

  bool restore(std::string_view key, StateReader& value) override {
    if (!key_columns(base_, key) || table_.find(key, KeyTable::hash(key)) != KeyTable::none) return false;
    const auto count = value.fixed<std::uint32_t>();
    if (value.failed() || count == 0 || count > value.left()) return false;
    bool added = false;
    const std::uint32_t id = table_.add(key, KeyTable::hash(key), added);
    begin_key(id);
    flags_[id] = is_stored;
    for (std::uint32_t i = 0; i < count; ++i) {
      const auto start = value.fixed<std::int64_t>();
      const auto end = value.fixed<std::int64_t>();
      std::vector<Session>& sessions = sessions_[id];
      if (value.failed() || end <= start || (!sessions.empty() && start <= sessions.back().end)) return false;
      sessions.push_back({start, end, new_cell()});
      ++live_;
      close_later(end, id);
      cells_.load(sessions.back().cell, value);
    }
    return value.done();
  }

  std::size_t bytes() const override {
    std::size_t total = table_.bytes() + cells_.bytes() + flags_.capacity() + closing_.capacity() * sizeof(Closing) +
                        sessions_.capacity() * sizeof(std::vector<Session>) +
                        (free_.capacity() + changed_.capacity()) * sizeof(std::uint32_t) + batch_.bytes.capacity() +
                        batch_.starts.capacity() * sizeof(std::uint32_t);
    for (const std::string& key : removed_) total += sizeof(std::string) + key.capacity();
    return total + live_ * 2 * sizeof(Session);
  }
  std::size_t keys() const override { return live_; }

 private:
  enum Flag : std::uint8_t { is_changed = 2, is_stored = 4 };
  struct Closing {
    std::int64_t end;
    std::uint32_t id;
    friend bool operator>(const Closing& a, const Closing& b) { return a.end > b.end; }
  };
  struct Closed {
    std::uint32_t id;
    Session session;
  };

  /// Joins the row with the sessions of its key. An error leaves all as it was.
  std::optional<Error> add(std::uint32_t id, std::int64_t start, std::int64_t end, const Rows& rows, std::size_t row,
                           bool careful) {
    std::vector<Session>& sessions = sessions_[id];
    auto first = std::find_if(sessions.begin(), sessions.end(), [&](const Session& each) { return each.end >= start; });
    auto last = first;
    while (last != sessions.end() && last->start <= end) ++last;
    if (first != last && last - first == 1 && first->start <= start && !careful) {
      (void)cells_.add_row(rows.columns, row, first->cell);
      extend(id, *first, end);
      return std::nullopt;
    }
    // What is before the row, the row, what is behind it: into a new cell, so that an error costs nothing.
    const std::uint32_t cell = new_cell();
    std::optional<Error> error;
    Session joined{start, end, cell};
    bool row_added = false;
    for (auto each = first; each != last && !error; ++each) {
      if (!row_added && each->start > start) {
        error = cells_.add_row(rows.columns, row, cell);
        row_added = true;
      }
      if (!error) error = cells_.merge(cell, each->cell);
      joined.start = std::min(joined.start, each->start);
      joined.end = std::max(joined.end, each->end);
    }
    if (!error && !row_added) error = cells_.add_row(rows.columns, row, cell);
    if (error) return free_cell(cell), error;
    for (auto each = first; each != last; ++each) free_cell(each->cell);
    live_ += 1 - static_cast<std::size_t>(last - first);
    sessions.insert(sessions.erase(first, last), joined);
    close_later(joined.end, id);
    return std::nullopt;
  }

  void extend(std::uint32_t id, Session& session, std::int64_t end) {
    if (end <= session.end) return;
    session.end = end;
    close_later(end, id);
  }

  void begin_key(std::uint32_t id) {
    if (id >= flags_.size()) {
      flags_.resize(id + 1);
      sessions_.resize(id + 1);
    }
    flags_[id] = 0;
    sessions_[id].clear();
  }
  std::uint32_t new_cell() {
    std::uint32_t cell = next_cell_;
    if (free_.empty()) {
      cells_.grow(++next_cell_);
    } else {
      cell = free_.back();
      free_.pop_back();
    }
    return cell;
  }
  void free_cell(std::uint32_t cell) {
    cells_.clear(cell);
    free_.push_back(cell);
  }
  void change(std::uint32_t id) {
    if ((flags_[id] & is_changed) == 0) changed_.push_back(id);
    flags_[id] |= is_changed;
  }
  void remove(std::uint32_t id) {
    if ((flags_[id] & is_stored) != 0) removed_.emplace_back(table_.key(id));
    flags_[id] = 0;
    sessions_[id] = {};
    table_.remove(id);
  }
  void close_later(std::int64_t end, std::uint32_t id) {
    if (spec_.mode == OutputMode::complete || !spec_.event_time) return;
    closing_.push_back({end, id});
    std::push_heap(closing_.begin(), closing_.end(), std::greater<>());
  }

  /// The sessions that end at or before the watermark, by end, then by key.
  std::vector<Closed> closed(std::int64_t watermark) {
    std::vector<Closed> out;
    while (!closing_.empty() && closing_.front().end <= watermark) {
      const Closing next = closing_.front();
      std::pop_heap(closing_.begin(), closing_.end(), std::greater<>());
      closing_.pop_back();
      if (!table_.live(next.id)) continue;
      for (const Session& session : sessions_[next.id]) {
        if (session.end == next.end) out.push_back({next.id, session});
      }
    }
    std::sort(out.begin(), out.end(), [&](const Closed& a, const Closed& b) {
      if (a.session.end != b.session.end) return a.session.end < b.session.end;
      return table_.key(a.id) < table_.key(b.id);
    });
    // A key that closed, and came again with the same end, stands on the heap twice.
    out.erase(std::unique(out.begin(), out.end(),
                          [](const Closed& a, const Closed& b) { return a.session.cell == b.session.cell; }),
              out.end());
    return out;
  }

  std::vector<Closed> all_by_key() const {
    std::vector<std::uint32_t> ids;
    for (std::uint32_t id = 0; id < table_.end(); ++id) {
      if (table_.live(id)) ids.push_back(id);
    }
    std::sort(ids.begin(), ids.end(), [&](std::uint32_t a, std::uint32_t b) { return table_.key(a) < table_.key(b); });
    std::vector<Closed> out;
    for (const std::uint32_t id : ids) {
      for (const Session& session : sessions_[id]) out.push_back({id, session});
    }
    return out;
  }

  Rows emitted(const std::vector<Closed>& gone, std::vector<Error>& failures) const {
    std::vector<data::ColumnBuilder> builders;
    builders.reserve(spec_.keys.size());
    for (const data::TypePtr& type : spec_.keys) builders.emplace_back(type);
    std::vector<std::uint32_t> cells;
    for (const Closed& one : gone) {
      StateReader key(table_.key(one.id));
      for (std::size_t i = 0; i < builders.size(); ++i) {
        if (i != *spec_.session) (void)read_value(key, builders[i]);
      }
      data::ColumnBuilder& window = builders[*spec_.session];
      window.child(0).append_integer(one.session.start);
      window.child(1).append_integer(one.session.end);
      window.append_present();
      cells.push_back(one.session.cell);
    }
    Rows out;
    out.rows = gone.size();
    for (data::ColumnBuilder& builder : builders) out.columns.push_back(builder.finish());
    std::vector<Cells::Failed> failed;
    for (data::ColumnPtr& column : cells_.results(cells, failed)) out.columns.push_back(std::move(column));
    drop_failed(out, failed, failures);
    return out;
  }

  const GroupSpec& spec_;
  GroupSpec base_;  // the key without the window
  Cells cells_;
  KeyTable table_;
  std::vector<std::uint8_t> flags_;             // by key
  std::vector<std::vector<Session>> sessions_;  // by key
  std::vector<std::uint32_t> free_;             // cells
  std::uint32_t next_cell_ = 0;
  std::size_t live_ = 0;  // sessions
  std::vector<Closing> closing_;
  std::vector<std::uint32_t> changed_;
  std::vector<std::string> removed_;
  KeyBatch batch_;
};

}  // namespace

std::unique_ptr<GroupOperator> make_session_operator(const GroupSpec& spec) {
  return std::make_unique<SessionGroups>(spec);
}

}  // namespace streamops::sql
