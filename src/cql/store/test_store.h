// cql/store/test_store.h — a store for unit tests: a directory of its own, virtual time, everything on one thread, no
// sockets.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cql/protocol/value.h"
#include "cql/store/engine.h"
#include "cql/store/system/system_tables.h"
#include "runtime/virtual_loop.h"
#include "temporary_folder.h"

namespace streamops::cql::store {

class TestStore {
 public:
  TestStore() { open(); }
  ~TestStore() { close(); }
  TestStore(const TestStore&) = delete;
  TestStore& operator=(const TestStore&) = delete;

  /// Opens the same directory anew, as after a restart.
  void reopen() {
    close();
    open();
  }

  Result<Answer> run(std::string_view text, std::vector<Value> values = {},
                     std::optional<std::int32_t> page_size = std::nullopt,
                     const std::optional<Bytes>& paging_state = std::nullopt) {
    STREAMOPS_ASSIGN(const ParsedStatement parsed, parse_statement(text));
    STREAMOPS_ASSIGN(const PlanPtr plan, compile(parsed, *engine_->schema(), keyspace));
    ExecuteRequest request;
    request.values = values;
    request.keyspace = keyspace;
    request.page_size = page_size;
    if (paging_state) request.paging_state = *paging_state;
    std::optional<Result<Answer>> answer;
    plan->execute(*engine_, request, [&answer](Result<Answer> got) { answer.emplace(std::move(got)); });
    for (int turn = 0; turn < 100 && !answer; ++turn) loop_.advance(Milliseconds{2});
    STREAMOPS_CHECK(answer.has_value(), "a statement was never answered");
    if (*answer) {
      if (const auto* use = std::get_if<UseAnswer>(&(*answer)->body)) keyspace = use->keyspace;
    }
    return std::move(*answer);
  }

  /// The rows of an answer, each as "a | b | null".
  static std::vector<std::string> texts(const Answer& answer) {
    std::vector<std::string> out;
    const auto* rows = std::get_if<RowsAnswer>(&answer.body);
    if (rows == nullptr) return out;
    Rows wire;
    wire.metadata.column_count = static_cast<std::int32_t>(rows->columns->size());
    wire.row_count = rows->count;
    wire.cells = rows->cells;
    RowReader reader(wire);
    std::vector<std::optional<BytesView>> cells;
    while (reader.next(cells)) {
      std::string line;
      for (std::size_t i = 0; i < cells.size(); ++i) {
        if (i > 0) line += " | ";
        line += cells[i] ? to_plain_text(*(*rows->columns)[i].type, *cells[i]) : "null";
      }
      out.push_back(std::move(line));
    }
    return out;
  }

  runtime::VirtualLoop& loop() { return loop_; }
  Engine& engine() { return *engine_; }
  storage::Rocks& rocks() { return *rocks_; }

  std::string keyspace;

 private:
  void open() {
    storage::RocksOptions options;
    options.directory = folder_.path();
    const auto grace = std::make_shared<GraceTable>();
    options.merge = make_row_merge_rule();
    options.purge = make_row_purge_rule(grace, loop_.clock());
    rocks_ = std::move(storage::Rocks::open(std::move(options))).value();
    commits_ = storage::make_group_commit(*rocks_, loop_, *pool_, {.mode = storage::SyncMode::never});
    engine_ =
        std::move(Engine::open({*rocks_, *commits_, loop_, *pool_, grace}, std::make_unique<SystemTables>(NodeInfo{})))
            .value();
  }
  void close() {
    engine_.reset();
    commits_.reset();
    rocks_.reset();
  }

  TemporaryFolder folder_;
  runtime::VirtualLoop loop_{from_micros(1'700'000'000'000'000)};
  std::unique_ptr<runtime::Pool> pool_ = runtime::make_inline_pool();
  std::unique_ptr<storage::Rocks> rocks_;
  std::unique_ptr<storage::GroupCommit> commits_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace streamops::cql::store
