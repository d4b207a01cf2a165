#include "kafka/client/impl/conversation.h"

#include <algorithm>

#include "base/text.h"
#include "base/uuid.h"
#include "errors/kafka_client.h"
#include "kafka/protocol/error_code.h"
#include "kafka/protocol/messages/api_versions.h"
#include "kafka/protocol/messages/sasl_authenticate.h"
#include "kafka/protocol/messages/sasl_handshake.h"

namespace streamops::kafka {
namespace {

constexpr std::uint16_t default_port = 9092;

std::optional<runtime::TlsOptions> tls_of(const ClientConfig& config, const std::string& host) {
  if (!config.tls) return std::nullopt;
  return runtime::TlsOptions{.ca_file = config.ca_file,
                             .certificate = config.certificate,
                             .key = config.key,
                             .server_name = host,
                             .verify = config.verify};
}

}  // namespace

std::vector<runtime::Endpoint> bootstrap_servers(const ClientConfig& config) {
  std::vector<runtime::Endpoint> servers;
  for (const std::string_view server : split(config.bootstrap, ',')) {
    if (auto endpoint = runtime::parse_endpoint(trim(server), default_port)) servers.push_back(std::move(*endpoint));
  }
  return servers;
}

std::shared_ptr<Conversation> Conversation::begin(const ClientConfig& config, runtime::Endpoint broker,
                                                  runtime::Loop& loop, runtime::Network& network,
                                                  Microseconds patience) {
  ConversationOptions options;
  options.patience = patience;
  return begin(config, std::move(broker), loop, network, options);
}

std::shared_ptr<Conversation> Conversation::begin(const ClientConfig& config, runtime::Endpoint broker,
                                                  runtime::Loop& loop, runtime::Network& network,
                                                  const ConversationOptions& options) {
  std::shared_ptr<Conversation> conversation(new Conversation(config, std::move(broker), loop, options));
  conversation->connect(network);
  return conversation;
}

Conversation::Conversation(const ClientConfig& config, runtime::Endpoint broker, runtime::Loop& loop,
                           const ConversationOptions& options)
    : config_(config),
      broker_(std::move(broker)),
      loop_(loop),
      patience_(options.patience),
      frames_(options.usual_answer, options.largest_answer) {}

void Conversation::connect(runtime::Network& network) {
  network.connect(broker_, patience_, tls_of(config_, broker_.host),
                  [weak = weak_from_this()](Result<runtime::ConnectionPtr> connected) {
                    const std::shared_ptr<Conversation> self = weak.lock();
                    if (self == nullptr) return;
                    if (!connected) {
                      return self->fail(Error(errors::kafka_client::broker_unreachable, "{}: {}",
                                              to_string(self->broker_), connected.error().message()));
                    }
                    self->on_connected(std::move(*connected));
                  });
}

void Conversation::on_connected(runtime::ConnectionPtr connection) {
  connection_ = std::move(connection);
  connection_->set_handler(*this);
  ask_versions();
}

void Conversation::ask_versions() {
  // Version 0 is answered by every broker, also before the login.
  send(question<ApiVersionsResponse>(ApiVersionsRequest{},
                                     [this](const Result<Answer<ApiVersionsResponse>>& answer) {
                                       if (!answer) return fail(answer.error().in(to_string(broker_)));
                                       for (const auto& api : answer->response.api_keys)
                                         served_.push_back({api.api_key, api.min_version, api.max_version});
                                       config_.sasl_mechanism.empty() ? come_up() : shake_hands();
                                     }),
       0);
}

void Conversation::shake_hands() {
  SaslHandshakeRequest request;
  request.mechanism = config_.sasl_mechanism;
  send(question<SaslHandshakeResponse>(
           std::move(request),
           [this](const Result<Answer<SaslHandshakeResponse>>& answer) {
             if (!answer) return fail(answer.error().in(to_string(broker_)));
             if (answer->response.error_code != 0) {
               return fail(Error(errors::kafka_client::credentials_refused, "{} does not offer {}, but {}",
                                 to_string(broker_), config_.sasl_mechanism, join(answer->response.mechanisms, ", ")));
             }
             if (config_.sasl_mechanism == "PLAIN") {
               return authenticate(std::string(1, '\0') + config_.username + std::string(1, '\0') + config_.password);
             }
             const ScramHash hash = config_.sasl_mechanism == "SCRAM-SHA-512" ? ScramHash::sha512 : ScramHash::sha256;
             scram_.emplace(hash, config_.username, config_.password, to_string(loop_.random().uuid()));
             authenticate(scram_->first());
           }),
       1);
}

void Conversation::authenticate(const std::string& message) {
  SaslAuthenticateRequest request;
  request.auth_bytes.assign(message.begin(), message.end());
  const auto answered = [this](const Result<Answer<SaslAuthenticateResponse>>& answer) {
    if (!answer) return fail(answer.error().in(to_string(broker_)));
    const SaslAuthenticateResponse& response = answer->response;
    if (response.error_code != 0) {
      return fail(Error(errors::kafka_client::credentials_refused, "{}: {}", to_string(broker_),
                        response.error_message.value_or("refused"))
                      .in("user " + config_.username));
    }
    const auto next = next_message(std::string(as_text(response.auth_bytes)));
    if (!next) return fail(next.error());
    *next ? authenticate(**next) : come_up();
  };
  send(question<SaslAuthenticateResponse>(std::move(request), answered), 0);
}

Result<std::optional<std::string>> Conversation::next_message(const std::string& challenge) {
  if (!scram_) return std::optional<std::string>();
  if (rounds_++ > 0) {
    STREAMOPS_RETURN_IF_ERROR(scram_->verify(challenge));
    return std::optional<std::string>();
  }
  STREAMOPS_ASSIGN(std::string answer, scram_->answer(challenge));
  return std::optional<std::string>(std::move(answer));
}

void Conversation::come_up() {
  up_ = true;
  while (!waiting_.empty() && !failure_) {
    Question question = std::move(waiting_.front());
    waiting_.pop_front();
    ask_raw(std::move(question));
  }
}

void Conversation::ask_raw(Question question) {
  const auto refuse = [this](auto answered, Error error) {
    loop_.post([weak = weak_from_this(), answered = std::move(answered), error = std::move(error)] {
      if (!weak.expired()) answered(error, 0);
    });
  };
  if (failure_) return refuse(std::move(question.answered), *failure_);
  if (!up_) {
    waiting_.push_back(std::move(question));
    return;
  }
  const std::optional<std::int16_t> version = common_version(question);
  if (!version) {
    return refuse(std::move(question.answered),
                  Error(errors::kafka_client::request_refused, "{} and this program have no version of {} in common",
                        to_string(broker_), question.name));
  }
  send(std::move(question), *version);
}

std::optional<std::int16_t> Conversation::common_version(const Question& question) const {
  const auto range = std::find_if(served_.begin(), served_.end(),
                                  [&](const VersionRange& each) { return each.api_key == question.api_key; });
  if (range == served_.end()) return std::nullopt;
  const std::int16_t version = std::min(range->newest, question.newest);
  if (version < std::max(range->oldest, question.oldest)) return std::nullopt;
  return version;
}

void Conversation::send(Question question, std::int16_t version) {
  for (Bytes& piece : question.encode({question.api_key, version, ++correlation_, config_.client_id}))
    connection_->write(std::move(piece));
  asked_.push_back({std::move(question.answered), version});
  if (asked_.size() == 1) expect_answer();
}

void Conversation::expect_answer() {
  timer_ = loop_.after(patience_, [weak = weak_from_this()] {
    const std::shared_ptr<Conversation> self = weak.lock();
    if (self == nullptr) return;
    self->fail(Error(errors::kafka_client::broker_unreachable, "{} does not answer", to_string(self->broker_)));
  });
}

void Conversation::on_data(BytesView bytes) {
  const std::shared_ptr<Conversation> self = shared_from_this();  // an answer may make its receiver let go of this
  if (const Result<void> fed = frames_.feed(bytes); !fed) return fail(fed.error().in(to_string(broker_)));
  while (!failure_) {
    std::optional<Frame> frame = frames_.next();
    if (!frame) return;
    if (asked_.empty()) {
      return fail(Error(errors::kafka_client::request_refused, "{} answers what nobody asked", to_string(broker_)));
    }
    Asked asked = std::move(asked_.front());
    asked_.pop_front();
    asked_.empty() ? timer_.reset() : expect_answer();
    asked.answered(std::move(*frame), asked.version);
    if (self.use_count() == 1) return;
  }
}

void Conversation::on_closed(const std::optional<Error>& error) {
  fail(Error(errors::kafka_client::broker_unreachable, "{} hangs up{}", to_string(broker_),
             error ? ": " + error->message() : ""));
}

void Conversation::fail(const Error& error) {
  if (failure_) return;
  failure_ = error;
  timer_.reset();
  // Out of the connection's own callback; the questions' owners may let go of this conversation meanwhile.
  loop_.post([weak = weak_from_this()] {
    const std::shared_ptr<Conversation> self = weak.lock();
    if (self == nullptr) return;
    self->connection_.reset();
    std::deque<Asked> asked = std::exchange(self->asked_, {});
    for (Question& question : std::exchange(self->waiting_, {})) asked.push_back({std::move(question.answered), 0});
    for (const Asked& each : asked) {
      if (self.use_count() == 1) return;
      each.answered(*self->failure_, each.version);
    }
  });
}

}  // namespace streamops::kafka
