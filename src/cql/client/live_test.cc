// Against a real server: STREAMOPS_TEST_CQL=host:port, else skipped. What the scripted servers take for granted.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <atomic>
#include <cstdlib>
#include <set>

#include "cql/client/pages.h"
#include "errors/cql_client.h"
#include "scripted_cql_server.h"

using namespace streamops;
using namespace streamops::cql;

namespace {

const char* server() {
  return std::getenv("STREAMOPS_TEST_CQL");
}

class Live : public CqlFixture {
 public:
  explicit Live(ClientOptions options = {}) {
    options.contact_points = {runtime::parse_endpoint(server(), 9042).value()};
    options.consistency = Consistency::one;
    connect(std::move(options));
  }
  void run(const std::string& text) {
    const Result<Answer> answer = query(text);
    REQUIRE_MESSAGE(answer.ok(), text << ": " << (answer.ok() ? "" : answer.error().message()));
  }
  void table(const std::string& name, const std::string& columns) {
    run("CREATE KEYSPACE IF NOT EXISTS so_client WITH replication = "
        "{'class': 'SimpleStrategy', 'replication_factor': 1}");
    run("DROP TABLE IF EXISTS so_client." + name);
    run("CREATE TABLE so_client." + name + " (" + columns + ")");
  }
};

class Outcomes final : public WriteListener {
 public:
  void on_write(std::uint64_t, Outcome outcome, const Error* error) override {
    (outcome == Outcome::written ? written : outcome == Outcome::again ? again : failed)++;
    if (error != nullptr) MESSAGE(error->message());
  }
  void on_room() override {}
  void on_refused(const Error&) override {}
  std::atomic<int> written = 0;
  std::atomic<int> again = 0;
  std::atomic<int> failed = 0;
};

Bytes row_values(std::int32_t key, std::string_view text) {
  Bytes number;
  append_big_endian(number, key);
  Bytes values;
  append_value(values, Value::of(number));
  append_value(values, Value::of(as_bytes(text)));
  return values;
}

}  // namespace

TEST_CASE("every version of the protocol carries values both ways, plain and compressed" *
          doctest::skip(server() == nullptr)) {
  for (const Version version : {Version::v3, Version::v4, Version::v5}) {
    for (const Compression compression : {Compression::none, Compression::lz4, Compression::snappy}) {
      CAPTURE(static_cast<int>(version));
      CAPTURE(to_string(compression));
      ClientOptions options;
      options.highest_version = version;
      options.compression = compression;
      Live live(options);
      live.table("versions", "k int PRIMARY KEY, v text");
      CHECK(live.version() == static_cast<int>(version));
      const std::string text(300'000, static_cast<char>('a' + static_cast<int>(version)));  // more than one v5 segment
      const PreparedStatementPtr insert = live.prepare("INSERT INTO so_client.versions (k, v) VALUES (?, ?)").value();
      CHECK(live.execute(insert, row_values(1, text)).ok());
      const Result<Answer> answer = live.select("SELECT v FROM so_client.versions WHERE k = 1");
      REQUIRE(answer.ok());
      RowReader reader(*answer->rows());
      std::vector<std::optional<BytesView>> cells;
      REQUIRE(reader.next(cells));
      CHECK(as_text(*cells[0]) == text);
    }
  }
}

TEST_CASE("a table is read to its end in pages, also from the middle" * doctest::skip(server() == nullptr)) {
  Outcomes outcomes;  // outlives the client, which tells it of room till the end
  Live live;
  live.table("paged", "k int PRIMARY KEY, v text");
  const PreparedStatementPtr insert = live.prepare("INSERT INTO so_client.paged (k, v) VALUES (?, ?)").value();
  constexpr int count = 1500;
  live.on_loop([&] {
    live.client().set_write_listener(&outcomes);
    for (int i = 0; i < count; ++i) CHECK(live.client().write(*insert, row_values(i, "v"), 0));
  });
  REQUIRE(live.eventually([&] { return outcomes.written == count; }));
  std::set<std::int32_t> seen;
  const auto note = [&](const std::vector<std::optional<BytesView>>& cells) {
    seen.insert(load_big_endian<std::int32_t>(cells[0]->data()));
  };
  const auto read_from = [&](Bytes state) {
    std::promise<bool> ended;
    live.on_loop([&] {
      read_all(live.client(), "SELECT k FROM so_client.paged", {.page_size = 100, .paging_state = std::move(state)},
               note, [&](const Result<void>& result) { ended.set_value(result.ok()); });
    });
    CHECK(ended.get_future().get());
  };
  read_from({});
  CHECK(seen.size() == count);
  const Result<Answer> first = live.select("SELECT k FROM so_client.paged", {.page_size = 600});
  REQUIRE(first.ok());
  CHECK(first->rows()->row_count == 600);
  const BytesView state = *first->rows()->metadata.paging_state;
  seen.clear();
  read_from(Bytes(state.begin(), state.end()));
  CHECK(seen.size() == count - 600);
}

TEST_CASE("prepared statements survive a change of the table" * doctest::skip(server() == nullptr)) {
  Live live;
  live.table("changing", "k int PRIMARY KEY, v text");
  Outcomes outcomes;
  const PreparedStatementPtr insert = live.prepare("INSERT INTO so_client.changing (k, v) VALUES (?, ?)").value();
  const PreparedStatementPtr read = live.prepare("SELECT * FROM so_client.changing WHERE k = ?").value();
  Bytes number;
  append_big_endian(number, std::int32_t{1});
  Bytes key;
  append_value(key, Value::of(number));
  live.on_loop([&] { live.client().set_write_listener(&outcomes); });
  for (int change = 0; change < 3; ++change) {
    const int before = outcomes.written;
    // What a server refuses for a forgotten statement is to be sent again, and then taken.
    REQUIRE(live.eventually([&] {
      if (outcomes.written > before) return true;
      if (live.client().in_flight() == 0) live.client().write(*insert, row_values(1, "v"), 0);
      return false;
    }));
    const Result<Answer> answer =
        live.ask<Answer>([&](auto done) { live.client().select(read, key, ReadOptions{}, done); });
    REQUIRE_MESSAGE(answer.ok(), answer.error().message());
    CHECK(answer->rows()->metadata.columns.size() == static_cast<std::size_t>(2 + change));
    live.run(fmt::format("ALTER TABLE so_client.changing ADD more{} int", change));
  }
  CHECK(outcomes.failed == 0);
}

TEST_CASE("the cluster tells its datacenter and version" * doctest::skip(server() == nullptr)) {
  Live live;
  REQUIRE(live.eventually([&] {
    const auto hosts = live.client().hosts();
    return hosts.size() == 1 && hosts[0].connected && !hosts[0].datacenter.empty() && !hosts[0].release_version.empty();
  }));
  ClientOptions wrong;
  wrong.local_datacenter = "nowhere";
  Live lost(wrong);
  CHECK(lost.eventually([&] {
    const auto trouble = lost.client().trouble();
    return trouble && trouble->is(errors::cql_client::unknown_datacenter);
  }));
}
