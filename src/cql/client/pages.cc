#include "cql/client/pages.h"

namespace streamops::cql {
namespace {

constexpr std::int32_t usual_page = 5000;

ReadOptions with_page(ReadOptions options) {
  if (options.page_size <= 0) options.page_size = usual_page;
  return options;
}

/// A read_all under way: keeps itself alive until `done`.
struct Reading : std::enable_shared_from_this<Reading> {
  Reading(Client& client, std::string text, ReadOptions options, OnRow row, std::function<void(Result<void>)> end)
      : pages(client, std::move(text), std::move(options)), on_row(std::move(row)), done(std::move(end)) {}

  void next() {
    pages.next([self = shared_from_this()](const Result<std::optional<Answer>>& page) {
      if (!page) return self->done(page.error());
      if (!*page) return self->done(Ok());
      const Rows* rows = (*page)->rows();
      if (rows != nullptr) {
        RowReader reader(*rows);
        while (reader.next(self->cells)) self->on_row(self->cells);
        if (const Result<void> status = reader.status(); !status) return self->done(status);
      }
      self->next();
    });
  }

  Pages pages;
  OnRow on_row;
  std::function<void(Result<void>)> done;
  std::vector<std::optional<BytesView>> cells;
};

}  // namespace

Pages::Pages(Client& client, std::string text, ReadOptions options)
    : client_(client), text_(std::move(text)), options_(with_page(std::move(options))) {}

Pages::Pages(Client& client, PreparedStatementPtr statement, Bytes values, ReadOptions options)
    : client_(client),
      statement_(std::move(statement)),
      values_(std::move(values)),
      options_(with_page(std::move(options))) {}

Pages::~Pages() {
  *alive_ = false;
}

void Pages::next(Done done) {
  if (ended_) return done(std::optional<Answer>());
  const auto on_answer = [this, alive = alive_, done = std::move(done)](const Result<Answer>& answer) {
    if (*alive) answered(answer, done);
  };
  if (statement_) {
    client_.select(statement_, values_, options_, on_answer);
  } else {
    client_.select(text_, options_, on_answer);
  }
}

void Pages::answered(const Result<Answer>& answer, const Done& done) {
  if (!answer) return done(answer.error());
  const Rows* rows = answer->rows();
  const bool more = rows != nullptr && rows->metadata.paging_state.has_value();
  options_.paging_state.clear();
  if (more) options_.paging_state.assign(rows->metadata.paging_state->begin(), rows->metadata.paging_state->end());
  ended_ = !more;
  done(std::optional<Answer>(*answer));
}

void read_all(Client& client, std::string text, ReadOptions options, OnRow on_row,
              std::function<void(Result<void>)> done) {
  std::make_shared<Reading>(client, std::move(text), std::move(options), std::move(on_row), std::move(done))->next();
}

}  // namespace streamops::cql
