#include "pipeline/transform.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

#include "errors/pipeline.h"
#include "format/json_writer.h"
#include "pipeline/merged_source.h"

namespace streamops::pipeline {

namespace {

/// FNV-1a: stable for ever, since uuid() depends on it.
std::uint64_t stable_hash(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  return hash;
}

/// The column that the rows `rows` of `column` make; -1 is a null.
void take_rows(data::Batch& batch, const std::vector<std::int32_t>& rows) {
  for (data::ColumnPtr& column : batch.columns) {
    if (column != nullptr) column = data::take(column, rows);
  }
  batch.rows = rows.size();
}

/// The record that a row of the source stems from.
std::size_t record_at(const data::Batch& source, std::size_t row) {
  return source.origin.empty() ? row : static_cast<std::size_t>(source.origin[row]);
}

/// A text that is equal exactly for equal keys: each part with its length before it.
std::string key_of(const data::Batch& batch, const std::vector<int>& indices, std::size_t row) {
  std::string key;
  for (int index : indices) {
    std::string part;
    format::append_json(*batch.columns[static_cast<std::size_t>(index)], row, part);
    key += std::to_string(part.size()) + ":" + part;
  }
  return key;
}

/// Appends the key of a delete; false when the text is no value of the column's type.
bool append_key(data::ColumnBuilder& builder, std::string_view text) {
  if (builder.type()->id() == data::TypeId::string) {
    builder.append_text(text);
    return true;
  }
  if (!builder.type()->is_integer()) return false;
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const int bits = builder.type()->width() * 8;
  const bool fits =
      bits == 64 || (number >= -(std::int64_t{1} << (bits - 1)) && number < (std::int64_t{1} << (bits - 1)));
  if (problem != std::errc() || end != text.data() + text.size() || !fits) return false;
  builder.append_integer(number);
  return true;
}

}  // namespace

Transform::Transform(const CheckedStep& step, std::string_view owner, std::string origin,
                     format::RecordReaderPtr reader)
    : step_(step), owner_(owner), owner_hash_(stable_hash(owner)) {
  add_input(std::move(origin), std::move(reader), false);
  for (const std::string& name : step.key_columns) key_indices_.push_back(output()->index_of(name));
}

data::DeadLetter Transform::letter(const data::Record& record, std::string_view stage, const Error& error,
                                   std::int64_t write_timestamp) const {
  data::DeadLetter letter;
  letter.origin = inputs_[input_of(record.partition)].origin;
  letter.step = owner_;
  letter.partition = partition_in_topic(record.partition);
  letter.offset = record.offset;
  letter.stage = stage;
  if (record.key) letter.key = std::string(*record.key);
  if (record.value) letter.value = std::string(*record.value);
  letter.code = error.code();
  letter.message = error.message();
  letter.write_timestamp = write_timestamp;
  letter.record_timestamp_ms = record.timestamp_ms;
  return letter;
}

data::DeadLetter Transform::letter_of_group(std::int64_t epoch_us, std::size_t row, std::string_view stage,
                                            const Error& error, std::optional<std::string> value) const {
  data::DeadLetter letter;
  letter.origin = inputs_[0].origin;
  letter.step = owner_;
  letter.partition = -1;
  letter.offset = epoch_us + static_cast<std::int64_t>(row);
  letter.stage = stage;
  letter.value = std::move(value);
  letter.code = error.code();
  letter.message = error.message();
  letter.write_timestamp = epoch_us;
  letter.record_timestamp_ms = epoch_us / 1000;
  return letter;
}

Transformed Transform::run(const data::Records& slice, const Stamp& stamp) {
  const std::size_t number = slice.records.empty() ? 0 : input_of(slice.records[0].partition);
  const Input& input = inputs_[number];
  input.reader->keep_unwanted(taps_ != nullptr && taps_->any());
  const format::Decoded decoded = input.reader->decode(slice);
  std::vector<std::int32_t> partitions;
  std::vector<std::int64_t> offsets;
  partitions.reserve(decoded.batch.rows);
  offsets.reserve(decoded.batch.rows);
  for (std::size_t row = 0; row < decoded.batch.rows; ++row) {
    const data::Record& record = slice.records[record_at(decoded.batch, row)];
    partitions.push_back(record.partition);
    offsets.push_back(record.offset);
  }
  const sql::EvaluationContext context{stamp.epoch_us, owner_hash_, stamp.topic_id,
                                       partitions,     offsets,     decoded.left_out};
  Transformed out;
  for (const format::Poison& poison : decoded.poison) {
    out.letters.push_back(
        letter(slice.records[poison.record], "decode", poison.error, stamp.write_timestamps[poison.record]));
  }
  if (input.is_table) {
    change(slice, stamp, decoded, context, out);
  } else if (step_.query->collects()) {
    take(slice, stamp, decoded, context, number, out);
  } else {
    select(slice, stamp, decoded, context, number, out);
  }
  std::sort(out.letters.begin(), out.letters.end(), [](const data::DeadLetter& a, const data::DeadLetter& b) {
    return a.partition != b.partition ? a.partition < b.partition : a.offset < b.offset;
  });
  if (taps_ != nullptr && taps_->any()) taps_->see(slice, decoded, out.rows, out.late, out.letters);
  return out;
}

void Transform::select(const data::Records& slice, const Stamp& stamp, const format::Decoded& decoded,
                       const sql::EvaluationContext& context, std::size_t input, Transformed& out) const {
  sql::QueryResult result =
      state_ != nullptr ? state_->run(decoded.batch, context, input) : step_.query->run(decoded.batch, context, input);
  add_failures(slice, stamp, decoded, result.failures, out);
  out.rows.batch = std::move(result.batch);
  out.record_of_row.reserve(out.rows.batch.rows);
  for (std::size_t row = 0; row < out.rows.batch.rows; ++row) {
    out.record_of_row.push_back(record_at(decoded.batch, static_cast<std::size_t>(out.rows.batch.origin[row])));
  }
  if (!key_indices_.empty()) collapse(out);
  out.rows.deletes.assign(out.rows.batch.rows, 0);
  if (!decoded.deletes.empty()) append_deletes(slice, stamp, decoded.deletes, out);
  out.rows.batch.origin.clear();
  out.rows.write_timestamps.reserve(out.record_of_row.size());
  out.rows.record_timestamps_ms.reserve(out.record_of_row.size());
  for (const std::size_t record : out.record_of_row) {
    out.rows.batch.origin.push_back(static_cast<std::int32_t>(record));
    out.rows.write_timestamps.push_back(stamp.write_timestamps[record]);
    out.rows.record_timestamps_ms.push_back(slice.records[record].timestamp_ms);
  }
}

void Transform::take(const data::Records& slice, const Stamp& stamp, const format::Decoded& decoded,
                     const sql::EvaluationContext& context, std::size_t input, Transformed& out) const {
  const sql::Taken taken = state_->take(decoded.batch, context, input);
  add_failures(slice, stamp, decoded, taken.failures, out);
  // A delete takes nothing back out of a group.
  const Error no_delete(errors::pipeline::delete_without_key, "the record is a delete, and groups do not forget rows");
  for (const std::size_t record : decoded.deletes) {
    out.letters.push_back(letter(slice.records[record], "select", no_delete, stamp.write_timestamps[record]));
  }
  if (input > 0) out.late_elsewhere = taken.late.size();
  if (taken.late.empty() || input > 0) return;
  out.late.batch = decoded.batch;
  out.late.batch.origin.clear();
  take_rows(out.late.batch, taken.late);
  out.late.deletes.assign(taken.late.size(), 0);
  for (const std::int32_t row : taken.late) {
    const std::size_t record = record_at(decoded.batch, static_cast<std::size_t>(row));
    out.record_of_late.push_back(record);
    out.late.write_timestamps.push_back(stamp.write_timestamps[record]);
    out.late.record_timestamps_ms.push_back(slice.records[record].timestamp_ms);
  }
}

void Transform::change(const data::Records& slice, const Stamp& stamp, const format::Decoded& decoded,
                       const sql::EvaluationContext& context, Transformed& out) const {
  constexpr std::int32_t poison = -2;  // no row, and no delete either: what the table has stays
  std::vector<std::int32_t> rows(slice.records.size(), poison);
  for (std::size_t row = 0; row < decoded.batch.rows; ++row)
    rows[record_at(decoded.batch, row)] = static_cast<std::int32_t>(row);
  for (const std::size_t record : decoded.deletes) rows[record] = sql::TableChange::removed;
  std::vector<sql::TableChange> changes;
  const Error no_key(errors::pipeline::table_without_key, "the record has no key, so it is no row of the table");
  for (std::size_t record = 0; record < slice.records.size(); ++record) {
    if (rows[record] == poison) continue;
    if (slice.records[record].key) {
      changes.push_back({*slice.records[record].key, rows[record]});
    } else {
      out.letters.push_back(letter(slice.records[record], "decode", no_key, stamp.write_timestamps[record]));
    }
  }
  const std::size_t input = input_of(slice.records[0].partition);
  add_failures(slice, stamp, decoded, state_->change(input, changes, decoded.batch, context), out);
}

Transformed Transform::end_epoch(std::int64_t epoch_us, const Uuid& topic_id) {
  sql::Emitted emitted = state_->end_epoch({epoch_us, owner_hash_, topic_id, {}, {}});
  Transformed out;
  for (std::size_t n = 0; n < emitted.failures.size(); ++n) {
    out.letters.push_back(letter_of_group(epoch_us, n, "select", emitted.failures[n], std::nullopt));
  }
  out.rows.batch = std::move(emitted.batch);
  out.rows.batch.origin.clear();
  out.rows.deletes.assign(out.rows.batch.rows, 0);
  out.rows.write_timestamps.assign(out.rows.batch.rows, epoch_us);
  out.rows.record_timestamps_ms.assign(out.rows.batch.rows, epoch_us / 1000);
  if (taps_ != nullptr && taps_->any()) taps_->see_end(out.rows, out.letters);
  return out;
}

void Transform::add_failures(const data::Records& slice, const Stamp& stamp, const format::Decoded& decoded,
                             const std::vector<sql::RowError>& failures, Transformed& out) const {
  for (const sql::RowError& failure : failures) {
    const std::size_t record = record_at(decoded.batch, static_cast<std::size_t>(failure.source_row));
    out.letters.push_back(letter(slice.records[record], "select", failure.error, stamp.write_timestamps[record]));
  }
}

void Transform::collapse(Transformed& out) const {
  const std::vector<std::size_t>& records = out.record_of_row;
  if (std::adjacent_find(records.begin(), records.end()) == records.end()) return;
  std::map<std::pair<std::size_t, std::string>, std::size_t> last;
  for (std::size_t row = 0; row < records.size(); ++row)
    last[{records[row], key_of(out.rows.batch, key_indices_, row)}] = row;
  if (last.size() == records.size()) return;
  std::vector<std::int32_t> kept;
  kept.reserve(last.size());
  for (const auto& [key, row] : last) kept.push_back(static_cast<std::int32_t>(row));
  std::sort(kept.begin(), kept.end());
  std::vector<std::size_t> kept_records;
  kept_records.reserve(kept.size());
  for (std::int32_t row : kept) kept_records.push_back(records[static_cast<std::size_t>(row)]);
  out.collapsed = records.size() - kept.size();
  take_rows(out.rows.batch, kept);
  out.record_of_row = std::move(kept_records);
}

void Transform::append_deletes(const data::Records& slice, const Stamp& stamp, const std::vector<std::size_t>& deletes,
                               Transformed& out) const {
  const int key_index = key_indices_.size() == 1 ? key_indices_[0] : -1;
  data::ColumnBuilder keys(key_index < 0 ? data::Type::scalar(data::TypeId::string)
                                         : (*output())[static_cast<std::size_t>(key_index)].type);
  for (std::size_t row = 0; key_index >= 0 && row < out.rows.batch.rows; ++row) {
    keys.append_from(*out.rows.batch.columns[static_cast<std::size_t>(key_index)], row);
  }
  for (const std::size_t record : deletes) {
    const data::Record& raw = slice.records[record];
    if (key_index >= 0 && raw.key && append_key(keys, *raw.key)) {
      out.record_of_row.push_back(record);
      continue;
    }
    const Error error(errors::pipeline::delete_without_key, "the record deletes a row, but its key names none{}",
                      raw.key ? "" : ": it has no key");
    out.letters.push_back(letter(raw, "select", error, stamp.write_timestamps[record]));
  }
  if (key_index < 0) return;
  std::vector<std::int32_t> rows(out.rows.batch.rows);
  std::iota(rows.begin(), rows.end(), 0);
  rows.resize(out.record_of_row.size(), -1);
  take_rows(out.rows.batch, rows);
  out.rows.batch.columns[static_cast<std::size_t>(key_index)] = keys.finish();
  out.rows.deletes.resize(rows.size(), 1);
}

}  // namespace streamops::pipeline
