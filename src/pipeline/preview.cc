#include "pipeline/preview.h"

#include <algorithm>

#include "format/json_writer.h"

namespace streamops::pipeline {

namespace {

std::optional<std::string> to_text(const std::optional<std::string_view>& bytes) {
  return bytes ? std::optional<std::string>(*bytes) : std::nullopt;
}

Preview of_source(const data::Records& records, std::size_t limit) {
  Preview out;
  out.all_rows = records.records.size();
  for (std::size_t i = 0; i < std::min(limit, out.all_rows); ++i) {
    const data::Record& record = records.records[i];
    out.rows.push_back(
        {{{record.partition, record.offset}}, to_text(record.key), to_text(record.value), !record.value});
  }
  return out;
}

/// The key under which a row would be written: the record's key of a topic, or the primary key of a table as JSON.
class KeyOfRow {
 public:
  KeyOfRow(const CheckedStep& step, const data::Schema& output) {
    if (step.spec->kafka_sink) {
      if (!step.spec->kafka_sink->key.empty()) columns_.push_back(output.index_of(step.spec->kafka_sink->key));
      plain_ = true;
      return;
    }
    std::vector<data::Field> fields;
    for (const std::string& name : step.key_columns) {
      columns_.push_back(output.index_of(name));
      if (columns_.back() >= 0) fields.push_back(output[static_cast<std::size_t>(columns_.back())]);
    }
    schema_ = std::make_shared<const data::Schema>(std::move(fields));
  }

  std::optional<std::string> of(const data::Batch& batch, std::size_t row) const {
    if (columns_.empty()) return std::nullopt;
    if (plain_) {
      const data::Column& column = *batch.columns[static_cast<std::size_t>(columns_[0])];
      if (column.is_null(row)) return std::nullopt;
      if (column.type()->id() == data::TypeId::string) return std::string(column.text(row));
      std::string json;
      format::append_json(column, row, json);
      return json;
    }
    data::Batch keys;
    keys.schema = schema_;
    keys.rows = batch.rows;
    for (const int column : columns_) {
      if (column >= 0) keys.columns.push_back(batch.columns[static_cast<std::size_t>(column)]);
    }
    std::string json;
    format::JsonRowWriter(*schema_).append(keys, row, json);
    return json;
  }

 private:
  std::vector<int> columns_;
  bool plain_ = false;
  data::SchemaPtr schema_;
};

void add_rows(Preview& out, const CheckedStep& step, const data::Records& records, const Transformed& transformed,
              Stage stage, std::size_t limit) {
  const data::Batch& batch = transformed.rows.batch;
  const KeyOfRow keys(step, *step.query->output());
  const format::JsonRowWriter writer(*step.query->output());
  for (std::size_t row = 0; row < batch.rows; ++row) {
    const bool is_delete = transformed.rows.deletes[row] != 0;
    if (stage == Stage::select && is_delete) continue;  // the query never saw it
    ++out.all_rows;
    if (out.rows.size() >= limit) continue;
    PreviewRow shown;
    if (row < transformed.record_of_row.size()) {
      const data::Record& record = records.records[transformed.record_of_row[row]];
      shown.record = {record.partition, record.offset};
    }
    if (stage == Stage::sink) shown.key = keys.of(batch, row);
    shown.is_delete = is_delete;
    if (!is_delete) writer.append(batch, row, shown.text.emplace());
    out.rows.push_back(std::move(shown));
  }
}

Preview of_decode(const CheckedStep& step, Transform& letters, format::RecordReader& reader,
                  const data::Records& records, std::size_t limit) {
  Preview out;
  const format::Decoded decoded = reader.decode(records);
  const format::JsonRowWriter writer(*step.source_schema);
  out.all_rows = decoded.batch.rows;
  for (std::size_t row = 0; row < std::min(limit, decoded.batch.rows); ++row) {
    const std::size_t index = decoded.batch.origin.empty() ? row : static_cast<std::size_t>(decoded.batch.origin[row]);
    const data::Record& record = records.records[index];
    PreviewRow& shown = out.rows.emplace_back();
    shown.record = {record.partition, record.offset};
    writer.append(decoded.batch, row, shown.text.emplace());
  }
  for (const format::Poison& poison : decoded.poison) {
    out.letters.push_back(letters.letter(records.records[poison.record], "decode", poison.error, 0));
  }
  return out;
}

}  // namespace

std::optional<Stage> parse_stage(std::string_view word) {
  const auto* const found = std::find(std::begin(stage_names), std::end(stage_names), word);
  if (found == std::end(stage_names)) return std::nullopt;
  return static_cast<Stage>(found - std::begin(stage_names));
}

Preview preview(const CheckedPipeline& pipeline, const CheckedStep& step, format::RecordReaderPtr reader,
                const data::Records& records, Stage stage, std::size_t limit, std::int64_t now_us) {
  if (stage == Stage::source) return of_source(records, limit);
  format::RecordReader& decoder = *reader;
  const std::string origin = step.spec->kafka_source ? step.spec->kafka_source->topic : pipeline.owner(step);
  Transform transform(step, pipeline.owner(step), origin, std::move(reader));
  if (stage == Stage::decode) return of_decode(step, transform, decoder, records, limit);

  Stamp stamp{now_us, {}, {}};
  for (std::size_t i = 0; i < records.records.size(); ++i) {
    stamp.write_timestamps.push_back(now_us + static_cast<std::int64_t>(i));
  }
  std::unique_ptr<sql::QueryState> state;
  if (step.query->keeps_state()) {
    state = step.query->open_state();
    transform.use(*state);
  }
  Preview out;
  const Transformed transformed = transform.run(records, stamp);
  out.letters = transformed.letters;
  out.late = transformed.late.batch.rows;
  add_rows(out, step, records, transformed, stage, limit);
  if (state == nullptr) return out;
  const Transformed groups = transform.end_epoch(now_us, {});
  add_rows(out, step, records, groups, stage, limit);
  out.letters.insert(out.letters.end(), groups.letters.begin(), groups.letters.end());
  return out;
}

}  // namespace streamops::pipeline
