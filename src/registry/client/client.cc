#include "registry/client/client.h"

#include <algorithm>
#include <map>

#include "errors/registry.h"
#include "errors/runtime.h"
#include "registry/client/answer.h"
#include "registry/client/request.h"

namespace streamops::registry {
namespace {

constexpr Microseconds first_pause = Milliseconds{50};
constexpr Microseconds life_of_unknown = Seconds{30};

bool is_final(const Error& error) {
  return error.is(errors::runtime::http_tls) || error.is(errors::runtime::bad_url);
}

/// The schema in an answer that has one.
Result<schema::AvroSchemaPtr> schema_in(const schema::Json& body, std::string_view what) {
  const std::string_view type = body.text_of("schemaType");
  if (!type.empty() && type != "AVRO") return Error(errors::registry::not_readable, "{} is {}, not AVRO", what, type);
  const schema::Json* references = body.find("references");
  if (references != nullptr && !references->items.empty())
    return Error(errors::registry::not_readable, "{} refers to schemas of other subjects", what);
  Result<schema::AvroSchemaPtr> schema = schema::AvroSchema::parse(body.text_of("schema"));
  if (schema) return schema;
  return Error(errors::registry::not_readable, "{} is no schema that we read: {}", what, schema.error().message());
}

}  // namespace

std::string subject_name(SubjectNaming naming, std::string_view topic, std::string_view record_name, RecordPart part) {
  switch (naming) {
    case SubjectNaming::topic:
      return std::string(topic) + (part == RecordPart::key ? "-key" : "-value");
    case SubjectNaming::record:
      return std::string(record_name);
    case SubjectNaming::topic_record:
      break;
  }
  return fmt::format("{}-{}", topic, record_name);
}

class Client::Impl : public std::enable_shared_from_this<Impl> {
 public:
  using SchemaDone = std::function<void(Result<schema::AvroSchemaPtr>)>;

  Impl(ClientOptions options, runtime::Loop& loop, runtime::HttpClient& http)
      : options_(std::move(options)), loop_(loop), http_(http), bases_(bases_of(options_)) {}

  bool knows(std::int32_t id) const {
    const auto found = known_.find(id);
    if (found == known_.end()) return false;
    return found->second.schema.ok() || loop_.clock().monotonic() < found->second.until;
  }

  Result<schema::AvroSchemaPtr> known(std::int32_t id) const {
    const auto found = known_.find(id);
    if (found != known_.end()) return found->second.schema;
    return Error(errors::registry::unknown_schema, "the registry was not asked for schema {}", id);
  }

  void schema(std::int32_t id, SchemaDone done) {
    if (knows(id)) {
      return loop_.post([weak = weak_from_this(), id, done = std::move(done)] {
        if (const auto self = weak.lock()) done(self->known(id));
      });
    }
    std::vector<SchemaDone>& waiting = waiting_[id];
    waiting.push_back(std::move(done));
    if (waiting.size() > 1) return;
    ask("GET", fmt::format("/schemas/ids/{}", id), {}, [this, id](const Result<Answer>& answer) {
      const Result<schema::AvroSchemaPtr> result = answer ? note_schema(id, *answer) : answer.error();
      const std::vector<SchemaDone> told = std::exchange(waiting_[id], {});
      waiting_.erase(id);
      for (const SchemaDone& each : told) each(result);
    });
  }

  void add(const std::string& subject, const schema::AvroSchema& schema,
           std::function<void(Result<std::int32_t>)> done) {
    JsonWriter body;
    body.begin_object().field("schema", schema.text()).field("schemaType", "AVRO").end_object();
    ask("POST", fmt::format("/subjects/{}/versions", in_path(subject)), std::move(body).text(),
        [subject, done = std::move(done)](const Result<Answer>& answer) { done(added(subject, answer)); });
  }

  void latest(const std::string& subject, std::function<void(Result<SubjectVersion>)> done) {
    ask("GET", fmt::format("/subjects/{}/versions/latest", in_path(subject)), {},
        [subject, done = std::move(done)](const Result<Answer>& answer) { done(newest(subject, answer)); });
  }

  const std::optional<Error>& trouble() const { return trouble_; }

 private:
  struct Known {
    Result<schema::AvroSchemaPtr> schema;
    runtime::MonotonicTime until;  // of an error
  };
  /// One request with its repeats.
  struct Pending {
    std::string method;
    std::string path;
    std::string body;
    std::function<void(Result<Answer>)> done;
    Microseconds pause = first_pause;
    std::unique_ptr<runtime::HttpCall> call;
    runtime::TimerPtr timer;
  };

  static Result<std::int32_t> added(const std::string& subject, const Result<Answer>& answer) {
    if (!answer) return answer.error();
    if (answer->status == 409) {
      return Error(errors::registry::incompatible, "subject {} does not take the schema: {}", subject,
                   answer->message());
    }
    const std::int64_t id = answer->body.integer_of("id", -1);
    if (answer->ok() && id >= 0 && id <= INT32_MAX) return static_cast<std::int32_t>(id);
    return Error(errors::registry::request_refused, "subject {} does not take the schema: {}", subject,
                 answer->message());
  }

  static Result<SubjectVersion> newest(const std::string& subject, const Result<Answer>& answer) {
    if (!answer) return answer.error();
    if (answer->is_missing())
      return Error(errors::registry::no_subject, "subject {} has no schema: {}", subject, answer->message());
    if (!answer->ok())
      return Error(errors::registry::request_refused, "subject {} cannot be read: {}", subject, answer->message());
    SubjectVersion out{subject, static_cast<int>(answer->body.integer_of("version", 0)),
                       static_cast<std::int32_t>(answer->body.integer_of("id", 0)), nullptr};
    STREAMOPS_ASSIGN(out.schema, schema_in(answer->body, fmt::format("version {} of {}", out.version, subject)));
    return out;
  }

  Result<schema::AvroSchemaPtr> note_schema(std::int32_t id, const Answer& answer) {
    Result<schema::AvroSchemaPtr> result =
        answer.ok() ? schema_in(answer.body, fmt::format("schema {}", id))
                    : Error(answer.is_missing() ? errors::registry::unknown_schema : errors::registry::request_refused,
                            "the registry has no schema {}: {}", id, answer.message());
    known_.insert_or_assign(id, Known{result, loop_.clock().monotonic() + life_of_unknown});
    return result;
  }

  void ask(std::string method, std::string path, std::string body, std::function<void(Result<Answer>)> done) {
    auto pending = std::make_shared<Pending>();
    pending->method = std::move(method);
    pending->path = std::move(path);
    pending->body = std::move(body);
    pending->done = std::move(done);
    pending_.push_back(pending);
    send(pending);
  }

  void send(const std::shared_ptr<Pending>& pending) {
    runtime::HttpRequest request =
        make_request(options_, pending->method, bases_[base_] + pending->path, pending->body);
    const std::size_t base = base_;
    pending->call = http_.send(std::move(request), [weak = weak_from_this(), pending = std::weak_ptr<Pending>(pending),
                                                    base](const Result<runtime::HttpResponse>& response) {
      const auto self = weak.lock();
      const auto mine = pending.lock();
      if (self && mine) self->answered(mine, base, response);
    });
  }

  void answered(const std::shared_ptr<Pending>& pending, std::size_t base,
                const Result<runtime::HttpResponse>& response) {
    Result<Answer> answer = judge(response, bases_[base]);
    const bool again = !answer && answer.error().is(errors::registry::unreachable);
    if (again) return retry(pending, base, answer.error());
    trouble_.reset();
    std::erase(pending_, pending);
    // Later: the call is still on the stack.
    loop_.post([weak = weak_from_this(), pending, answer = std::move(answer)]() mutable {
      if (weak.lock()) pending->done(std::move(answer));
    });
  }

  static Result<Answer> judge(const Result<runtime::HttpResponse>& response, const std::string& base) {
    if (response) return read_answer(*response, base);
    if (is_final(response.error())) return response.error();
    return Error(errors::registry::unreachable, "the schema registry {} does not answer: {}", base,
                 response.error().message());
  }

  void retry(const std::shared_ptr<Pending>& pending, std::size_t base, const Error& error) {
    trouble_ = error;
    if (base == base_) base_ = (base_ + 1) % bases_.size();
    const auto jitter =
        static_cast<std::int64_t>(loop_.random().below(static_cast<std::uint64_t>(pending->pause.count() / 2 + 1)));
    pending->timer = loop_.after(pending->pause + Microseconds{jitter}, [this, raw = std::weak_ptr<Pending>(pending)] {
      if (const auto mine = raw.lock()) send(mine);
    });
    pending->pause = std::min(pending->pause * 2, options_.max_pause);
  }

  ClientOptions options_;
  runtime::Loop& loop_;
  runtime::HttpClient& http_;
  std::vector<std::string> bases_;
  std::size_t base_ = 0;  // the one to ask
  std::map<std::int32_t, Known> known_;
  std::map<std::int32_t, std::vector<SchemaDone>> waiting_;
  std::vector<std::shared_ptr<Pending>> pending_;
  std::optional<Error> trouble_;
};

Client::Client(ClientOptions options, runtime::Loop& loop, runtime::HttpClient& http)
    : impl_(std::make_shared<Impl>(std::move(options), loop, http)) {}
Client::~Client() = default;

bool Client::knows(std::int32_t id) const {
  return impl_->knows(id);
}

Result<schema::AvroSchemaPtr> Client::known(std::int32_t id) const {
  return impl_->known(id);
}

void Client::schema(std::int32_t id, std::function<void(Result<schema::AvroSchemaPtr>)> done) {
  impl_->schema(id, std::move(done));
}

void Client::add(const std::string& subject, const schema::AvroSchema& schema,
                 std::function<void(Result<std::int32_t>)> done) {
  impl_->add(subject, schema, std::move(done));
}

void Client::latest(const std::string& subject, std::function<void(Result<SubjectVersion>)> done) {
  impl_->latest(subject, std::move(done));
}

const std::optional<Error>& Client::trouble() const {
  return impl_->trouble();
}

}  // namespace streamops::registry
