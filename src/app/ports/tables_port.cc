#include "app/ports/tables_port.h"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

#include "cql/protocol/value.h"
#include "errors/console.h"

namespace streamops::app {
namespace {

using console::ColumnInfo;
using console::TableInfo;

constexpr std::int32_t schema_page = 5000;  // rows; one a column of the cluster
constexpr std::string_view columns_query =
    "SELECT keyspace_name, table_name, column_name, kind, position, type FROM system_schema.columns";

/// A name as CQL text, whatever letters it has.
std::string quoted(std::string_view name) {
  std::string out = "\"";
  for (const char letter : name) {
    out += letter;
    if (letter == '"') out += letter;
  }
  return out + "\"";
}

ColumnInfo::Kind to_kind(std::string_view kind) {
  if (kind == "partition_key") return ColumnInfo::Kind::partition_key;
  if (kind == "clustering") return ColumnInfo::Kind::clustering;
  return kind == "static" ? ColumnInfo::Kind::fixed : ColumnInfo::Kind::regular;
}

/// A column with what puts it in its place.
struct PlacedColumn {
  std::string keyspace;
  std::string table;
  ColumnInfo column;
  std::int32_t position = 0;  // within the key
};

/// Tables by name, their columns as SELECT * has them: partition key, clustering, static, regular, each by position,
/// then by name.
std::vector<TableInfo> to_tables(std::vector<PlacedColumn> columns) {
  const auto place = [](const PlacedColumn& one) {
    return std::tie(one.keyspace, one.table, one.column.kind, one.position, one.column.name);
  };
  std::sort(columns.begin(), columns.end(),
            [&](const PlacedColumn& a, const PlacedColumn& b) { return place(a) < place(b); });
  std::vector<TableInfo> tables;
  for (PlacedColumn& one : columns) {
    if (tables.empty() || tables.back().keyspace != one.keyspace || tables.back().name != one.table) {
      tables.push_back({one.keyspace, one.table, {}, one.keyspace.starts_with("system")});
    }
    tables.back().columns.push_back(std::move(one.column));
  }
  return tables;
}

std::optional<std::uint8_t> hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return static_cast<std::uint8_t>(digit - '0');
  if (digit >= 'a' && digit <= 'f') return static_cast<std::uint8_t>(digit - 'a' + 10);
  return std::nullopt;
}

/// What to_hex wrote.
std::optional<Bytes> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  Bytes bytes;
  bytes.reserve(text.size() / 2);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = hex_digit(text[i]);
    const auto low = hex_digit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(*high << 4 | *low));
  }
  return bytes;
}

using Cells = std::vector<std::optional<BytesView>>;

std::string text_of(const std::optional<BytesView>& cell) {
  return cell ? std::string(as_text(*cell)) : std::string();
}

PlacedColumn to_column(const Cells& cells) {
  PlacedColumn out{text_of(cells[0]), text_of(cells[1]), {text_of(cells[2]), text_of(cells[5]), {}}, 0};
  out.column.kind = to_kind(text_of(cells[3]));
  if (cells[4] && cells[4]->size() == 4) out.position = load_big_endian<std::int32_t>(cells[4]->data());
  return out;
}

/// A cell as text. Bytes that are no value of their column's type are shown as they are.
std::optional<std::string> shown(const cql::CqlType& type, const std::optional<BytesView>& cell) {
  if (!cell) return std::nullopt;
  if (!cql::validate(type, *cell)) return "0x" + to_hex(*cell);
  return cql::to_plain_text(type, *cell);
}

Result<console::RowsPage> to_page(const cql::Answer& answer) {
  console::RowsPage page;
  const cql::Rows* rows = answer.rows();
  if (rows == nullptr) return page;
  cql::RowReader reader(*rows);
  for (Cells cells; reader.next(cells);) {
    auto& row = page.rows.emplace_back();
    for (std::size_t i = 0; i < cells.size(); ++i) row.push_back(shown(*rows->metadata.columns[i].type, cells[i]));
  }
  STREAMOPS_RETURN_IF_ERROR(reader.status());
  if (rows->metadata.paging_state) page.next = to_hex(*rows->metadata.paging_state);
  return page;
}

class CqlTablesPort final : public console::TablesPort {
 public:
  CqlTablesPort(cql::ClientOptions options, runtime::Loop& loop, runtime::Network& network)
      : options_(std::move(options)), loop_(loop), network_(network) {
    options_.connections_per_host = 1;
    options_.consistency = cql::Consistency::local_one;  // a look need not agree with a majority
  }

  void list(console::Done<std::vector<TableInfo>> done) override {
    look([this, done = std::move(done)] { read_columns({}, std::make_shared<std::vector<PlacedColumn>>(), done); });
  }

  void rows(const std::string& keyspace, const std::string& table, const std::string& page, int limit,
            console::Done<console::RowsPage> done) override {
    const std::optional<Bytes> state = from_hex(page);
    if (!state) return done(Error(errors::console::bad_request, "`page` is not one that this console gave"));
    cql::ReadOptions options;
    options.page_size = limit;
    options.paging_state = *state;
    look([this, options, done = std::move(done),
          text = fmt::format("SELECT * FROM {}.{}", quoted(keyspace), quoted(table))] {
      client_->select(text, options, [done](const Result<cql::Answer>& answer) {
        if (!answer) return done(answer.error());
        done(to_page(*answer));
      });
    });
  }

 private:
  /// Calls `work` on the loop; the first look makes the client.
  template <typename Work>
  void look(Work work) {
    loop_.post([this, alive = std::weak_ptr<int>(alive_), work = std::move(work)] {
      if (alive.expired()) return;
      if (client_ == nullptr) client_ = cql::make_client(options_, loop_, network_);
      work();
    });
  }

  /// Reads the page at `state` and all behind it.
  void read_columns(Bytes state, const std::shared_ptr<std::vector<PlacedColumn>>& columns,
                    const console::Done<std::vector<TableInfo>>& done) {
    cql::ReadOptions options;
    options.page_size = schema_page;
    options.paging_state = std::move(state);
    client_->select(std::string(columns_query), options, [this, columns, done](const Result<cql::Answer>& answer) {
      if (!answer) return done(answer.error());
      const cql::Rows* rows = answer->rows();
      if (rows == nullptr) return done(to_tables(std::move(*columns)));
      cql::RowReader reader(*rows);
      for (Cells cells; reader.next(cells);) columns->push_back(to_column(cells));
      if (const Result<void> whole = reader.status(); !whole) return done(whole.error());
      const auto& next = rows->metadata.paging_state;
      if (!next) return done(to_tables(std::move(*columns)));
      read_columns(Bytes(next->begin(), next->end()), columns, done);
    });
  }

  cql::ClientOptions options_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  std::unique_ptr<cql::Client> client_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::shared_ptr<console::TablesPort> make_tables_port(cql::ClientOptions options, runtime::Loop& loop,
                                                      runtime::Network& network) {
  return std::make_shared<CqlTablesPort>(std::move(options), loop, network);
}

}  // namespace streamops::app
