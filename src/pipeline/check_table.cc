#include "pipeline/check_table.h"

#include <algorithm>

#include "base/text.h"
#include "cql/grammar/statement.h"
#include "errors/pipeline.h"

namespace streamops::pipeline {

namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/// The last place where `word` stands alone in the select: its alias, most often. The beginning when it stands nowhere.
std::size_t find_word(std::string_view text, std::string_view word) {
  for (std::size_t at = text.rfind(word); at != std::string_view::npos && !word.empty();
       at = at == 0 ? std::string_view::npos : text.rfind(word, at - 1)) {
    const bool begins = at == 0 || !is_word(text[at - 1]);
    const bool ends = at + word.size() == text.size() || !is_word(text[at + word.size()]);
    if (begins && ends) return at;
  }
  return 0;
}

/// Reads the statements of one `create`.
class CreateReader {
 public:
  CreateReader(const StepSpec& step, const yaml::Document& document, std::vector<Error>& errors)
      : step_(step), document_(document), errors_(errors) {}

  TableShape read() {
    const std::string& script = step_.create.text;
    const Result<std::vector<cql::ScriptStatement>> pieces = cql::split_script(script);
    if (!pieces) {
      errors_.push_back(placed(pieces.error(), 0));
      return {};
    }
    for (const cql::ScriptStatement& piece : *pieces) read_statement(piece);
    const bool complete = found_ || has_error_ || !step_.cassandra_sink || step_.cassandra_sink->table.empty();
    if (!complete) {
      errors_.push_back(Error(errors::pipeline::bad_create, "`create` has no CREATE TABLE for {}", step_.table.text)
                            .with_place(document_.place(*step_.table.node)));
    }
    return std::move(shape_);
  }

 private:
  Error placed(const Error& error, std::size_t base) {
    has_error_ = true;
    const Place* inner = error.place();
    if (inner == nullptr) return error.with_place(document_.place_in(*step_.create.node, base));
    std::size_t at = base;
    for (std::uint32_t line = 1; line < inner->line; ++line) {
      const std::size_t end = step_.create.text.find('\n', at);
      if (end == std::string::npos) break;
      at = end + 1;
    }
    return error.with_place(
        document_.place_in(*step_.create.node, at + (inner->column > 0 ? inner->column - 1 : 0), inner->width));
  }

  void refuse(std::size_t at, std::string message) {
    has_error_ = true;
    errors_.push_back(
        Error(errors::pipeline::bad_create, std::move(message)).with_place(document_.place_in(*step_.create.node, at)));
  }

  void read_statement(const cql::ScriptStatement& piece) {
    Result<cql::ParsedStatement> parsed = cql::parse_statement(piece.text);
    if (!parsed) {
      errors_.push_back(placed(parsed.error(), piece.offset));
      return;
    }
    shape_.statements.emplace_back(piece.text);
    const cql::Statement& statement = parsed->statement;
    if (const auto* table = std::get_if<cql::CreateTable>(&statement)) {
      if (!table->if_not_exists) refuse(piece.offset, "CREATE TABLE needs IF NOT EXISTS here: it runs at every start");
      read_table(*table, piece.offset);
    } else if (const auto* keyspace = std::get_if<cql::CreateKeyspace>(&statement)) {
      if (!keyspace->if_not_exists)
        refuse(piece.offset, "CREATE KEYSPACE needs IF NOT EXISTS here: it runs at every start");
    } else if (!std::holds_alternative<cql::CreateType>(statement)) {
      refuse(piece.offset, "`create` takes CREATE KEYSPACE, CREATE TYPE and CREATE TABLE only");
    }
  }

  void read_table(const cql::CreateTable& table, std::size_t offset) {
    const CassandraSinkSpec& sink = *step_.cassandra_sink;
    if (table.table.keyspace.empty())
      refuse(offset, fmt::format("the table {} needs its keyspace before it: there is no USE here", table.table.name));
    if (table.table.keyspace != sink.keyspace || table.table.name != sink.table) return;
    found_ = true;
    for (const cql::ColumnDefinition& column : table.columns) {
      shape_.columns.push_back(column.name);
      shape_.types.push_back(cql::to_cql(column.type));
      if (column.type.name == "counter") {
        refuse(offset, fmt::format("the column {} is a counter: a replay would count it twice", column.name));
      }
    }
    shape_.key = table.partition_key;
    shape_.key.insert(shape_.key.end(), table.clustering.begin(), table.clustering.end());
  }

  const StepSpec& step_;
  const yaml::Document& document_;
  std::vector<Error>& errors_;
  TableShape shape_;
  bool found_ = false;
  bool has_error_ = false;
};

}  // namespace

TableShape read_create(const StepSpec& step, const yaml::Document& document, std::vector<Error>& errors) {
  if (step.create.node == nullptr) return {};
  return CreateReader(step, document, errors).read();
}

void check_columns(const StepSpec& step, const TableShape& table, const data::Schema& output, const ColumnFits& fits,
                   const yaml::Document& document, std::vector<Error>& errors) {
  if (table.columns.empty()) return;
  for (const data::Field& field : output.fields()) {
    const Place place = document.place_in(*step.select.node, find_word(step.select.text, field.name),
                                          static_cast<std::uint32_t>(field.name.size()));
    const auto column = std::find(table.columns.begin(), table.columns.end(), field.name);
    if (column == table.columns.end()) {
      errors.push_back(
          Error(errors::pipeline::column_not_in_table, "the table {} has no column `{}`", step.table.text, field.name)
              .with_place(place)
              .with_label(did_you_mean(field.name, std::span<const std::string>(table.columns))));
    } else if (fits) {
      const Result<void> fit =
          fits(field.name, *field.type, table.types[static_cast<std::size_t>(column - table.columns.begin())]);
      if (!fit) errors.push_back(fit.error().with_place(place));
    }
  }
  for (const std::string& key : table.key) {
    if (output.index_of(key) >= 0) continue;
    errors.push_back(Error(errors::pipeline::unknown_column, "the select does not give `{}`, a part of the key of {}",
                           key, step.table.text)
                         .with_place(document.place(*step.table.node)));
  }
}

}  // namespace streamops::pipeline
