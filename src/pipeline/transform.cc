#include "pipeline/transform.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>

#include "errors/pipeline.h"
#include "format/json_writer.h"

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
  for (data::ColumnPtr& column : batch.columns) column = data::take(column, rows);
  batch.rows = rows.size();
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
    : step_(step), owner_hash_(stable_hash(owner)), origin_(std::move(origin)), reader_(std::move(reader)) {
  for (const std::string& name : step.key_columns) key_indices_.push_back(output()->index_of(name));
}

data::DeadLetter Transform::letter(const data::Record& record, std::string_view stage, const Error& error,
                                   std::int64_t write_timestamp) const {
  data::DeadLetter letter;
  letter.origin = origin_;
  letter.partition = record.partition;
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

Transformed Transform::run(const data::Records& slice, const Stamp& stamp) {
  const format::Decoded decoded = reader_->decode(slice);
  std::vector<std::int32_t> partitions;
  std::vector<std::int64_t> offsets;
  const auto record_at = [&](std::size_t source_row) {
    return decoded.batch.origin.empty() ? source_row : static_cast<std::size_t>(decoded.batch.origin[source_row]);
  };
  for (std::size_t row = 0; row < decoded.batch.rows; ++row) {
    partitions.push_back(slice.records[record_at(row)].partition);
    offsets.push_back(slice.records[record_at(row)].offset);
  }
  sql::QueryResult result =
      step_.query->run(decoded.batch, {stamp.epoch_us, owner_hash_, stamp.topic_id, partitions, offsets});

  Transformed out;
  for (const format::Poison& poison : decoded.poison) {
    out.letters.push_back(
        letter(slice.records[poison.record], "decode", poison.error, stamp.write_timestamps[poison.record]));
  }
  for (const sql::RowError& failure : result.failures) {
    const std::size_t record = record_at(static_cast<std::size_t>(failure.source_row));
    out.letters.push_back(letter(slice.records[record], "select", failure.error, stamp.write_timestamps[record]));
  }
  out.rows.batch = std::move(result.batch);
  for (std::size_t row = 0; row < out.rows.batch.rows; ++row) {
    out.record_of_row.push_back(record_at(static_cast<std::size_t>(out.rows.batch.origin[row])));
  }
  if (!key_indices_.empty()) collapse(out);
  out.rows.deletes.assign(out.rows.batch.rows, 0);
  if (!decoded.deletes.empty()) append_deletes(slice, stamp, decoded.deletes, out);
  out.rows.batch.origin.clear();
  for (const std::size_t record : out.record_of_row) {
    out.rows.batch.origin.push_back(static_cast<std::int32_t>(record));
    out.rows.write_timestamps.push_back(stamp.write_timestamps[record]);
    out.rows.record_timestamps_ms.push_back(slice.records[record].timestamp_ms);
  }
  std::sort(out.letters.begin(), out.letters.end(), [](const data::DeadLetter& a, const data::DeadLetter& b) {
    return a.partition != b.partition ? a.partition < b.partition : a.offset < b.offset;
  });
  return out;
}

void Transform::collapse(Transformed& out) const {
  const std::vector<std::size_t>& records = out.record_of_row;
  if (std::adjacent_find(records.begin(), records.end()) == records.end()) return;
  std::map<std::pair<std::size_t, std::string>, std::size_t> last;
  for (std::size_t row = 0; row < records.size(); ++row)
    last[{records[row], key_of(out.rows.batch, key_indices_, row)}] = row;
  if (last.size() == records.size()) return;
  std::vector<std::int32_t> kept;
  for (const auto& [key, row] : last) kept.push_back(static_cast<std::int32_t>(row));
  std::sort(kept.begin(), kept.end());
  std::vector<std::size_t> kept_records;
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
