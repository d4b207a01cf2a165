#include "pipeline/file_table.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "base/text.h"
#include "errors/pipeline.h"
#include "format/json_reader.h"
#include "sql/engine/query.h"

namespace streamops::pipeline {

namespace {

constexpr std::size_t padding = 64;  // readable bytes behind each value

Error at_line(const std::string& name, std::size_t line, std::string_view problem) {
  return Error(errors::pipeline::unreadable_table, "{}, line {}: {}", name, line, problem);
}

struct Record {
  std::size_t line = 1;
  std::vector<std::optional<std::string>> fields;
};

/// Takes one record after another off a CSV text.
class CsvText {
 public:
  CsvText(std::string_view text, const std::string& name) : rest_(text), name_(name) {
    if (rest_.starts_with("\xEF\xBB\xBF")) rest_.remove_prefix(3);
  }

  /// Nothing at the end of the text. Lines without anything are no records.
  Result<std::optional<Record>> next() {
    while (!rest_.empty() && (rest_[0] == '\n' || rest_.starts_with("\r\n"))) end_line();
    if (rest_.empty()) return std::optional<Record>();
    Record record;
    record.line = line_;
    do {
      STREAMOPS_ASSIGN(std::optional<std::string> field, take_field());
      record.fields.push_back(std::move(field));
    } while (eat(','));
    if (!rest_.empty()) end_line();
    return std::optional<Record>(std::move(record));
  }

 private:
  bool eat(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void end_line() {
    eat('\r');
    eat('\n');
    ++line_;
  }
  bool at_end_of_field() const {
    return rest_.empty() || rest_[0] == ',' || rest_[0] == '\n' || rest_.starts_with("\r\n") || rest_ == "\r";
  }

  Result<std::optional<std::string>> take_field() {
    if (eat('"')) return quoted();
    std::string field;
    for (; !at_end_of_field(); rest_.remove_prefix(1)) field += rest_[0];
    return field.empty() ? std::optional<std::string>() : std::optional<std::string>(std::move(field));
  }

  Result<std::optional<std::string>> quoted() {
    std::string field;
    const std::size_t begun = line_;
    for (; !rest_.empty(); rest_.remove_prefix(1)) {
      if (rest_[0] == '"' && !rest_.starts_with("\"\"")) break;
      if (rest_[0] == '"') rest_.remove_prefix(1);
      line_ += rest_[0] == '\n' ? 1 : 0;
      field += rest_[0];
    }
    if (!eat('"')) return at_line(name_, begun, "a quote is opened and never closed");
    if (!at_end_of_field()) return at_line(name_, line_, "behind a closing quote comes a comma or the end of the line");
    return std::optional<std::string>(std::move(field));
  }

  std::string_view rest_;
  const std::string& name_;
  std::size_t line_ = 1;
};

/// Where each column of the schema stands in the file.
Result<std::vector<std::size_t>> places_of(const data::Schema& schema, const Record& header, const std::string& name) {
  std::vector<std::string> names;
  for (const std::optional<std::string>& field : header.fields) names.emplace_back(trim(field.value_or("")));
  std::vector<std::size_t> places;
  for (const data::Field& field : schema.fields()) {
    std::size_t place = 0;
    while (place < names.size() && names[place] != field.name) ++place;
    if (place == names.size()) {
      return at_line(name, header.line,
                     fmt::format("there is no column `{}` (there are: {})", field.name, join(names, ", ")));
    }
    places.push_back(place);
  }
  return places;
}

/// The texts under their types, as CAST makes them.
Result<data::Batch> cast_texts(const data::Batch& texts, const data::SchemaPtr& schema,
                               const std::vector<std::size_t>& lines, const std::string& name) {
  std::string sql;
  for (std::size_t i = 0; i < schema->size(); ++i)
    sql += fmt::format("{} CAST(c{} AS {}) AS c{}", i == 0 ? "SELECT" : ",", i, (*schema)[i].type->to_sql(), i);
  const auto query = sql::Query::compile(sql + " FROM texts", texts.schema, {});
  if (!query) return Error(errors::pipeline::unreadable_table, "{}: {}", name, query.error().message());
  sql::QueryResult cast = (*query)->run(texts, {});
  if (!cast.failures.empty()) {
    const sql::RowError& first = cast.failures[0];
    return at_line(name, lines[static_cast<std::size_t>(first.source_row)], first.error.message());
  }
  cast.batch.schema = schema;
  cast.batch.origin.clear();
  return std::move(cast.batch);
}

}  // namespace

Result<data::Batch> read_csv_table(std::string_view text, const data::SchemaPtr& schema, const std::string& name) {
  CsvText csv(text, name);
  STREAMOPS_ASSIGN(const std::optional<Record> header, csv.next());
  if (!header) return at_line(name, 1, "a CSV file begins with the names of its columns");
  STREAMOPS_ASSIGN(const std::vector<std::size_t> places, places_of(*schema, *header, name));
  const data::TypePtr text_type = data::Type::scalar(data::TypeId::string);
  std::vector<data::ColumnBuilder> builders;
  std::vector<data::Field> fields;
  for (std::size_t i = 0; i < schema->size(); ++i) {
    builders.emplace_back(text_type);
    fields.push_back({fmt::format("c{}", i), text_type});
  }
  std::vector<std::size_t> lines;
  while (true) {
    STREAMOPS_ASSIGN(const std::optional<Record> record, csv.next());
    if (!record) break;
    if (record->fields.size() != header->fields.size()) {
      return at_line(
          name, record->line,
          fmt::format("{} fields, and the first line names {} columns", record->fields.size(), header->fields.size()));
    }
    lines.push_back(record->line);
    for (std::size_t i = 0; i < places.size(); ++i) {
      const std::optional<std::string>& field = record->fields[places[i]];
      field ? builders[i].append_text(*field) : builders[i].append_null();
    }
  }
  data::Batch texts;
  texts.schema = std::make_shared<const data::Schema>(std::move(fields));
  texts.rows = lines.size();
  for (data::ColumnBuilder& builder : builders) texts.columns.push_back(builder.finish());
  return cast_texts(texts, schema, lines, name);
}

Result<data::Batch> read_json_table(std::string_view text, const data::SchemaPtr& schema, const std::string& name) {
  auto owner = std::make_shared<std::string>(text);
  owner->append(padding, '\0');
  const std::string_view all = std::string_view(*owner).substr(0, text.size());
  data::Records records{owner, {}, 0};
  std::vector<std::size_t> lines;
  std::size_t number = 0;
  for (const std::string_view line : split(all, '\n')) {
    ++number;
    if (trim(line).empty()) continue;
    lines.push_back(number);
    records.records.push_back({.key = {}, .value = line, .headers = {}});
  }
  format::Decoded decoded = format::JsonReader(schema).decode(records);
  if (!decoded.poison.empty()) return at_line(name, lines[decoded.poison[0].record], decoded.poison[0].error.message());
  decoded.batch.schema = schema;
  decoded.batch.origin.clear();
  return std::move(decoded.batch);
}

}  // namespace streamops::pipeline
