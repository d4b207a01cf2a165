#include "cql/client/impl/read.h"

#include "errors/cql_client.h"

namespace streamops::cql {

void Read::start() {
  send(false);
  const Microseconds after = pattern_->read->speculate_after;
  if (after.count() <= 0 || answered_) return;
  speculation_ = loop_.after(after, [weak = weak_from_this()] {
    const std::shared_ptr<Read> self = weak.lock();
    if (self && !self->answered_) self->send(true);
  });
}

void Read::send(bool speculative) {
  auto copy = std::make_unique<Request>();
  copy->opcode = pattern_->opcode;
  copy->body = pattern_->body;
  copy->statement = pattern_->statement;
  copy->read = pattern_->read;
  copy->done = [self = shared_from_this()](Result<Answer> answer) { self->on_answer(std::move(answer)); };
  ++under_way_;
  if (!submit_(std::move(copy), speculative)) --under_way_;
}

void Read::on_answer(Result<Answer> answer) {
  --under_way_;
  if (answered_) return;
  if (!answer && under_way_ > 0) return;  // the other one may fare better
  const bool is_lost = !answer && answer.error().is(errors::cql_client::connection_lost);
  if (is_lost && !std::exchange(repeated_, true)) return send(false);
  answered_ = true;
  speculation_.reset();
  pattern_->done(std::move(answer));
}

}  // namespace streamops::cql
