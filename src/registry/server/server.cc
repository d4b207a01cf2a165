#include "registry/server/server.h"

#include <deque>

#include "errors/registry.h"
#include "log/journal.h"
#include "log/journal_reader.h"
#include "registry/server/api.h"
#include "runtime/http_server.h"

namespace streamops::registry {
namespace {

constexpr const char* file_name = "registry.journal";

}  // namespace

class Server::Impl : public std::enable_shared_from_this<Impl> {
 public:
  explicit Impl(const settings::Registry& settings)
      : state_(schema::parse_compatibility(settings.compatibility).value_or(schema::Compatibility::backward)) {}

  Result<void> open(const ServerOptions& options, runtime::Loop& loop, runtime::Network& network, runtime::Disk& disk,
                    runtime::Pool& sync_pool) {
    log::JournalOptions journal;
    journal.sync.policy = log::parse_sync_policy(options.settings.fsync);
    STREAMOPS_ASSIGN(journal_, log::Journal::open(options.directory + "/" + file_name, journal, disk, loop, sync_pool,
                                                  [this](BytesView record) { return state_.apply(as_text(record)); }));
    runtime::HttpServerLimits limits;
    limits.max_body_bytes = static_cast<std::size_t>(options.settings.max_body);
    http_ = runtime::make_http_server(
        loop, network, limits, [this](runtime::ServerRequest request, std::shared_ptr<runtime::Responder> responder) {
          serve(std::move(request), std::move(responder));
        });
    for (const runtime::Endpoint& at : options.listeners) {
      STREAMOPS_ASSIGN(const runtime::Endpoint local, http_->listen(at));
      endpoints_.push_back(local);
    }
    return Ok();
  }

  const std::vector<runtime::Endpoint>& endpoints() const { return endpoints_; }

 private:
  struct Waiting {
    runtime::ServerRequest request;
    std::shared_ptr<runtime::Responder> responder;
  };

  void serve(runtime::ServerRequest request, std::shared_ptr<runtime::Responder> responder) {
    if (!is_change(request)) return responder->respond(answer(state_, request).response);
    waiting_.push_back({std::move(request), std::move(responder)});
    if (!busy_) next();
  }

  void next() {
    while (!busy_ && !waiting_.empty()) {
      const Waiting first = std::move(waiting_.front());
      waiting_.pop_front();
      Outcome outcome = answer(state_, first.request);
      if (outcome.events.empty()) {
        first.responder->respond(std::move(outcome.response));
      } else {
        change(std::move(outcome), first.responder);
      }
    }
  }

  void change(Outcome outcome, const std::shared_ptr<runtime::Responder>& responder) {
    busy_ = true;
    log::Journal::Sequence last = 0;
    for (const std::string& event : outcome.events) {
      const Result<log::Journal::Sequence> appended = journal_->append(as_bytes(event));
      if (!appended) return changed(appended.error(), {}, responder);
      last = *appended;
    }
    journal_->when_durable(
        last, [weak = weak_from_this(), outcome = std::move(outcome), responder](const Result<void>& synced) {
          if (const auto self = weak.lock()) self->changed(synced, outcome, responder);
        });
  }

  void changed(const Result<void>& synced, const Outcome& outcome,
               const std::shared_ptr<runtime::Responder>& responder) {
    Result<void> applied = synced;
    for (const std::string& event : outcome.events) {
      if (applied) applied = state_.apply(event);
    }
    responder->respond(applied ? outcome.response
                               : refusal(50001, "the registry cannot store this: " + applied.error().message()));
    if (applied && journal_->worth_rewriting()) rewrite();
    busy_ = false;
    next();
  }

  void rewrite() {
    // Left for the next change when it fails: the old file is still whole.
    [[maybe_unused]] const Result<void> rewritten = journal_->rewrite(
        [this](const auto& emit) { state_.replay([&](std::string_view event) { emit(as_bytes(event)); }); });
  }

  State state_;
  std::unique_ptr<log::Journal> journal_;
  std::vector<runtime::Endpoint> endpoints_;
  std::deque<Waiting> waiting_;  // changes, in the order of their arrival
  bool busy_ = false;
  std::unique_ptr<runtime::HttpServer> http_;
};

Result<schema::AvroSchemaPtr> newest_schema_on_disk(const std::string& directory, const std::string& subject,
                                                    runtime::Disk& disk) {
  const std::string path = directory + "/" + file_name;
  if (!disk.exists(path)) return schema::AvroSchemaPtr();
  STREAMOPS_ASSIGN(const runtime::FilePtr file, disk.open(path, runtime::OpenMode::read));
  State state(schema::Compatibility::backward);
  STREAMOPS_RETURN_IF_ERROR(log::read_journal(path, *file, log::JournalOptions().max_record_bytes,
                                              [&](BytesView record) { return state.apply(as_text(record)); }));
  const Subject* found = state.subject(subject);
  const SchemaVersion* latest = found == nullptr ? nullptr : found->latest();
  return latest == nullptr ? schema::AvroSchemaPtr() : state.schema(latest->id)->avro;
}

Server::Server(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

Result<std::unique_ptr<Server>> Server::open(const ServerOptions& options, runtime::Loop& loop,
                                             runtime::Network& network, runtime::Disk& disk, runtime::Pool& sync_pool) {
  auto impl = std::make_shared<Impl>(options.settings);
  STREAMOPS_RETURN_IF_ERROR(impl->open(options, loop, network, disk, sync_pool));
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

const std::vector<runtime::Endpoint>& Server::endpoints() const {
  return impl_->endpoints();
}

}  // namespace streamops::registry
