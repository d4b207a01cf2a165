#include "pipeline/tap.h"

#include <fmt/format.h>

#include <algorithm>

#include "errors/pipeline.h"
#include "format/json_writer.h"

namespace streamops::pipeline {

namespace {

using data::TypeId;

data::Field field(const char* name, TypeId type) {
  return {name, data::Type::scalar(type), true};
}

const std::vector<data::Field>& record_fields() {
  static const std::vector<data::Field> fields{field("partition", TypeId::int32), field("offset", TypeId::int64),
                                               field("at", TypeId::timestamp), field("key", TypeId::string),
                                               field("value", TypeId::string)};
  return fields;
}

const std::vector<data::Field>& letter_fields() {
  static const std::vector<data::Field> fields{field("code", TypeId::string),  field("message", TypeId::string),
                                               field("stage", TypeId::string), field("partition", TypeId::int32),
                                               field("offset", TypeId::int64), field("key", TypeId::string),
                                               field("value", TypeId::string)};
  return fields;
}

/// The columns that an edge shows, and where its batches have them.
std::pair<data::SchemaPtr, std::vector<int>> columns_of(const CheckedStep& step, Edge edge) {
  std::vector<data::Field> fields;
  std::vector<int> indices;
  if (edge == Edge::source) fields = record_fields();
  if (edge == Edge::dead_letters) fields = letter_fields();
  if (edge == Edge::select) fields = step.query->output()->fields();
  if (edge == Edge::decode || edge == Edge::late) {
    // Columns that the query does not look at are not built, unless late rows go on with all of them.
    for (std::size_t i = 0; i < step.source_schema->size(); ++i) {
      if (!step.spec->late && !step.query->needed()[i]) continue;
      fields.push_back((*step.source_schema)[i]);
      indices.push_back(static_cast<int>(i));
    }
  } else {
    for (std::size_t i = 0; i < fields.size(); ++i) indices.push_back(static_cast<int>(i));
  }
  return {std::make_shared<const data::Schema>(std::move(fields)), std::move(indices)};
}

class Rows {
 public:
  explicit Rows(const std::vector<data::Field>& fields) {
    for (const data::Field& one : fields) columns_.emplace_back(one.type);
  }
  Rows& text(const std::optional<std::string_view>& value) {
    value ? columns_[next_].append_text(*value) : columns_[next_].append_null();
    return step();
  }
  Rows& number(std::int64_t value) {
    columns_[next_].append_integer(value);
    return step();
  }
  data::Batch finish(std::size_t rows) {
    data::Batch batch;
    batch.rows = rows;
    for (data::ColumnBuilder& column : columns_) batch.columns.push_back(column.finish());
    return batch;
  }

 private:
  Rows& step() {
    next_ = (next_ + 1) % columns_.size();
    return *this;
  }
  std::vector<data::ColumnBuilder> columns_;
  std::size_t next_ = 0;
};

}  // namespace

std::optional<Edge> parse_edge(std::string_view word) {
  const auto* const found = std::find(std::begin(edge_names), std::end(edge_names), word);
  if (found == std::end(edge_names)) return std::nullopt;
  return static_cast<Edge>(found - std::begin(edge_names));
}

Tap::Tap(Edge edge, std::shared_ptr<const sql::Query> filter, std::vector<int> columns)
    : edge_(edge), filter_(std::move(filter)), columns_(std::move(columns)) {}

Result<std::unique_ptr<Tap>> Tap::open(const CheckedStep& step, const TapRequest& request) {
  auto [schema, columns] = columns_of(step, request.edge);
  const std::string where = request.where.empty() ? "true" : request.where;
  // On a line of its own, so that places count as the person wrote it.
  auto filter =
      sql::Query::compile(fmt::format("SELECT * FROM rows WHERE\n{}", where), schema, {Place{"--where", 0, 1, {}, 1}});
  if (!filter) {
    const Place* place = filter.error().place();
    if (place == nullptr || place->line < 2) return filter.error();
    Place moved = *place;
    --moved.line;
    return filter.error().with_place(moved);
  }
  if ((*filter)->keeps_state()) return Error(errors::pipeline::no_tap, "the filter of a tap is one condition on a row");
  return std::unique_ptr<Tap>(new Tap(request.edge, std::move(*filter), std::move(columns)));
}

void Tap::see_records(const data::Records& records) {
  Rows rows(record_fields());
  for (const data::Record& record : records.records) {
    rows.number(record.partition).number(record.offset).number(record.timestamp_ms * 1000);
    rows.text(record.key).text(record.value);
  }
  see(rows.finish(records.records.size()));
}

void Tap::see_letters(const std::vector<data::DeadLetter>& letters) {
  if (letters.empty()) return;
  Rows rows(letter_fields());
  for (const data::DeadLetter& letter : letters) {
    rows.text(letter.code).text(letter.message).text(letter.stage).number(letter.partition).number(letter.offset);
    rows.text(letter.key).text(letter.value);
  }
  see(rows.finish(letters.size()));
}

void Tap::see_rows(const data::Batch& batch, const std::vector<std::uint8_t>& deletes) {
  if (batch.rows == 0) return;
  data::Batch shown;
  shown.rows = batch.rows;
  for (const int column : columns_) shown.columns.push_back(batch.columns[static_cast<std::size_t>(column)]);
  if (std::find(deletes.begin(), deletes.end(), 1) != deletes.end()) {
    std::vector<std::int32_t> kept;
    for (std::size_t row = 0; row < batch.rows; ++row) {
      if (deletes[row] == 0) kept.push_back(static_cast<std::int32_t>(row));
    }
    for (data::ColumnPtr& column : shown.columns) column = data::take(column, kept);
    shown.rows = kept.size();
  }
  if (shown.rows > 0) see(shown);
}

void Tap::see(const data::Batch& batch) {
  waiting_.passed += batch.rows;
  const sql::QueryResult found = filter_->run(batch, {});
  const format::JsonRowWriter writer(*filter_->output());
  for (std::size_t row = 0; row < found.batch.rows; ++row) {
    if (waiting_.rows.size() >= most_rows || bytes_ >= most_bytes) {
      waiting_.dropped += found.batch.rows - row;
      return;
    }
    writer.append(found.batch, row, waiting_.rows.emplace_back());
    bytes_ += waiting_.rows.back().size();
  }
}

TapAnswer Tap::take() {
  bytes_ = 0;
  return std::exchange(waiting_, {});
}

Result<TapAnswer> Taps::ask(const TapRequest& request) {
  std::uint64_t number = request.tap;
  if (number == 0) {
    STREAMOPS_ASSIGN(auto opened, Tap::open(step_, request));
    number = ++last_;
    taps_[number].tap = std::move(opened);
  }
  const auto found = taps_.find(number);
  if (found == taps_.end()) {
    return Error(errors::pipeline::no_tap, "tap {} of {} is gone: nobody asked for {}", number, step_.name(),
                 format_duration(patience));
  }
  found->second.end = loop_.after(patience, [this, number] { taps_.erase(number); });
  TapAnswer answer = found->second.tap->take();
  answer.tap = number;
  return answer;
}

void Taps::see(const data::Records& slice, const format::Decoded& decoded, const data::SinkBatch& rows,
               const data::SinkBatch& late, const std::vector<data::DeadLetter>& letters) {
  for (auto& [number, one] : taps_) {
    switch (one.tap->edge()) {
      case Edge::source:
        one.tap->see_records(slice);
        break;
      case Edge::decode:
        one.tap->see_rows(decoded.batch, {});
        break;
      case Edge::select:
        one.tap->see_rows(rows.batch, rows.deletes);
        break;
      case Edge::late:
        if (late.batch.rows > 0) one.tap->see_rows(late.batch, {});
        break;
      case Edge::dead_letters:
        one.tap->see_letters(letters);
        break;
    }
  }
}

void Taps::see_end(const data::SinkBatch& rows, const std::vector<data::DeadLetter>& letters) {
  for (auto& [number, one] : taps_) {
    if (one.tap->edge() == Edge::select) one.tap->see_rows(rows.batch, rows.deletes);
    if (one.tap->edge() == Edge::dead_letters) one.tap->see_letters(letters);
  }
}

}  // namespace streamops::pipeline
