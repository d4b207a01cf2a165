#include "cql/client/impl/server_connection.h"

#include "cql/protocol/requests.h"
#include "errors/cql_client.h"

namespace streamops::cql {
namespace {

constexpr std::size_t max_orphans = 512;  // more unanswered streams than that: the server is gone in all but name

/// The server's words for a table or keyspace that is not there: no other row will fare better.
bool is_missing_table(std::string_view message) {
  return message.find("does not exist") != std::string_view::npos ||
         message.find("unconfigured table") != std::string_view::npos;
}

}  // namespace

Error to_error(const ErrorMessage& message) {
  const std::string text = describe(message.code) + ": " + message.message;
  switch (message.code) {
    case ErrorCode::bad_credentials:
      return Error(errors::cql_client::credentials, text);
    case ErrorCode::unauthorized:
      return Error(errors::cql_client::unauthorized, text);
    case ErrorCode::invalid:
      return is_missing_table(message.message) ? Error(errors::cql_client::refused, text)
                                               : Error(errors::cql_client::invalid_request, text);
    case ErrorCode::syntax_error:
    case ErrorCode::config_error:
    case ErrorCode::already_exists:
    case ErrorCode::function_failure:
      return Error(errors::cql_client::refused, text);
    case ErrorCode::protocol_error:
      return Error(errors::cql_client::broken_answer, text);
    default:
      return Error(errors::cql_client::busy, text);
  }
}

ServerConnection::ServerConnection(const ClientOptions& options, runtime::Endpoint host, Version version,
                                   runtime::Loop& loop, runtime::ConnectionPtr connection, Events events)
    : options_(options),
      host_(std::move(host)),
      loop_(loop),
      connection_(std::move(connection)),
      events_(std::move(events)),
      reader_(FrameReader::Side::client),
      writer_(version, false) {}

void ServerConnection::start() {
  connection_->set_handler(*this);
  Bytes body;
  append_startup(body, Startup{{{"CQL_VERSION", "3.0.0"}, {"DRIVER_NAME", options_.client_name}}});
  write_frame(Opcode::startup, 0, body);
}

void ServerConnection::write_frame(Opcode opcode, std::int16_t stream, BytesView body) {
  writer_.append(out_, opcode, stream, body);
  flush_soon();
}

void ServerConnection::flush_soon() {
  if (std::exchange(flush_posted_, true)) return;
  loop_.post([this, alive = alive_] {
    if (!*alive || closed_) return;
    flush_posted_ = false;
    connection_->write(writer_.seal(std::exchange(out_, {})));
  });
}

void ServerConnection::on_data(BytesView bytes) {
  reader_.feed(bytes);
  const std::shared_ptr<bool> alive = alive_;
  while (*alive && !closed_) {
    Result<std::optional<Frame>> frame = reader_.next();
    if (!frame)
      return fail(
          Error(errors::cql_client::broken_answer, "{}: {}", runtime::to_string(host_), frame.error().message()),
          false);
    if (!*frame) return;
    handle(**frame);
  }
}

void ServerConnection::on_closed(const std::optional<Error>& error) {
  fail(Error(errors::cql_client::connection_lost, "the connection to {} was lost{}", runtime::to_string(host_),
             error ? ": " + error->message() : std::string()),
       false);
}

void ServerConnection::fail(Error error, bool version_refused) {
  if (std::exchange(closed_, true)) return;
  *alive_ = false;
  std::vector<PendingRequest> unanswered;
  for (auto& [stream, request] : under_way_) unanswered.push_back(std::move(request));
  under_way_.clear();
  // In a turn of its own: the owner destroys this object, which may be on the stack right now.
  loop_.post([on_closed = std::move(events_.on_closed), error = std::move(error), version_refused,
              unanswered = std::move(unanswered)]() mutable {
    on_closed(std::move(error), version_refused, std::move(unanswered));
  });
}

void ServerConnection::handle(const Frame& frame) {
  if (!ready_) return handle_handshake(frame);
  if (frame.stream < 0) return;  // an EVENT; none was asked for
  const auto found = under_way_.find(frame.stream);
  free_streams_.push_back(frame.stream);
  if (found == under_way_.end()) {
    if (orphans_ > 0) --orphans_;
    return;
  }
  PendingRequest request = std::move(found->second);
  under_way_.erase(found);
  answer(frame, std::move(request));
}

void ServerConnection::handle_handshake(const Frame& frame) {
  if (frame.opcode == Opcode::error) {
    const Result<ErrorMessage> message = decode_error(frame);
    if (!message) return fail(message.error(), false);
    // Servers answer a version that they do not know with a protocol error, in a frame of a version that they do know.
    return fail(to_error(*message), message->code == ErrorCode::protocol_error);
  }
  const bool to_segments =
      writer_.version() == Version::v5 && (frame.opcode == Opcode::ready || frame.opcode == Opcode::authenticate);
  if (to_segments) {
    reader_.start_segments();
    writer_.start_segments();
  }
  if (frame.opcode == Opcode::authenticate) {
    std::string token = '\0' + options_.username + '\0' + options_.password;
    Bytes body;
    append_auth_response(body, AuthResponse{as_bytes(token)});
    return write_frame(Opcode::auth_response, 0, body);
  }
  if (frame.opcode == Opcode::ready || frame.opcode == Opcode::auth_success) return become_ready();
  fail(Error(errors::cql_client::broken_answer, "{} answered STARTUP with {}", runtime::to_string(host_),
             to_string(frame.opcode)),
       false);
}

void ServerConnection::become_ready() {
  ready_ = true;
  events_.on_ready();
}

std::int16_t ServerConnection::take_stream() {
  if (free_streams_.empty()) return next_stream_++;
  const std::int16_t stream = free_streams_.back();
  free_streams_.pop_back();
  return stream;
}

Bytes ServerConnection::query_body(const PendingRequest& request) const {
  Query query;
  query.text = as_text(request.body);
  query.parameters.consistency = options_.consistency;
  Bytes body;
  append_query(body, query, writer_.version());
  return body;
}

/// Hot path: once per row written. One copy of the values, no other allocation.
Bytes ServerConnection::execute_body(const PendingRequest& request) const {
  constexpr std::uint8_t with_values = 0x01;
  constexpr std::uint8_t skip_metadata = 0x02;
  const PreparedStatement& statement = *request.statement;
  Bytes body;
  body.reserve(statement.id.size() + statement.result_metadata_id.size() + request.body.size() + 16);
  append_short_bytes(body, statement.id);
  const bool is_v5 = writer_.version() == Version::v5;
  if (is_v5) append_short_bytes(body, statement.result_metadata_id);
  append_big_endian(body, static_cast<std::uint16_t>(options_.consistency));
  const std::uint8_t flags = statement.variables.empty() ? 0 : with_values | (is_v5 ? skip_metadata : 0);
  if (is_v5) {
    append_big_endian(body, std::int32_t{flags});
  } else {
    body.push_back(flags);
  }
  if (!statement.variables.empty()) append_big_endian(body, static_cast<std::uint16_t>(statement.variables.size()));
  append_bytes(body, request.body);
  return body;
}

void ServerConnection::send(PendingRequest request) {
  const std::int16_t stream = take_stream();
  if (request.opcode == Opcode::execute) {
    write_frame(Opcode::execute, stream, execute_body(request));
  } else if (request.opcode == Opcode::prepare) {
    Bytes body;
    append_prepare(body, Prepare{as_text(request.body), std::nullopt}, writer_.version());
    write_frame(Opcode::prepare, stream, body);
  } else {
    write_frame(Opcode::query, stream, query_body(request));
  }
  under_way_.emplace(stream, std::move(request));
}

void ServerConnection::answer(const Frame& frame, PendingRequest request) {
  if (frame.opcode == Opcode::error) {
    const Result<ErrorMessage> message = decode_error(frame);
    if (!message) {
      return request.done(
          Error(errors::cql_client::broken_answer, "{}: {}", runtime::to_string(host_), message.error().message()));
    }
    if (message->code == ErrorCode::unprepared && request.statement && !request.prepared_again)
      return prepare_again(std::move(request));
    request.done(to_error(*message));
  } else {
    // The answer owns its bytes; the views of the message must point into them, hence the second decoding step on the
    // copy.
    auto body = std::make_shared<const Bytes>(frame.body.begin(), frame.body.end());
    Frame owned = frame;
    owned.body = *body;
    Result<ResultMessage> message = decode_result(owned);
    if (!message) {
      request.done(
          Error(errors::cql_client::broken_answer, "{}: {}", runtime::to_string(host_), message.error().message()));
    } else {
      request.done(Answer{std::move(body), std::move(message).value()});
    }
  }
  if (!closed_) events_.on_idle_stream();
}

/// The server has forgotten the statement (a restart, or a full cache): prepares it, then repeats the request.
void ServerConnection::prepare_again(PendingRequest request) {
  PendingRequest prepare;
  prepare.opcode = Opcode::prepare;
  const std::string& text = request.statement->text;
  prepare.body.assign(text.begin(), text.end());
  prepare.deadline = request.deadline;
  prepare.done = [this, again = std::make_shared<PendingRequest>(std::move(request))](const Result<Answer>& answer) {
    // What cannot be prepared any more fails for every row alike.
    if (!answer && answer.error().is(errors::cql_client::invalid_request))
      return again->done(Error(errors::cql_client::refused, "{}", answer.error().message()));
    if (!answer) return again->done(answer.error());
    again->prepared_again = true;
    send(std::move(*again));
  };
  send(std::move(prepare));
}

void ServerConnection::expire(runtime::MonotonicTime now) {
  std::vector<PendingRequest> late;
  for (auto entry = under_way_.begin(); entry != under_way_.end();) {
    if (entry->second.deadline > now) {
      ++entry;
      continue;
    }
    late.push_back(std::move(entry->second));
    entry = under_way_.erase(entry);
    ++orphans_;
  }
  const std::shared_ptr<bool> alive = alive_;
  const Error error(errors::cql_client::request_timeout, "{} did not answer within {}", runtime::to_string(host_),
                    format_duration(options_.request_timeout));
  for (PendingRequest& request : late) request.done(error);
  if (*alive && orphans_ > max_orphans) fail(error, false);
}

}  // namespace streamops::cql
