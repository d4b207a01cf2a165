#include "cql/store/statements/describe.h"

#include <fmt/format.h>

#include "cql/protocol/notation.h"
#include "cql/store/engine.h"
#include "cql/store/invalid.h"
#include "cql/store/schema/create_text.h"
#include "cql/store/system/system_tables.h"

namespace streamops::cql::store {
namespace {

using What = Describe::What;

/// An answer of text columns, row by row.
class Listing {
 public:
  explicit Listing(std::initializer_list<const char*> columns) {
    auto specs = std::make_shared<std::vector<ColumnSpec>>();
    for (const char* column : columns) specs->push_back({"system", "describe", column, CqlType::scalar(TypeId::text)});
    rows_.columns = std::move(specs);
  }
  void add(std::initializer_list<std::string_view> cells) {
    for (const std::string_view cell : cells) append_bytes_value(rows_.cells, as_bytes(cell));
    ++rows_.count;
  }
  bool empty() const { return rows_.count == 0; }
  Answer take() { return {std::move(rows_), {}}; }

 private:
  RowsAnswer rows_;
};

Listing names() {
  return Listing({"keyspace_name", "type", "name"});
}
Listing statements() {
  return Listing({"keyspace_name", "type", "name", "create_statement"});
}

void add_keyspace(Listing& out, const Keyspace& keyspace) {
  out.add({quote_identifier(keyspace.name), "keyspace", quote_identifier(keyspace.name), create_text(keyspace)});
}
void add_table(Listing& out, const Table& table, bool internals) {
  out.add({quote_identifier(table.keyspace), "table", quote_identifier(table.name), create_text(table, internals)});
}
void add_type(Listing& out, const CqlType& type) {
  out.add({quote_identifier(type.keyspace()), "type", quote_identifier(type.name()), create_text(type)});
}

void add_whole_keyspace(Listing& out, const Keyspace& keyspace, bool internals) {
  add_keyspace(out, keyspace);
  for (const auto& [name, type] : keyspace.types) add_type(out, *type);
  for (const auto& [name, table] : keyspace.tables) add_table(out, *table, internals);
}

class DescribePlan final : public Plan {
 public:
  explicit DescribePlan(Describe statement) : statement_(std::move(statement)) {}

  void execute(Engine& engine, const ExecuteRequest& request, AnswerDone done) const override {
    done(answer(engine, *engine.schema(), std::string(request.keyspace)));
  }

 private:
  Result<Answer> answer(const Engine& engine, const Schema& schema, const std::string& session) const {
    switch (statement_.what) {
      case What::cluster:
        return cluster(engine);
      case What::keyspaces:
        return keyspaces(schema);
      case What::tables:
      case What::types:
      case What::functions:
      case What::aggregates:
        return list(schema, session);
      case What::schema:
      case What::full_schema:
        return whole(schema);
      case What::keyspace:
      case What::only_keyspace:
        return keyspace(schema, session);
      case What::anything:
        return anything(schema, session);
      default:
        return element(schema, session);
    }
  }

  static Result<Answer> cluster(const Engine& engine) {
    Listing out({"cluster", "partitioner", "snitch"});
    out.add({engine.system().node().cluster_name, "Murmur3Partitioner", "SimpleSnitch"});
    return out.take();
  }

  static Result<Answer> keyspaces(const Schema& schema) {
    Listing out = names();
    for (const auto& [name, keyspace] : schema.keyspaces)
      out.add({quote_identifier(name), "keyspace", quote_identifier(name)});
    return out.take();
  }

  Result<Answer> list(const Schema& schema, const std::string& session) const {
    Listing out = names();
    for (const auto& [name, keyspace] : schema.keyspaces) {
      if (!session.empty() && session != name) continue;
      if (statement_.what == What::tables) {
        for (const auto& [listed, of] : keyspace->tables)
          out.add({quote_identifier(name), "table", quote_identifier(listed)});
      }
      if (statement_.what == What::types) {
        for (const auto& [type, of] : keyspace->types)
          out.add({quote_identifier(name), "type", quote_identifier(type)});
      }
    }
    return out.take();
  }

  Result<Answer> whole(const Schema& schema) const {
    Listing out = statements();
    for (const auto& [name, keyspace] : schema.keyspaces) {
      if (keyspace->is_system && statement_.what == What::schema) continue;
      add_whole_keyspace(out, *keyspace, statement_.with_internals);
    }
    return out.take();
  }

  Result<Answer> keyspace(const Schema& schema, const std::string& session) const {
    const std::string& name = statement_.name.name.empty() ? session : statement_.name.name;
    if (name.empty()) return invalid("No keyspace specified and no current keyspace");
    const Keyspace* found = schema.find(name);
    if (found == nullptr) return invalid(fmt::format("'{}' not found in keyspaces", name));
    Listing out = statements();
    if (statement_.what == What::only_keyspace) {
      add_keyspace(out, *found);
    } else {
      add_whole_keyspace(out, *found, statement_.with_internals);
    }
    return out.take();
  }

  Result<Answer> anything(const Schema& schema, const std::string& session) const {
    const std::string& name = statement_.name.name;
    if (statement_.name.keyspace.empty() && schema.find(name) != nullptr) return keyspace(schema, session);
    const std::string& in = statement_.name.keyspace.empty() ? session : statement_.name.keyspace;
    if (in.empty()) return invalid(fmt::format("'{}' not found in keyspaces", name));
    if (schema.find(in) == nullptr) return invalid(fmt::format("'{}' not found in keyspaces", in));
    Listing out = statements();
    if (const TablePtr found = schema.find(in, name)) add_table(out, *found, statement_.with_internals);
    if (const CqlTypePtr type = schema.find_type(in, name); type && out.empty()) add_type(out, *type);
    if (out.empty()) return invalid(fmt::format("'{}' not found in keyspace '{}'", name, in));
    return out.take();
  }

  Result<Answer> element(const Schema& schema, const std::string& session) const {
    const std::string& name = statement_.name.name;
    const std::string& in = statement_.name.keyspace.empty() ? session : statement_.name.keyspace;
    if (in.empty()) return invalid("No keyspace specified and no current keyspace");
    if (schema.find(in) == nullptr) return invalid(fmt::format("'{}' not found in keyspaces", in));
    Listing out = statements();
    if (statement_.what == What::table) {
      if (const TablePtr found = schema.find(in, name)) add_table(out, *found, statement_.with_internals);
      if (out.empty()) return invalid(fmt::format("Table '{}' not found in keyspace '{}'", name, in));
    }
    if (statement_.what == What::type) {
      if (const CqlTypePtr type = schema.find_type(in, name)) add_type(out, *type);
      if (out.empty()) return invalid(fmt::format("User defined type '{}' not found in '{}'", name, in));
    }
    if (!out.empty()) return out.take();
    const char* what = statement_.what == What::index               ? "Index"
                       : statement_.what == What::materialized_view ? "Materialized view"
                       : statement_.what == What::function          ? "User defined function"
                                                                    : "User defined aggregate";
    return invalid(fmt::format("{} '{}' not found in '{}'", what, name, in));
  }

  Describe statement_;
};

}  // namespace

PlanPtr compile_describe(const Describe& statement) {
  return std::make_shared<DescribePlan>(statement);
}

}  // namespace streamops::cql::store
