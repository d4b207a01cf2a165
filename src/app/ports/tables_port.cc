#include "app/ports/tables_port.h"

namespace streamops::app {
namespace {

console::ColumnInfo::Kind to_kind(std::string_view kind) {
  using Kind = console::ColumnInfo::Kind;
  if (kind == "partition_key") return Kind::partition_key;
  if (kind == "clustering") return Kind::clustering;
  return kind == "static" ? Kind::fixed : Kind::regular;
}

class StoreTablesPort final : public console::TablesPort {
 public:
  StoreTablesPort(cql::store::CqlServer& store, runtime::Loop& loop) : store_(store), loop_(loop) {}

  void list(console::Done<std::vector<console::TableInfo>> done) override {
    loop_.post([this, done = std::move(done)] {
      std::vector<console::TableInfo> tables;
      for (const std::string& keyspace : store_.keyspaces()) {
        for (const cql::store::TableView& view : store_.tables(keyspace)) {
          console::TableInfo& table = tables.emplace_back();
          table.keyspace = view.keyspace;
          table.name = view.name;
          for (const cql::store::ColumnView& column : view.columns) {
            table.columns.push_back({column.name, column.type, to_kind(column.kind)});
          }
        }
      }
      done(std::move(tables));
    });
  }

  void rows(const std::string& keyspace, const std::string& table, const std::string& page, int limit,
            console::Done<console::RowsPage> done) override {
    loop_.post([this, keyspace, table, page, limit, done = std::move(done)] {
      store_.rows(keyspace, table, limit, page, [done](Result<cql::store::RowsView> view) {
        if (!view) return done(view.error());
        done(console::RowsPage{std::move(view->rows), std::move(view->next_page)});
      });
    });
  }

 private:
  cql::store::CqlServer& store_;
  runtime::Loop& loop_;
};

}  // namespace

std::shared_ptr<console::TablesPort> make_tables_port(cql::store::CqlServer& store, runtime::Loop& loop) {
  return std::make_shared<StoreTablesPort>(store, loop);
}

}  // namespace streamops::app
