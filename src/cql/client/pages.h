// cql/client/pages.h — a SELECT read page by page, each page asked for when the one before has been taken.
//
//   pages.next() ─▶ page 1 ─▶ next() ─▶ page 2 ─▶ … ─▶ next() ─▶ nothing
//
// Threads: the client's loop. Destroying it forgets the page under way.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cql/client/client.h"

namespace streamops::cql {

class Pages {
 public:
  using Done = std::function<void(Result<std::optional<Answer>>)>;

  /// `options.page_size` rows a page (0: 5000); `options.paging_state` where to begin. `client` must outlive this.
  Pages(Client& client, std::string text, ReadOptions options);
  Pages(Client& client, PreparedStatementPtr statement, Bytes values, ReadOptions options);
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages();

  /// Asks for the next page: its rows, or nothing behind the last one. One call at a time. After an error next() asks
  /// for the same page again. Errors: as Client::select.
  void next(Done done);
  /// Where the next page begins: kept, it lets another Pages go on from here. Empty before the first page and at the
  /// end.
  const Bytes& paging_state() const { return options_.paging_state; }
  bool ended() const { return ended_; }

 private:
  void answered(const Result<Answer>& answer, const Done& done);

  Client& client_;
  std::string text_;
  PreparedStatementPtr statement_;
  Bytes values_;
  ReadOptions options_;
  bool ended_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// One row of a result, its cells as views that live during the call.
using OnRow = std::function<void(const std::vector<std::optional<BytesView>>& cells)>;
/// Reads all pages and hands out their rows in order; `done` comes at the end or with the first error (rows handed out
/// before it stay handed out). `client` must outlive it.
void read_all(Client& client, std::string text, ReadOptions options, OnRow on_row,
              std::function<void(Result<void>)> done);

}  // namespace streamops::cql
