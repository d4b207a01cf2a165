// kafka/client/impl/coordinator.h — the broker that coordinates a group or a transaction: found, and asked as often as
// it takes.
//
//   bootstrap servers, in turn -> FindCoordinator -> connection -> question -> answer
//                \________ it moved, or the connection broke ________/
//
// What passes by itself (a coordinator that loads or moves, a transaction whose end is still being written, a cluster
// that is away) is tried again after a pause, without end; trouble() tells. Threads: one loop.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kafka/client/config.h"
#include "kafka/client/impl/conversation.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::kafka {

enum class CoordinatorKind : std::int8_t { group = 0, transaction = 1 };

class Coordinator {
 public:
  Coordinator(const ClientConfig& config, CoordinatorKind kind, std::string key, runtime::Loop& loop,
              runtime::Network& network);
  ~Coordinator();
  Coordinator(const Coordinator&) = delete;
  Coordinator& operator=(const Coordinator&) = delete;

  /// Asks in version `newest` at most. `code_of` finds the error code in an answer (0: none). `done` comes once, with
  /// an answer whose code does not pass by itself, or with SO-K203, SO-K204, SO-K206; never when this is gone.
  template <typename Response, typename Request>
  void ask(const Request& request, std::int16_t newest, std::function<std::int16_t(const Response&)> code_of,
           std::function<void(Result<Response>)> done) {
    const auto question = std::make_shared<Question>();
    question->refuse = [done](const Error& error) { done(error); };
    question->send = [this, request, newest, code_of, done](const QuestionPtr& self) {
      const auto answered = [this, alive = std::weak_ptr<int>(alive_), self, code_of, done](Result<Response> answer) {
        if (alive.expired()) return;
        if (!answer) return failed(self, answer.error());
        if (const std::int16_t code = code_of(*answer); passes(code)) return postpone(self, code);
        came_through();
        done(std::move(*answer));
      };
      broker_->ask<Response>(request, answered, newest);
    };
    start(question);
  }

  /// What is wrong while a question is asked again and again.
  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  struct Question {
    std::function<void(const std::shared_ptr<Question>& self)> send;
    std::function<void(const Error&)> refuse;
  };
  using QuestionPtr = std::shared_ptr<Question>;

  void start(const QuestionPtr& question);
  void find();
  void failed(const QuestionPtr& question, const Error& error);
  void postpone(const QuestionPtr& question, std::int16_t code);
  void later();
  void came_through();
  static bool passes(std::int16_t code);
  Error error_of(std::int16_t code) const;

  ClientConfig config_;
  CoordinatorKind kind_;
  std::string key_;
  runtime::Loop& loop_;
  runtime::Network& network_;
  std::vector<runtime::Endpoint> servers_;
  std::size_t next_ = 0;  // server to ask for the coordinator
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  std::shared_ptr<Conversation> asked_;   // who coordinates?
  std::shared_ptr<Conversation> broker_;  // the coordinator
  std::shared_ptr<Conversation> former_;  // what was asked of it may still be answered
  std::vector<QuestionPtr> waiting_;      // for broker_
  std::vector<QuestionPtr> delayed_;      // until the timer rings
  runtime::TimerPtr timer_;
  Microseconds pause_;
  std::optional<Error> trouble_;
};

}  // namespace streamops::kafka
