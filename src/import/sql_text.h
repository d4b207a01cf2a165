// import/sql_text.h — values as Spark SQL over the table `source`, and the schema that their paths ask for.
//
//   path answer results [0] name first   ->  results[0].name.first        schema: results ARRAY<STRUCT<name:
//   STRUCT<first: STRING>>> path answer results each "r" email   ->  r.email, with LATERAL VIEW explode(results) AS r
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "data/type.h"
#include "import/value.h"

namespace streamops::importer {

/// Fields as they are met; what has neither members nor elements is a leaf.
struct SchemaMember;
struct SchemaNode {
  std::vector<SchemaMember> members;
  std::unique_ptr<SchemaNode> element;
  std::string type;  // DDL of a leaf; empty: nothing says it, so STRING

  SchemaNode& member(const std::string& name);
  data::TypePtr to_type() const;
};
struct SchemaMember {
  std::string name;
  SchemaNode node;
};

class SqlWriter {
 public:
  /// `views` are there already: alias and the array's value.
  explicit SqlWriter(std::vector<std::pair<std::string, ValuePtr>> views = {}, bool outer = false);

  /// The SQL of a value. Errors: SO-I006 (it has none; the message says which part).
  Result<std::string> expression(const Value& value);

  /// The type that the reader of the records expects of a path, before expressions are written: "DOUBLE".
  void expect(const Value& path, const std::string& ddl);

  /// " LATERAL VIEW explode(results) AS r", one line each.
  Result<std::vector<std::string>> views();

  /// What the paths ask for; empty when there was no path.
  const SchemaNode& schema() const { return schema_; }

 private:
  struct Piece {
    std::string text;
    int strength = 10;  // of its loosest operator; 10: an atom
  };
  struct View {
    std::string alias;
    std::string array;  // its SQL
  };

  Result<Piece> write(const Value& value, int depth);
  Result<Piece> path(const Value& value, int depth);
  Result<Piece> operation(const Value& value, int depth);
  Result<Piece> infix(const Value& value, int depth);
  Result<Piece> call(const std::string& function, const Value& value, int depth);
  Result<std::string> within(const Value& value, int strength, int depth);
  Result<Piece> cast(const Value& value, const std::string& type, int depth);
  Result<Piece> cases(const Value& value, int depth);
  Result<Piece> from_template(const Value& value, int depth);
  void number_expected(const Value& value);
  SchemaNode* leaf_of(const Value& path);
  std::string view_of(const std::string& array, const std::string& name);

  SchemaNode schema_;
  std::vector<std::pair<std::string, ValuePtr>> given_;
  std::vector<View> views_;
  bool outer_ = false;
  int parts_ = 5000;
};

/// A name as SQL writes it: in backticks where it must be.
std::string sql_name(const std::string& name);
/// 'text'
std::string sql_text(const std::string& text);

}  // namespace streamops::importer
