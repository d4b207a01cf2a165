#include "kafka/client/impl/coordinator.h"

#include <algorithm>
#include <utility>

#include "errors/kafka_client.h"
#include "kafka/client/impl/failure.h"
#include "kafka/protocol/messages/find_coordinator.h"

namespace streamops::kafka {
namespace {

constexpr Microseconds patience = Seconds{10};
constexpr Microseconds first_pause = Milliseconds{2};
constexpr Microseconds longest_pause = Milliseconds{200};
constexpr Microseconds normal_pause = Milliseconds{60};  // shorter ones are everyday life and no trouble
constexpr std::int16_t one_key = 3;                      // the newest FindCoordinator that asks for one

bool moved(std::int16_t code) {
  return code == RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE || code == RD_KAFKA_RESP_ERR_NOT_COORDINATOR;
}

}  // namespace

Coordinator::Coordinator(const ClientConfig& config, CoordinatorKind kind, std::string key, runtime::Loop& loop,
                         runtime::Network& network)
    : config_(config),
      kind_(kind),
      key_(std::move(key)),
      loop_(loop),
      network_(network),
      servers_(bootstrap_servers(config)),
      pause_(first_pause) {}

Coordinator::~Coordinator() = default;

void Coordinator::start(const QuestionPtr& question) {
  if (broker_ != nullptr && !broker_->failure()) return question->send(question);
  waiting_.push_back(question);
  if (asked_ == nullptr) find();
}

void Coordinator::find() {
  if (servers_.empty()) {
    const Error error(errors::kafka_client::bad_client_setting, "\"{}\" names no broker", config_.bootstrap);
    for (const QuestionPtr& question : std::exchange(waiting_, {})) {
      loop_.post([question, error, alive = std::weak_ptr<int>(alive_)] {
        if (!alive.expired()) question->refuse(error);
      });
    }
    return;
  }
  former_ = std::move(broker_);
  broker_ = nullptr;
  asked_ = Conversation::begin(config_, servers_[next_], loop_, network_, patience);
  FindCoordinatorRequest request;
  request.key = key_;
  request.key_type = static_cast<std::int8_t>(kind_);
  asked_->ask<FindCoordinatorResponse>(
      std::move(request),
      [this, alive = std::weak_ptr<int>(alive_)](const Result<FindCoordinatorResponse>& found) {
        if (alive.expired()) return;
        loop_.post([old = std::exchange(asked_, nullptr)] {});  // not in an answer of its own
        const std::vector<QuestionPtr> questions = std::exchange(waiting_, {});
        if (found && found->error_code == 0) {
          broker_ = Conversation::begin(config_, {found->host, static_cast<std::uint16_t>(found->port)}, loop_,
                                        network_, patience);
          for (const QuestionPtr& question : questions) question->send(question);
          return;
        }
        next_ = (next_ + 1) % servers_.size();
        const Error error = found ? error_of(found->error_code) : found.error();
        for (const QuestionPtr& question : questions) {
          if (alive.expired()) return;
          failed(question, error);
        }
      },
      one_key);
}

void Coordinator::failed(const QuestionPtr& question, const Error& error) {
  const bool may_pass =
      error.is(errors::kafka_client::broker_unreachable) || error.is(errors::kafka_client::handshake_broken);
  if (!may_pass) {
    const QuestionPtr keep = question;
    return keep->refuse(error);
  }
  trouble_ = error;
  delayed_.push_back(question);
  later();
}

void Coordinator::postpone(const QuestionPtr& question, std::int16_t code) {
  if (pause_ > normal_pause) trouble_ = error_of(code);
  if (moved(code) && broker_ != nullptr) former_ = std::exchange(broker_, nullptr);
  delayed_.push_back(question);
  later();
}

void Coordinator::later() {
  if (timer_) return;
  timer_ = loop_.after(pause_, [this] {
    const runtime::TimerPtr rung = std::move(timer_);
    for (const QuestionPtr& question : std::exchange(delayed_, {})) start(question);
  });
  pause_ = std::min(pause_ * 2, longest_pause);
}

void Coordinator::came_through() {
  trouble_.reset();
  pause_ = first_pause;
}

bool Coordinator::passes(std::int16_t code) {
  switch (code) {
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_CONCURRENT_TRANSACTIONS:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return true;
    default:
      return false;
  }
}

Error Coordinator::error_of(std::int16_t code) const {
  return to_error(static_cast<rd_kafka_resp_err_t>(code), "asking the coordinator of " + key_);
}

}  // namespace streamops::kafka
