#include "pipeline/letter_fix.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "errors/pipeline.h"

namespace streamops::pipeline {

namespace {

using data::TypeId;

constexpr std::string_view before_expression = "SELECT ";

const data::SchemaPtr& letter_columns() {
  static const data::SchemaPtr columns = [] {
    const auto text = data::Type::scalar(TypeId::string);
    return std::make_shared<const data::Schema>(std::vector<data::Field>{
        {"value", text, true},
        {"key", text, true},
        {"code", text, true},
        {"message", text, true},
        {"stage", text, true},
        {"origin", text, true},
        {"partition", data::Type::scalar(TypeId::int32), true},
        {"offset", data::Type::scalar(TypeId::int64), true},
        {"redrives", data::Type::scalar(TypeId::int32), true},
        {"at", data::Type::scalar(TypeId::timestamp), true},
    });
  }();
  return columns;
}

bool begins_with_word(std::string_view text, std::string_view word) {
  return text.size() > word.size() && equals_ignore_case(text.substr(0, word.size()), word) &&
         std::isspace(static_cast<unsigned char>(text[word.size()])) != 0;
}

void append(data::ColumnBuilder& column, const std::optional<std::string>& text) {
  text ? column.append_text(*text) : column.append_null();
}

data::Batch to_batch(std::span<data::DeadLetter* const> letters) {
  std::vector<data::ColumnBuilder> columns;
  for (const data::Field& field : letter_columns()->fields()) columns.emplace_back(field.type);
  for (const data::DeadLetter* letter : letters) {
    append(columns[0], letter->value);
    append(columns[1], letter->key);
    columns[2].append_text(letter->code);
    columns[3].append_text(letter->message);
    columns[4].append_text(letter->stage);
    columns[5].append_text(letter->origin);
    columns[6].append_integer(letter->partition);
    columns[7].append_integer(letter->offset);
    columns[8].append_integer(letter->redrives);
    columns[9].append_integer(letter->record_timestamp_ms * 1000);
  }
  data::Batch batch;
  batch.schema = letter_columns();
  batch.rows = letters.size();
  for (data::ColumnBuilder& column : columns) batch.columns.push_back(column.finish());
  return batch;
}

/// An error of the SQL, with columns counted as the person wrote it.
Error as_written(const Error& error, bool wrapped) {
  const Place* place = error.place();
  if (!wrapped || place == nullptr || place->line != 1 || place->column <= before_expression.size()) return error;
  Place moved = *place;
  moved.column -= static_cast<std::uint32_t>(before_expression.size());
  return error.with_place(moved);
}

}  // namespace

Result<LetterFix> LetterFix::compile(std::string_view sql) {
  const std::string_view text = trim(sql);
  const bool whole = begins_with_word(text, "SELECT") || begins_with_word(text, "WITH");
  const std::string query_text =
      whole ? std::string(text) : fmt::format("{}{}\nAS value FROM letters", before_expression, text);
  auto query = sql::Query::compile(query_text, letter_columns(), {Place{"--fix", 1, 1, {}, 1}});
  if (!query) return as_written(query.error(), !whole);
  const data::Schema& output = *(*query)->output();
  if ((*query)->keeps_state()) {
    return Error(errors::pipeline::bad_fix, "the SELECT groups, but each letter is mended for itself");
  }
  if (output.index_of("value") < 0) {
    return Error(errors::pipeline::bad_fix, "the SELECT gives {}, but no column `value`", output.to_sql());
  }
  for (const data::Field& field : output.fields()) {
    if (field.name != "value" && field.name != "key") {
      return Error(errors::pipeline::bad_fix, "the SELECT gives a column `{}`; only `value` and `key` can change",
                   field.name);
    }
    if (field.type->id() == TypeId::string) continue;
    return Error(errors::pipeline::bad_fix, "`{}` is {}, but it must be a STRING", field.name, field.type->to_sql());
  }
  return LetterFix(*query);
}

std::vector<std::string> LetterFix::apply(std::span<data::DeadLetter* const> letters) const {
  std::vector<std::string> reasons(letters.size(), "the SQL gives no row for it");
  const sql::QueryResult result = query_->run(to_batch(letters), {});
  for (const sql::RowError& failure : result.failures) {
    reasons[static_cast<std::size_t>(failure.source_row)] =
        fmt::format("{}: {}", failure.error.code(), failure.error.message());
  }
  const data::Schema& output = *query_->output();
  const data::Column& values = *result.batch.columns[static_cast<std::size_t>(output.index_of("value"))];
  const int key_index = output.index_of("key");
  std::vector<std::size_t> rows(letters.size(), 0);
  for (const std::int32_t letter : result.batch.origin) ++rows[static_cast<std::size_t>(letter)];
  for (std::size_t row = 0; row < result.batch.rows; ++row) {
    const auto index = static_cast<std::size_t>(result.batch.origin[row]);
    if (rows[index] > 1) {
      reasons[index] = "the SQL gives several rows for it";
    } else if (values.is_null(row)) {
      reasons[index] = "the SQL gives NULL for it";
    } else {
      reasons[index].clear();
      letters[index]->value = std::string(values.text(row));
      if (key_index < 0) continue;
      const data::Column& keys = *result.batch.columns[static_cast<std::size_t>(key_index)];
      letters[index]->key = keys.is_null(row) ? std::nullopt : std::optional(std::string(keys.text(row)));
    }
  }
  return reasons;
}

}  // namespace streamops::pipeline
