// kafka/client/impl/conversation.h — questions to one broker over our own codecs, for what the library does not ask, or
// does at a price: its requests to group coordinators end the process when the connection breaks under them (2.0.2).
//
//   connect, TLS -> ApiVersions -> SaslHandshake, SaslAuthenticate... -> up -> question, answer, question, ...
//
// Answers come in the order of the questions. A conversation that has failed stays so: every question gets its error;
// make another one. Memory: an answer has at most as much as the options say. Threads: one loop.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "kafka/client/config.h"
#include "kafka/client/impl/frame_receiver.h"
#include "kafka/client/scram.h"
#include "kafka/protocol/frame.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::kafka {

/// The bootstrap servers that can be read as addresses, in their order.
std::vector<runtime::Endpoint> bootstrap_servers(const ClientConfig& config);

struct ConversationOptions {
  Microseconds patience = Seconds{5};             // for each step and each answer
  std::size_t usual_answer = 16 * 1024;           // bytes; memory of this size is kept
  std::size_t largest_answer = 16 * 1024 * 1024;  // bytes
};

/// A response with the memory that its records point into.
template <typename Response>
struct Answer {
  Response response;
  Frame frame;
};

class Conversation final : public std::enable_shared_from_this<Conversation>, private runtime::ConnectionHandler {
 public:
  template <typename T>
  using Done = std::function<void(Result<T>)>;

  /// Begins one; questions may be asked at once, they wait until it is up. `patience` is for each step and each answer.
  /// Letting go of it closes the connection, and no question is answered any more.
  static std::shared_ptr<Conversation> begin(const ClientConfig& config, runtime::Endpoint broker, runtime::Loop& loop,
                                             runtime::Network& network, Microseconds patience);
  static std::shared_ptr<Conversation> begin(const ClientConfig& config, runtime::Endpoint broker, runtime::Loop& loop,
                                             runtime::Network& network, const ConversationOptions& options);
  ~Conversation() override = default;

  /// Asks in the newest version that both sides know, `newest` at most; `done` comes once, never before ask() returns.
  /// Errors: SO-K202 (unreachable, hung up, silent), SO-K203 (login), SO-K206 (no common version), SO-K10x (no answer
  /// of this protocol).
  template <typename Response, typename Request>
  void ask(Request request, Done<Response> done, std::int16_t newest = Request::max_version) {
    ask_raw(question<Response>(
        std::move(request),
        [done = std::move(done)](Result<Answer<Response>> answer) {
          answer ? done(std::move(answer->response)) : done(answer.error());
        },
        newest));
  }
  /// As ask(), for who keeps the answer's memory; the request is encoded as it is sent, so that it may own records.
  template <typename Response, typename Request>
  void ask_whole(Request request, Done<Answer<Response>> done, std::int16_t newest = Request::max_version) {
    ask_raw(question<Response>(std::move(request), std::move(done), newest));
  }

  const std::optional<Error>& failure() const { return failure_; }
  const runtime::Endpoint& broker() const { return broker_; }

 private:
  struct Question {
    std::int16_t api_key;
    std::int16_t oldest;
    std::int16_t newest;
    std::string_view name;
    std::function<std::vector<Bytes>(const RequestHeader&)> encode;  // once
    std::function<void(Result<Frame> frame, std::int16_t version)> answered;
  };
  /// Encodes `request` when it is known in which version, and decodes what comes back.
  template <typename Response, typename Request>
  static Question question(Request request, Done<Answer<Response>> done, std::int16_t newest = Request::max_version) {
    // Shared: a function must be copyable, and a request with records should not be copied.
    const auto kept = std::make_shared<Request>(std::move(request));
    return {Request::api_key,
            Request::min_version,
            newest,
            Request::message_name,
            [kept](const RequestHeader& header) { return encode_request(header, std::move(*kept)); },
            [done = std::move(done)](Result<Frame> frame, std::int16_t version) {
              if (!frame) return done(frame.error());
              Reader in(frame->bytes);
              if (const auto header = decode_response_header(in, Request::api_key, version); !header)
                return done(header.error());
              Result<Response> response = Response::decode(in, version);
              response ? done(Answer<Response>{std::move(*response), std::move(*frame)}) : done(response.error());
            }};
  }
  struct Asked {
    std::function<void(Result<Frame> frame, std::int16_t version)> answered;
    std::int16_t version;
  };
  struct VersionRange {
    std::int16_t api_key;
    std::int16_t oldest;
    std::int16_t newest;
  };

  Conversation(const ClientConfig& config, runtime::Endpoint broker, runtime::Loop& loop,
               const ConversationOptions& options);

  void connect(runtime::Network& network);
  void on_connected(runtime::ConnectionPtr connection);
  void ask_versions();
  void shake_hands();
  void authenticate(const std::string& message);
  /// Nothing left to say: logged in.
  Result<std::optional<std::string>> next_message(const std::string& challenge);
  void come_up();

  void ask_raw(Question question);
  void send(Question question, std::int16_t version);
  std::optional<std::int16_t> common_version(const Question& question) const;
  void expect_answer();

  std::span<std::uint8_t> room() override { return frames_.room(); }
  void on_data(BytesView bytes) override;
  void on_closed(const std::optional<Error>& error) override;
  void fail(const Error& error);

  ClientConfig config_;
  runtime::Endpoint broker_;
  runtime::Loop& loop_;
  Microseconds patience_;
  runtime::ConnectionPtr connection_;
  FrameReceiver frames_;
  runtime::TimerPtr timer_;
  bool up_ = false;
  std::optional<Error> failure_;
  std::int32_t correlation_ = 0;
  std::vector<VersionRange> served_;
  std::optional<ScramExchange> scram_;
  int rounds_ = 0;
  std::deque<Question> waiting_;  // until the conversation is up
  std::deque<Asked> asked_;
};

}  // namespace streamops::kafka
