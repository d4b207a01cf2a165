// cql/client/impl/read.h — one SELECT with its second chances: asked again when its connection breaks, and asked
// elsewhere too when the answer is slow.
//
// Safe for reads alone. At most two requests are under way; the first good answer counts, an error only when no other
// request is left. Threads: the client's loop.
#pragma once

#include <functional>
#include <memory>

#include "cql/client/impl/request.h"

namespace streamops::cql {

class Read : public std::enable_shared_from_this<Read> {
 public:
  /// Sends a copy of the request. `speculative`: to another connection than the first, if there is one; false when
  /// there is none.
  using Submit = std::function<bool(RequestPtr request, bool speculative)>;

  /// `request` is the pattern of what is sent; its `done` gets the outcome.
  Read(RequestPtr request, runtime::Loop& loop, Submit submit)
      : pattern_(std::move(request)), loop_(loop), submit_(std::move(submit)) {}

  void start();

 private:
  void send(bool speculative);
  void on_answer(Result<Answer> answer);

  RequestPtr pattern_;
  runtime::Loop& loop_;
  Submit submit_;
  int under_way_ = 0;
  bool answered_ = false;
  bool repeated_ = false;
  runtime::TimerPtr speculation_;
};

}  // namespace streamops::cql
