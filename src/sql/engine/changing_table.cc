#include "sql/engine/changing_table.h"

#include "sql/engine/state_bytes.h"

namespace streamops::sql {
namespace {

constexpr std::size_t most_waiting = 4096;

std::uint32_t layout_of(const data::Schema& schema) {
  return KeyTable::hash("table " + schema.to_sql());
}

}  // namespace

ChangingTable::ChangingTable(std::size_t input, data::SchemaPtr schema, std::vector<const PlanNode*> lookups,
                             const SourceText& text)
    : input_(input),
      schema_(std::move(schema)),
      lookups_(std::move(lookups)),
      text_(text),
      layout_(layout_of(*schema_)) {
  for (const PlanNode* lookup : lookups_) indexes_.push_back(std::make_unique<LookupIndex>(lookup->join));
}

std::vector<RowError> ChangingTable::change(std::span<const TableChange> changes, const data::Batch& rows,
                                            const EvaluationContext& context) {
  settle();
  Failures failures(rows.rows + 1);
  for (const TableChange& change : changes) {
    const bool known = known_.find(change.key, KeyTable::hash(change.key)) != KeyTable::none;
    changed_.try_emplace(std::string(change.key), Change{std::nullopt, known});
  }
  put(changes, rows, context, failures);
  for (const TableChange& change : changes) {
    std::optional<std::string> bytes;
    if (change.row != TableChange::removed && !failures.has(static_cast<std::size_t>(change.row))) {
      bytes.emplace();
      for (const data::ColumnPtr& column : rows.columns)
        append_value(*column, static_cast<std::size_t>(change.row), Floats::kept, *bytes);
    }
    changed_bytes_ += change.key.size() + (bytes ? bytes->size() : 0) + 2 * sizeof(std::string);
    changed_.find(change.key)->second.row = std::move(bytes);
  }
  return std::move(failures).take_sorted();
}

void ChangingTable::put(std::span<const TableChange> changes, const data::Batch& rows, const EvaluationContext& context,
                        Failures& failures) {
  for (std::size_t i = 0; i < lookups_.size(); ++i) {
    const JoinSpec& join = lookups_[i]->join;
    const Rows side =
        run_stateless(*lookups_[i]->inputs[1 - join.stream_side], {rows, input_}, {context, text_, failures});
    // Which of the side's rows stem from which row of the table.
    std::vector<std::vector<std::size_t>> made(rows.rows);
    for (std::size_t row = 0; row < side.rows; ++row) made[side.source_row(row)].push_back(row);
    for (const TableChange& change : changes) {
      indexes_[i]->remove(change.key);
      if (change.row == TableChange::removed) continue;
      const auto row = static_cast<std::size_t>(change.row);
      if (!failures.has(row) && !made[row].empty()) indexes_[i]->add(change.key, side, made[row]);
    }
  }
  for (const TableChange& change : changes) {
    const std::uint32_t hash = KeyTable::hash(change.key);
    const std::uint32_t id = known_.find(change.key, hash);
    const bool there = change.row != TableChange::removed && !failures.has(static_cast<std::size_t>(change.row));
    bool added = false;
    if (there) known_.add(change.key, hash, added);
    if (!there && id != KeyTable::none) known_.remove(id);
  }
  keys_ = known_.size();
}

void ChangingTable::settle() {
  if (waiting_keys_.empty()) return;
  data::Batch rows;
  rows.schema = schema_;
  rows.rows = waiting_keys_.size();
  for (data::ColumnBuilder& builder : waiting_) rows.columns.push_back(builder.finish());
  std::vector<TableChange> changes;
  for (std::size_t row = 0; row < rows.rows; ++row)
    changes.push_back({waiting_keys_[row], static_cast<std::int32_t>(row)});
  Failures failures(rows.rows + 1);
  put(changes, rows, {}, failures);
  waiting_keys_.clear();
}

void ChangingTable::take_changes(const TakeGroup& entry) {
  for (const auto& [key, change] : changed_) {
    if (change.row) entry(key, *change.row);
    if (!change.row && change.stored) entry(key, std::nullopt);
  }
  changed_.clear();
  changed_bytes_ = 0;
}

bool ChangingTable::restore(std::string_view key, StateReader& value) {
  if (waiting_.empty()) {
    for (const data::Field& field : schema_->fields()) waiting_.emplace_back(field.type);
  }
  // Looked at first: a builder that has read half a value cannot be used any more.
  const std::string_view bytes = value.bytes(value.left());
  StateReader probe(bytes);
  for (const data::Field& field : schema_->fields()) {
    data::ColumnBuilder builder(field.type);
    if (!read_value(probe, builder)) return false;
  }
  if (!probe.done()) return false;
  StateReader in(bytes);
  for (data::ColumnBuilder& builder : waiting_) (void)read_value(in, builder);
  waiting_keys_.emplace_back(key);
  if (waiting_keys_.size() >= most_waiting) settle();
  return true;
}

std::size_t ChangingTable::bytes() const {
  std::size_t total = sizeof *this + known_.bytes() + changed_bytes_;
  for (const auto& index : indexes_) total += index->bytes();
  for (const std::string& key : waiting_keys_) total += sizeof(std::string) + key.capacity();
  return total;
}

}  // namespace streamops::sql
