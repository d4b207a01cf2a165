// sql/engine/test_rows.h — tables written as SQL expressions, and results as text, for tests.
#pragma once

#include <string>
#include <vector>

#include "data/batch.h"
#include "sql/engine/cast.h"
#include "sql/engine/query.h"
#include "sql/grammar/ddl.h"

namespace streamops::sql::test {

inline data::SchemaPtr schema(std::string_view ddl) {
  return parse_schema(ddl, {}).value();
}

/// Rows given as expressions, each cast to its column's type.
class Table {
 public:
  Table(std::string_view ddl, const std::vector<std::vector<std::string>>& rows) {
    batch_.schema = schema(ddl);
    batch_.rows = rows.size();
    std::vector<data::ColumnBuilder> builders;
    for (const data::Field& field : batch_.schema->fields()) builders.emplace_back(field.type);
    for (const std::vector<std::string>& row : rows) {
      for (std::size_t i = 0; i < row.size(); ++i) {
        const std::string sql = "SELECT CAST(" + row[i] + " AS " + (*batch_.schema)[i].type->to_sql() + ") AS v";
        const auto query = Query::compile(sql, batch_.schema, {}).value();
        builders[i].append_from(*query->run({}, {}).batch.columns[0], 0);
      }
    }
    for (data::ColumnBuilder& builder : builders) batch_.columns.push_back(builder.finish());
  }
  const data::Batch& batch() const { return batch_; }

 private:
  data::Batch batch_;
};

/// One value as CAST(… AS STRING) writes it; hex digits of BINARY, NULL for null.
inline std::string value(const data::Column& column, std::size_t row) {
  if (column.is_null(row)) return "NULL";
  if (column.type()->id() == data::TypeId::binary) return to_hex(as_bytes(column.text(row)));
  std::string out;
  append_text_form(column, row, out);
  return out;
}

/// A line a row, bars between columns.
inline std::string text(const QueryResult& result) {
  std::string out;
  for (std::size_t row = 0; row < result.batch.rows; ++row) {
    if (row > 0) out += '\n';
    for (std::size_t i = 0; i < result.batch.columns.size(); ++i)
      out += (i == 0 ? "" : "|") + value(*result.batch.columns[i], row);
  }
  return out;
}

inline QueryResult result(std::string_view sql, const Table& table) {
  return Query::compile(sql, table.batch().schema, {}).value()->run(table.batch(), {});
}

/// The result as text; the first failure instead when there is one.
inline std::string run(std::string_view sql, const Table& table) {
  const auto query = Query::compile(sql, table.batch().schema, {});
  if (!query) return query.error().to_line();
  const QueryResult result = (*query)->run(table.batch(), {});
  return result.failures.empty() ? text(result) : result.failures[0].error.to_line();
}

}  // namespace streamops::sql::test
