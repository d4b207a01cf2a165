#include "cql/store/server/connection.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "cql/store/invalid.h"
#include "cql/store/statements/modify.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

constexpr std::size_t kMaxUnsent = 8 * 1024 * 1024;  // answers waiting for a slow reader: no more requests are read
constexpr std::int16_t kEventStream = -1;

FrameLimits limits_of(const settings::Cql& settings) {
  FrameLimits out;
  out.max_body = static_cast<std::size_t>(settings.max_frame);
  return out;
}

ErrorMessage protocol_error(std::string message) {
  ErrorMessage out;
  out.code = ErrorCode::protocol_error;
  out.message = std::move(message);
  return out;
}

}  // namespace

Connection::Connection(ServerContext& context, runtime::ConnectionPtr connection)
    : context_(context),
      connection_(std::move(connection)),
      reader_(FrameReader::Side::server, limits_of(context.settings)),
      writer_(Version::v4, true),
      last_frame_(context.engine.loop().clock().monotonic()),
      self_(std::make_shared<Connection*>(this)) {
  connection_->set_handler(*this);
}

Connection::~Connection() {
  *self_ = nullptr;
}

void Connection::on_data(BytesView bytes) {
  if (closing_) return;
  if (!partial_) last_frame_ = context_.engine.loop().clock().monotonic();
  partial_ = true;
  reader_.feed(bytes);
  read_frames();
}

void Connection::read_frames() {
  if (reading_) return;
  reading_ = true;
  while (!paused_ && !closing_) {
    Result<std::optional<Frame>> frame = reader_.next();
    if (!frame) {
      const Bytes last_words = reader_.fault_reply();
      ++context_.counters.errors;
      flush();
      if (!last_words.empty()) connection_->write(last_words);
      close();
      break;
    }
    if (!*frame) break;
    last_frame_ = context_.engine.loop().clock().monotonic();
    partial_ = false;
    handle(**frame);
    pause_where_needed();
  }
  reading_ = false;
}

void Connection::set_version(Version version) {
  version_ = version;
  version_known_ = true;
  writer_.set_version(version);
}

void Connection::handle(const Frame& frame) {
  ++context_.counters.requests;
  if (!version_known_) set_version(frame.version);
  if (frame.version != version_ && started_) {
    reply_error(frame.stream,
                protocol_error(fmt::format(
                    "Invalid message version. Got {}/v{} but previous messages on this connection had version {}/v{}",
                    static_cast<int>(frame.version), static_cast<int>(frame.version), static_cast<int>(version_),
                    static_cast<int>(version_))));
    return;
  }
  if (!started_) set_version(frame.version);
  if (frame.opcode == Opcode::options) {
    return send(Opcode::supported, frame.stream, [](Bytes& out) {
      append_supported(out, {{"PROTOCOL_VERSIONS", {"3/v3", "4/v4", "5/v5"}},
                             {"COMPRESSION", {"snappy", "lz4"}},
                             {"CQL_VERSION", {"3.4.7"}}});
    });
  }
  if (frame.opcode == Opcode::startup && !started_) return handle_startup(frame);
  if (frame.opcode == Opcode::auth_response && started_ && !authenticated_) return handle_auth(frame);
  if (!authenticated_) {
    return reply_error(frame.stream,
                       protocol_error(fmt::format("Unexpected message {}, expecting {}", to_string(frame.opcode),
                                                  started_ ? "AUTH_RESPONSE" : "STARTUP or OPTIONS")));
  }
  switch (frame.opcode) {
    case Opcode::query:
      return handle_query(frame);
    case Opcode::prepare:
      return handle_prepare(frame);
    case Opcode::execute:
      return handle_execute(frame);
    case Opcode::batch:
      return handle_batch(frame);
    case Opcode::register_:
      return handle_register(frame);
    default:
      break;
  }
  reply_error(frame.stream, protocol_error(fmt::format("Unexpected message {}", to_string(frame.opcode))));
}

void Connection::handle_startup(const Frame& frame) {
  const Result<Startup> startup = decode_startup(frame);
  if (!startup) return reply_error(frame.stream, startup.error());
  Compression compression = Compression::none;
  if (const std::optional<std::string_view> wanted = startup->option("COMPRESSION")) {
    const std::optional<Compression> known = parse_compression(*wanted);
    if (!known || (version_ == Version::v5 && *known == Compression::snappy)) {
      return reply_error(frame.stream, protocol_error(fmt::format("Unknown compression algorithm: {}", *wanted)));
    }
    compression = *known;
  }
  started_ = true;
  authenticated_ = !context_.authenticate;
  if (authenticated_) {
    send(Opcode::ready, frame.stream, [](Bytes&) {});
  } else {
    send(Opcode::authenticate, frame.stream,
         [](Bytes& out) { append_authenticate(out, "org.apache.cassandra.auth.PasswordAuthenticator"); });
  }
  // The answer itself still goes out plain.
  flush();
  reader_.set_compression(compression);
  writer_.set_compression(compression);
  if (version_ == Version::v5) {
    reader_.start_segments();
    writer_.start_segments();
  }
}

void Connection::handle_auth(const Frame& frame) {
  const Result<AuthResponse> response = decode_auth_response(frame);
  if (!response) return reply_error(frame.stream, response.error());
  // SASL PLAIN: | authorization id | 0 | user | 0 | password |
  const std::string token(response->token ? as_text(*response->token) : std::string_view());
  const std::size_t first = token.find('\0');
  const std::size_t second = first == std::string::npos ? first : token.find('\0', first + 1);
  if (second == std::string::npos)
    return reply_error(frame.stream, protocol_error("Authentication ID must not be null"));
  ++in_flight_;
  context_.authenticate(
      token.substr(first + 1, second - first - 1), token.substr(second + 1), connection_->peer().host,
      [weak = self_, stream = frame.stream](const Result<void>& checked) {
        Connection* self = *weak;
        if (self == nullptr) return;
        --self->in_flight_;
        if (!checked) {
          return self->reply_error(
              stream, Error(errors::cql::not_authenticated, "{}", "Provided username and/or password are incorrect"));
        }
        self->authenticated_ = true;
        self->send(Opcode::auth_success, stream, [](Bytes& out) { append_auth_token(out, std::nullopt); });
      });
}

void Connection::handle_register(const Frame& frame) {
  const Result<Register> message = decode_register(frame);
  if (!message) return reply_error(frame.stream, message.error());
  for (const std::string& event : message->events)
    wants_schema_events_ = wants_schema_events_ || event == "SCHEMA_CHANGE";
  send(Opcode::ready, frame.stream, [](Bytes&) {});
}

void Connection::handle_query(const Frame& frame) {
  const Result<Query> query = decode_query(frame);
  if (!query) return reply_error(frame.stream, query.error());
  Result<ParsedStatement> parsed = parse_statement(query->text);
  if (!parsed) return reply_error(frame.stream, parsed.error());
  const std::string keyspace(query->parameters.keyspace.value_or(keyspace_));
  const Result<PlanPtr> plan = compile(*parsed, *context_.engine.schema(), keyspace);
  if (!plan) return reply_error(frame.stream, plan.error());
  execute(frame.stream, *plan, query->parameters, {}, {});
}

void Connection::handle_prepare(const Frame& frame) {
  const Result<Prepare> message = decode_prepare(frame);
  if (!message) return reply_error(frame.stream, message.error());
  const std::string keyspace(message->keyspace.value_or(keyspace_));
  const PreparedStatement* prepared =
      context_.prepared.find(as_bytes(PreparedStatements::id_of(keyspace, message->text)));
  if (prepared == nullptr) {
    Result<ParsedStatement> parsed = parse_statement(message->text);
    if (!parsed) return reply_error(frame.stream, parsed.error());
    const Result<PlanPtr> plan = compile(*parsed, *context_.engine.schema(), keyspace);
    if (!plan) return reply_error(frame.stream, plan.error());
    prepared = &context_.prepared.add(keyspace, message->text, *plan);
  }
  send(Opcode::result, frame.stream, [this, prepared](Bytes& out) {
    Prepared answer;
    answer.id = as_bytes(prepared->id);
    answer.result_metadata_id = as_bytes(prepared->result_metadata_id);
    answer.variables = prepared->plan->variables;
    answer.partition_key = prepared->plan->partition_key;
    if (prepared->plan->result_columns) {
      answer.result.columns = *prepared->plan->result_columns;
    } else {
      answer.result.has_columns = false;
    }
    append_prepared(out, answer, version_);
  });
}

void Connection::handle_execute(const Frame& frame) {
  const Result<Execute> message = decode_execute(frame);
  if (!message) return reply_error(frame.stream, message.error());
  const PreparedStatement* prepared = context_.prepared.find(message->id);
  if (prepared == nullptr) {
    ErrorMessage unprepared;
    unprepared.code = ErrorCode::unprepared;
    unprepared.message =
        Error(errors::cql::unprepared,
              "Prepared query with ID {} not found (either the query was not prepared on this host (maybe the host has "
              "been "
              "restarted?) or you have prepared too many queries and it has been evicted from the internal cache)",
              to_hex(message->id))
            .message();
    unprepared.unprepared_id.assign(message->id.begin(), message->id.end());
    return reply_error(frame.stream, unprepared);
  }
  execute(frame.stream, prepared->plan, message->parameters, std::string(as_text(message->result_metadata_id)),
          prepared->result_metadata_id);
}

Result<std::vector<Value>> Connection::arrange_values(const Plan& plan, const QueryParameters& parameters) const {
  if (parameters.names.empty()) {
    if (parameters.values.size() != plan.variables.size()) {
      return invalid(fmt::format("Invalid amount of bind variables: {} given, {} wanted", parameters.values.size(),
                                 plan.variables.size()));
    }
    return parameters.values;
  }
  std::vector<Value> out(plan.variables.size(), Value::unset());
  for (std::size_t i = 0; i < plan.variables.size(); ++i) {
    for (std::size_t j = 0; j < parameters.names.size(); ++j) {
      if (parameters.names[j] == plan.variables[i].name) out[i] = parameters.values[j];
    }
  }
  return out;
}

void Connection::execute(std::int16_t stream, const PlanPtr& plan, const QueryParameters& parameters,
                         const std::string& known_metadata, const std::string& metadata_id) {
  const Result<std::vector<Value>> values = arrange_values(*plan, parameters);
  if (!values) return reply_error(stream, values.error());
  const std::string keyspace(parameters.keyspace.value_or(keyspace_));
  ExecuteRequest request;
  request.values = *values;
  request.keyspace = keyspace;
  request.page_size = parameters.page_size;
  request.paging_state = parameters.paging_state;
  request.timestamp = parameters.timestamp;
  request.now_in_seconds = parameters.now_in_seconds;
  // v5: a client whose columns are out of date gets the new ones, with their id.
  const bool changed =
      version_ == Version::v5 && !metadata_id.empty() && known_metadata != metadata_id && plan->result_columns;
  plan->execute(context_.engine, request,
                answer_to(stream, plan, parameters.skip_metadata && !changed, changed ? metadata_id : ""));
}

void Connection::handle_batch(const Frame& frame) {
  const Result<Batch> batch = decode_batch(frame);
  if (!batch) return reply_error(frame.stream, batch.error());
  if (batch->kind == Batch::Kind::counter) {
    return reply_error(frame.stream, Error(errors::cql::not_served, "{}",
                                           "counter batches are not served: the embedded store has no counters"));
  }
  run_batch(frame.stream, *batch);
}

void Connection::run_batch(std::int16_t stream, const Batch& batch) {
  std::vector<BatchPart> parts;
  const std::string keyspace(batch.keyspace.value_or(keyspace_));
  for (const Batch::Statement& statement : batch.statements) {
    BatchPart part;
    part.values = statement.values;
    if (statement.prepared) {
      const PreparedStatement* prepared = context_.prepared.find(statement.id);
      if (prepared == nullptr) {
        ErrorMessage unprepared;
        unprepared.code = ErrorCode::unprepared;
        unprepared.message = fmt::format("Prepared query with ID {} not found", to_hex(statement.id));
        unprepared.unprepared_id.assign(statement.id.begin(), statement.id.end());
        return reply_error(stream, unprepared);
      }
      part.plan = prepared->plan;
    } else {
      Result<ParsedStatement> parsed = parse_statement(statement.text);
      if (!parsed) return reply_error(stream, parsed.error());
      Result<PlanPtr> plan = compile(*parsed, *context_.engine.schema(), keyspace);
      if (!plan) return reply_error(stream, plan.error());
      part.plan = *plan;
    }
    if (part.values.size() != part.plan->variables.size()) {
      return reply_error(stream, invalid(fmt::format("Invalid amount of bind variables: {} given, {} wanted",
                                                     part.values.size(), part.plan->variables.size())));
    }
    parts.push_back(std::move(part));
  }
  ExecuteRequest request;
  request.keyspace = keyspace;
  request.timestamp = batch.timestamp;
  request.now_in_seconds = batch.now_in_seconds;
  auto kept = std::make_shared<std::vector<BatchPart>>(std::move(parts));
  AnswerDone done = answer_to(stream, nullptr, false, "");
  execute_batch(context_.engine, *kept, request,
                [kept, done = std::move(done)](Result<Answer> answer) { done(std::move(answer)); });
}

AnswerDone Connection::answer_to(std::int16_t stream, PlanPtr keep, bool skip_metadata, std::string new_metadata_id) {
  ++in_flight_;
  return [weak = self_, stream, keep = std::move(keep), skip_metadata,
          id = std::move(new_metadata_id)](Result<Answer> answer) {
    Connection* self = *weak;
    if (self == nullptr) return;
    --self->in_flight_;
    if (answer) {
      self->reply(stream, std::move(*answer), skip_metadata, id);
    } else {
      self->reply_error(stream, answer.error());
    }
  };
}

void Connection::reply(std::int16_t stream, Answer answer, bool skip_metadata, const std::string& new_metadata_id) {
  if (const auto* use = std::get_if<UseAnswer>(&answer.body)) keyspace_ = use->keyspace;
  const bool warn = !answer.warnings.empty() && version_ != Version::v3;
  send(
      Opcode::result, stream,
      [&](Bytes& out) {
        if (warn) append_string_list(out, answer.warnings);
        if (std::get_if<VoidResult>(&answer.body) != nullptr) {
          ++context_.counters.rows_written;
          append_void_result(out);
        } else if (const auto* use = std::get_if<UseAnswer>(&answer.body)) {
          append_set_keyspace(out, use->keyspace);
        } else if (const auto* change = std::get_if<SchemaChange>(&answer.body)) {
          append_schema_change_result(out, *change, version_);
        } else {
          const RowsAnswer& rows = std::get<RowsAnswer>(answer.body);
          RowsMetadata metadata;
          metadata.column_count = static_cast<std::int32_t>(rows.columns->size());
          metadata.has_columns = !skip_metadata;
          if (!skip_metadata) metadata.columns = *rows.columns;
          if (rows.paging_state) metadata.paging_state = *rows.paging_state;
          if (!new_metadata_id.empty()) metadata.new_metadata_id = as_bytes(new_metadata_id);
          append_rows(out, metadata, rows.count, rows.cells, version_);
        }
      },
      warn ? frame_flags::warning : 0);
}

void Connection::reply_error(std::int16_t stream, const Error& error) {
  reply_error(stream, to_wire(error));
}

void Connection::reply_error(std::int16_t stream, const ErrorMessage& message) {
  ++context_.counters.errors;
  send(Opcode::error, stream, [&](Bytes& out) { append_error(out, message, version_); });
}

void Connection::announce(const SchemaChange& change) {
  if (!wants_schema_events_ || closing_) return;
  send(Opcode::event, kEventStream, [&](Bytes& out) { append_event(out, change, version_); });
}

void Connection::send(Opcode opcode, std::int16_t stream, const Body& body, std::uint8_t flags) {
  if (closing_) return;
  writer_.begin(out_, opcode, stream, flags);
  body(out_);
  writer_.finish(out_);
  if (flush_posted_) return;
  flush_posted_ = true;
  // Everything answered in this turn of the loop shares one write, and in v5 its segments.
  context_.engine.loop().post([weak = self_] {
    if (*weak == nullptr) return;
    (*weak)->flush_posted_ = false;
    (*weak)->flush();
  });
}

void Connection::flush() {
  if (!out_.empty() && connection_) connection_->write(writer_.seal(std::move(out_)));
  out_ = {};
  const bool was_paused = paused_;
  pause_where_needed();
  if (was_paused && !paused_) read_frames();
}

void Connection::pause_where_needed() {
  if (closing_ || !connection_) return;
  const bool full = stopped_ || in_flight_ >= static_cast<std::size_t>(context_.settings.max_requests) ||
                    connection_->unsent() + out_.size() > kMaxUnsent;
  if (full == paused_) return;
  paused_ = full;
  if (full) {
    connection_->pause_reading();
  } else {
    connection_->resume_reading();
  }
}

void Connection::on_drained() {
  const bool was_paused = paused_;
  pause_where_needed();
  if (was_paused && !paused_) read_frames();
}

void Connection::check_time() {
  const bool waiting = !authenticated_ || partial_;
  const runtime::MonotonicTime now = context_.engine.loop().clock().monotonic();
  if (closing_ || paused_ || in_flight_ > 0 || !waiting || now - last_frame_ < context_.settings.handshake_timeout)
    return;
  close();
}

void Connection::stop_reading() {
  stopped_ = true;
  pause_where_needed();
}

void Connection::close() {
  if (closing_) return;
  closing_ = true;
  connection_->close();
}

void Connection::on_closed(const std::optional<Error>&) {
  closing_ = true;
  context_.on_gone(*this);
}

}  // namespace streamops::cql::store
