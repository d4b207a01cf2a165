// import/tables.h — the CQL of a project: keyspaces and tables that its scripts and .cql files make.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "import/facts.h"
#include "import/project.h"

namespace streamops::importer {

struct TableColumn {
  std::string name;
  std::string type;  // as CQL writes it
};

struct CqlTable {
  std::string keyspace;
  std::string name;
  std::string statement;  // CREATE TABLE IF NOT EXISTS keyspace.name …
  std::vector<TableColumn> columns;
  std::vector<std::string> key;
  Where where;

  const TableColumn* column(std::string_view wanted) const;
};

struct CqlSchema {
  struct Statement {
    std::string text;
    Where where;
  };
  std::map<std::string, Statement> keyspaces;  // by name
  std::map<std::string, CqlTable> tables;      // by "keyspace.name"
  std::vector<Statement> unread;               // with the reason as its text

  /// By "keyspace.name", or by the name alone where the keyspace is not said.
  const CqlTable* find(const std::string& keyspace, const std::string& name) const;
};

CqlSchema read_cql(const Project& project, const Facts& facts);

/// INSERT INTO table (columns): empty when the text is another statement.
struct InsertShape {
  std::string keyspace;
  std::string table;
  std::vector<std::string> columns;
  std::vector<int> parameters;  // of each column: the index of its marker, or -1 for a constant
};
std::optional<InsertShape> read_insert(const std::string& text);

}  // namespace streamops::importer
