#include "pipeline/stream_output.h"

namespace streamops::pipeline {

void StreamOutput::open(const data::SchemaPtr& rows, const data::SchemaPtr& late_rows, Opened done) {
  using Positions = std::vector<data::Position>;
  if (ports_.topic != nullptr) return ports_.topic->open(rows, std::move(done));
  const auto opened_last = [done = std::move(done)](const Result<void>& opened) {
    done(opened ? Result<Positions>(Positions()) : Result<Positions>(opened.error()));
  };
  if (ports_.late == nullptr) return ports_.table->open(rows, opened_last);
  ports_.table->open(rows, [late = ports_.late.get(), late_rows, opened_last](const Result<void>& opened) {
    opened ? late->open(late_rows, opened_last) : opened_last(opened);
  });
}

std::optional<Error> StreamOutput::trouble() const {
  if (ports_.topic != nullptr) return ports_.topic->trouble();
  if (auto trouble = ports_.table->trouble()) return trouble;
  if (auto trouble = ports_.dead_letters->trouble()) return trouble;
  return ports_.late == nullptr ? std::nullopt : ports_.late->trouble();
}

void StreamOutput::close(std::function<void()> done) {
  if (ports_.topic != nullptr) return ports_.topic->close(std::move(done));
  const auto open = std::make_shared<int>(ports_.late == nullptr ? 2 : 3);
  const auto one_closed = [open, done = std::move(done)] {
    if (--*open == 0) done();
  };
  ports_.table->close(one_closed);
  ports_.dead_letters->close(one_closed);
  if (ports_.late != nullptr) ports_.late->close(one_closed);
}

}  // namespace streamops::pipeline
