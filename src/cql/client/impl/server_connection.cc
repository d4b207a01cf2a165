#include "cql/client/impl/server_connection.h"

#include "cql/client/impl/failure.h"
#include "cql/protocol/requests.h"
#include "errors/cql_client.h"

namespace streamops::cql {
namespace {

constexpr std::size_t max_orphans = 512;        // more unanswered streams than that: the server is gone in all but name
constexpr std::size_t max_unsent = 4 << 20;     // bytes that wait for the kernel; beyond, nothing more is taken
constexpr std::size_t usual_output = 64 << 10;  // room kept for the next turn's frames
constexpr std::int32_t void_result = 1;         // the kind of a RESULT that says "done"
constexpr std::uint8_t flag_values = 0x01;
constexpr std::uint8_t flag_skip_metadata = 0x02;

}  // namespace

ServerConnection::ServerConnection(const ClientOptions& options, runtime::Endpoint host, Version version,
                                   runtime::Loop& loop, runtime::ConnectionPtr connection, Owner& owner)
    : options_(options),
      host_(std::move(host)),
      loop_(loop),
      connection_(std::move(connection)),
      owner_(owner),
      handshake_(options, host_, version),
      reader_(FrameReader::Side::client),
      writer_(version, false),
      last_received_(loop.clock().monotonic()) {}

void ServerConnection::start() {
  connection_->set_handler(*this);
  take_step(handshake_.begin());
}

bool ServerConnection::has_room() const {
  return is_ready() && streams_.used() < options_.max_requests_per_connection &&
         connection_->unsent() + out_.size() < max_unsent;
}

Error ServerConnection::broken(const Error& why) const {
  return Error(errors::cql_client::broken_answer, "{}: {}", runtime::to_string(host_), why.message());
}

void ServerConnection::write_frame(Opcode opcode, std::int16_t stream, BytesView body) {
  writer_.append(out_, opcode, stream, body);
  flush_soon();
}

void ServerConnection::flush_soon() {
  if (receiving_ || std::exchange(flush_posted_, true)) return;
  loop_.post([this, alive = alive_] {
    if (!*alive || closed_) return;
    flush_posted_ = false;
    flush();
  });
}

void ServerConnection::flush() {
  if (out_.empty()) return;
  const std::size_t size = out_.size();
  connection_->write(writer_.seal(std::exchange(out_, {})));
  out_.reserve(std::min(size, usual_output));
}

void ServerConnection::on_data(BytesView bytes) {
  last_received_ = loop_.clock().monotonic();
  heartbeat_sent_ = false;
  receiving_ = true;
  reader_.feed(bytes);
  const std::shared_ptr<bool> alive = alive_;
  while (*alive && !closed_) {
    Result<std::optional<Frame>> frame = reader_.next();
    if (!frame) return fail(broken(frame.error()), false);
    if (!*frame) break;
    handle(**frame);
  }
  if (*alive && ready_ && !closed_) owner_.on_room();
  if (!*alive || closed_) return;
  receiving_ = false;
  flush();
}

void ServerConnection::on_drained() {
  if (ready_ && std::exchange(was_full_, false)) owner_.on_room();
}

void ServerConnection::on_closed(const std::optional<Error>& error) {
  Error lost(errors::cql_client::connection_lost, "the connection to {} was lost{}", runtime::to_string(host_),
             error ? ": " + error->message() : std::string());
  if (!ready_ && !options_.tls) {
    lost = lost.with_hint(
        "the node hung up at the first words: it is starting or stopping, or asks for TLS, which `tls: {}` in the "
        "profile's `cassandra` section turns on");
  }
  fail(std::move(lost), false);
}

void ServerConnection::fail(Error error, bool version_refused) {
  if (std::exchange(closed_, true)) return;
  Unanswered unanswered;
  for (Stream& stream : streams_.all()) {
    if (stream.use == Stream::Use::write) unanswered.writes.push_back(stream.tag);
    if (stream.use == Stream::Use::request) unanswered.requests.push_back(std::move(stream.request));
  }
  for (auto& [statement, tags] : preparing_) {
    unanswered.writes.insert(unanswered.writes.end(), tags.begin(), tags.end());
  }
  preparing_.clear();
  // In a turn of its own: the owner destroys this object, which may be on the stack right now.
  loop_.post([this, alive = alive_, error = std::move(error), version_refused,
              left = std::make_shared<Unanswered>(std::move(unanswered))] {
    if (*alive) owner_.on_closed(*this, error, version_refused, std::move(*left));
  });
}

void ServerConnection::handle(const Frame& frame) {
  if (!ready_) {
    const bool to_segments =
        writer_.version() == Version::v5 && (frame.opcode == Opcode::ready || frame.opcode == Opcode::authenticate);
    if (to_segments) {
      reader_.start_segments();
      writer_.start_segments();
    }
    return take_step(handshake_.on_frame(frame));
  }
  if (frame.stream < 0) {
    const Result<EventMessage> event = decode_event(frame);
    if (event) owner_.on_event(*event);
    return;
  }
  const Stream* stream = streams_.find(frame.stream);
  if (stream == nullptr) return;
  if (stream->use == Stream::Use::write) return answer_write(frame.stream, frame);
  if (stream->use == Stream::Use::request) return answer_request(frame.stream, frame);
  streams_.release(frame.stream);  // an orphan's answer, late
}

void ServerConnection::take_step(Handshake::Step step) {
  if (const auto* send = std::get_if<Handshake::Send>(&step)) {
    write_frame(send->opcode, 0, send->body);
    if (send->opcode != Opcode::startup) return;
    reader_.set_compression(handshake_.compression());
    writer_.set_compression(handshake_.compression());
    return;
  }
  if (auto* failed = std::get_if<Handshake::Failed>(&step))
    return fail(std::move(failed->error), failed->version_refused);
  ready_ = true;
  owner_.on_ready(*this);
}

/// Hot path: once per row written. An acknowledgement is looked at, nothing is decoded.
void ServerConnection::answer_write(std::int16_t id, const Frame& frame) {
  WriteListener* listener = owner_.listener();
  const Stream& stream = streams_.at(id);
  const std::uint64_t tag = stream.tag;
  const PreparedStatement& statement = *stream.statement;
  streams_.release(id);
  const bool is_plain = frame.opcode == Opcode::result && frame.flags == 0 && frame.body.size() == 4;
  if (is_plain && load_big_endian<std::int32_t>(frame.body.data()) == void_result)
    return listener->on_write(tag, WriteListener::Outcome::written, nullptr);
  if (frame.opcode != Opcode::error) {
    const Result<ResultMessage> message = decode_result(frame);
    if (message) return listener->on_write(tag, WriteListener::Outcome::written, nullptr);
    const Error error = broken(message.error());
    return listener->on_write(tag, WriteListener::Outcome::failed, &error);
  }
  const Result<ErrorMessage> message = decode_error(frame);
  if (message && message->code == ErrorCode::unprepared) return prepare_for_write(statement, tag);
  const Error error = message ? to_error(*message) : broken(message.error());
  listener->on_write(tag, WriteListener::Outcome::failed, &error);
}

void ServerConnection::answer_request(std::int16_t id, const Frame& frame) {
  RequestPtr request = std::move(streams_.at(id).request);
  streams_.release(id);
  if (frame.opcode == Opcode::error) {
    const Result<ErrorMessage> message = decode_error(frame);
    if (!message) return request->done(broken(message.error()));
    if (message->code == ErrorCode::unprepared && request->statement && !request->prepared_again)
      return prepare_again(std::move(request));
    return request->done(to_error(*message));
  }
  if (frame.opcode != Opcode::result) return request->done(Answer{});  // READY of REGISTER, SUPPORTED of a heartbeat
  // The answer owns its bytes; the views of the message must point into them, hence decoding happens on the copy.
  auto body = std::make_shared<const Bytes>(frame.body.begin(), frame.body.end());
  Frame owned = frame;
  owned.body = *body;
  Result<ResultMessage> message = decode_result(owned);
  if (!message) return request->done(broken(message.error()));
  request->done(Answer{std::move(body), std::move(message).value()});
}

void ServerConnection::append_execute_start(Bytes& out, const PreparedStatement& statement) const {
  const auto other = other_ids_.find(&statement);
  append_short_bytes(out, other == other_ids_.end() ? BytesView(statement.id) : BytesView(other->second.id));
  if (writer_.version() != Version::v5) return;
  append_short_bytes(out, other == other_ids_.end() ? BytesView(statement.result_metadata_id)
                                                    : BytesView(other->second.result_metadata_id));
}

/// Hot path: once per row written. The values are copied once, behind a start that is the same for all rows.
void ServerConnection::write(const PreparedStatement& statement, BytesView values, std::uint64_t tag) {
  if (start_of_ != &statement) {
    start_.clear();
    append_execute_start(start_, statement);
    append_big_endian(start_, static_cast<std::uint16_t>(options_.consistency));
    const std::uint8_t flags = statement.variables.empty() ? 0 : flag_values | flag_skip_metadata;
    if (writer_.version() == Version::v5) {
      append_big_endian(start_, std::int32_t{flags});
    } else {
      start_.push_back(flags);
    }
    if (flags != 0) append_big_endian(start_, static_cast<std::uint16_t>(statement.variables.size()));
    start_of_ = &statement;
  }
  const std::int16_t id = streams_.take();
  Stream& stream = streams_.at(id);
  stream.use = Stream::Use::write;
  stream.tag = tag;
  stream.statement = &statement;
  if (out_.empty()) turn_ = loop_.clock().monotonic();
  stream.deadline = turn_ + options_.request_timeout;
  writer_.begin(out_, Opcode::execute, id);
  append_bytes(out_, start_);
  append_bytes(out_, values);
  writer_.finish(out_);
  flush_soon();
  was_full_ = was_full_ || !has_room();
}

Bytes ServerConnection::query_body(const Request& request) const {
  Query query;
  query.text = as_text(request.body);
  query.parameters.consistency = options_.consistency;
  if (request.read) {
    query.parameters.consistency = request.read->consistency.value_or(options_.consistency);
    if (request.read->page_size > 0) query.parameters.page_size = request.read->page_size;
    if (!request.read->paging_state.empty()) query.parameters.paging_state = BytesView(request.read->paging_state);
  }
  Bytes body;
  append_query(body, query, writer_.version());
  return body;
}

/// Values stand in the request as the wire has them; the parameters around them are written by hand for that.
Bytes ServerConnection::execute_body(const Request& request) const {
  constexpr std::uint8_t flag_page_size = 0x04;
  constexpr std::uint8_t flag_paging_state = 0x08;
  const ReadOptions read = request.read.value_or(ReadOptions{});
  const std::size_t values = request.statement->variables.size();
  const auto flags =
      static_cast<std::uint8_t>((values > 0 ? flag_values : 0) | (read.page_size > 0 ? flag_page_size : 0) |
                                (read.paging_state.empty() ? 0 : flag_paging_state));
  Bytes body;
  append_execute_start(body, *request.statement);
  append_big_endian(body, static_cast<std::uint16_t>(read.consistency.value_or(options_.consistency)));
  if (writer_.version() == Version::v5) {
    append_big_endian(body, std::int32_t{flags});
  } else {
    body.push_back(flags);
  }
  if (values > 0) append_big_endian(body, static_cast<std::uint16_t>(values));
  append_bytes(body, request.body);
  if (read.page_size > 0) append_big_endian(body, read.page_size);
  if (!read.paging_state.empty()) append_bytes_value(body, BytesView(read.paging_state));
  return body;
}

void ServerConnection::send(RequestPtr request) {
  const std::int16_t id = streams_.take();
  switch (request->opcode) {
    case Opcode::execute:
      write_frame(Opcode::execute, id, execute_body(*request));
      break;
    case Opcode::prepare: {
      Bytes body;
      append_prepare(body, Prepare{as_text(request->body), std::nullopt}, writer_.version());
      write_frame(Opcode::prepare, id, body);
      break;
    }
    case Opcode::query:
      write_frame(Opcode::query, id, query_body(*request));
      break;
    default:
      write_frame(request->opcode, id, request->body);
  }
  Stream& stream = streams_.at(id);
  stream.use = Stream::Use::request;
  stream.request = std::move(request);
}

void ServerConnection::prepare_text(const std::string& text, runtime::MonotonicTime deadline, Client::Done done) {
  auto prepare = std::make_unique<Request>();
  prepare->opcode = Opcode::prepare;
  prepare->body.assign(text.begin(), text.end());
  prepare->deadline = deadline;
  prepare->done = std::move(done);
  send(std::move(prepare));
}

/// What this server calls a statement; another one's ids need not be the same after an upgrade or a schema change.
Result<void> ServerConnection::learn_ids(const PreparedStatement& statement, const Answer& answer) {
  const auto* prepared = std::get_if<Prepared>(&answer.message);
  if (prepared == nullptr) return Error(errors::cql_client::broken_answer, "PREPARE was answered with another result");
  if (prepared->variables.size() != statement.variables.size())
    return Error(errors::cql_client::refused, "the columns of a statement have changed: {}", statement.text);
  StatementIds ids{{prepared->id.begin(), prepared->id.end()},
                   {prepared->result_metadata_id.begin(), prepared->result_metadata_id.end()}};
  other_ids_[&statement] = std::move(ids);
  start_of_ = nullptr;
  return Ok();
}

/// The server has forgotten the statement (a restart, a full cache, a schema change): prepares it, then repeats.
void ServerConnection::prepare_again(RequestPtr request) {
  const std::string& text = request->statement->text;
  const runtime::MonotonicTime deadline = request->deadline;
  prepare_text(text, deadline,
               [this, again = std::make_shared<RequestPtr>(std::move(request))](const Result<Answer>& answer) {
                 RequestPtr repeated = std::move(*again);
                 // What cannot be prepared any more fails for every row alike.
                 if (!answer && answer.error().is(errors::cql_client::invalid_request))
                   return repeated->done(Error(errors::cql_client::refused, "{}", answer.error().message()));
                 if (!answer) return repeated->done(answer.error());
                 if (const Result<void> learnt = learn_ids(*repeated->statement, *answer); !learnt)
                   return repeated->done(learnt.error());
                 repeated->prepared_again = true;
                 send(std::move(repeated));
               });
}

/// One PREPARE for all the writes that meet the same refusal; they are then sent again by their owner.
void ServerConnection::prepare_for_write(const PreparedStatement& statement, std::uint64_t tag) {
  std::vector<std::uint64_t>& tags = preparing_[&statement];
  tags.push_back(tag);
  if (tags.size() > 1) return;
  prepare_text(statement.text, loop_.clock().monotonic() + options_.request_timeout,
               [this, alive = alive_, which = &statement](const Result<Answer>& answer) {
                 if (!*alive || closed_) return;  // fail() has told them
                 const std::vector<std::uint64_t> waiting = std::move(preparing_[which]);
                 preparing_.erase(which);
                 std::optional<Error> error;
                 if (!answer) {
                   const bool is_gone = answer.error().is(errors::cql_client::invalid_request);
                   error =
                       is_gone ? Error(errors::cql_client::refused, "{}", answer.error().message()) : answer.error();
                 } else if (const Result<void> learnt = learn_ids(*which, *answer); !learnt) {
                   error = learnt.error();
                 }
                 const auto outcome = error ? WriteListener::Outcome::failed : WriteListener::Outcome::again;
                 for (std::size_t i = 0; i < waiting.size() && *alive; ++i)
                   owner_.listener()->on_write(waiting[i], outcome, error ? &*error : nullptr);
               });
}

void ServerConnection::heartbeat() {
  heartbeat_sent_ = true;
  auto request = std::make_unique<Request>();
  request->opcode = Opcode::options;
  request->deadline = loop_.clock().monotonic() + options_.request_timeout;
  request->done = [](const Result<Answer>&) {};
  send(std::move(request));
}

void ServerConnection::expire(runtime::MonotonicTime now) {
  if (!is_ready()) return;
  const Error error(errors::cql_client::request_timeout, "{} did not answer within {}", runtime::to_string(host_),
                    format_duration(options_.request_timeout));
  Unanswered late;
  bool any = false;
  for (std::size_t i = 0; i < streams_.all().size(); ++i) {
    Stream& stream = streams_.all()[i];
    const bool is_write = stream.use == Stream::Use::write;
    if (!is_write && stream.use != Stream::Use::request) continue;
    if ((is_write ? stream.deadline : stream.request->deadline) > now) continue;
    any = true;
    if (is_write) {
      late.writes.push_back(stream.tag);
    } else {
      late.requests.push_back(std::move(stream.request));
    }
    streams_.orphan(static_cast<std::int16_t>(i));
  }
  const bool is_silent = any && now - last_received_ >= options_.request_timeout;
  const std::shared_ptr<bool> alive = alive_;
  for (RequestPtr& request : late.requests) request->done(error);
  for (std::size_t i = 0; i < late.writes.size() && *alive; ++i)
    owner_.listener()->on_write(late.writes[i], WriteListener::Outcome::failed, &error);
  if (!*alive || closed_) return;
  if (is_silent || streams_.orphans() > max_orphans) return fail(error, false);
  if (!heartbeat_sent_ && now - last_received_ >= options_.heartbeat_interval) heartbeat();
}

}  // namespace streamops::cql
