#include "registry/client/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <list>

#include "errors/registry.h"
#include "registry/client/answer.h"
#include "registry/client/request.h"

namespace streamops::registry {
namespace {

using schema::Json;

/// The level in an answer of /config; empty where there is none: registries without the question are asked no further.
std::string level_in(const Result<Answer>& answer) {
  if (!answer || !answer->ok()) return {};
  const std::string_view level = answer->body.text_of("compatibilityLevel");
  return std::string(level.empty() ? answer->body.text_of("compatibility") : level);
}

Error refused(std::string_view what, const Answer& answer) {
  return Error(errors::registry::request_refused, "{} cannot be read: {}", what, answer.message());
}

}  // namespace

class Catalogue::Impl : public std::enable_shared_from_this<Impl> {
 public:
  using Done = std::function<void(Result<Answer>)>;

  Impl(ClientOptions options, runtime::Loop& loop, runtime::HttpClient& http)
      : options_(std::move(options)), bases_(bases_of(options_)), loop_(loop), http_(http) {}

  void subjects(std::function<void(Result<ListedSubjects>)> done) {
    get("/subjects", [this, done = std::move(done)](const Result<Answer>& answer) {
      if (!answer) return done(answer.error());
      if (!answer->ok() || !answer->body.is(Json::Kind::array)) return done(refused("the list of subjects", *answer));
      ListedSubjects found;
      for (const Json& name : answer->body.items) found.names.push_back(name.text);
      std::sort(found.names.begin(), found.names.end());
      get("/config", [found = std::move(found), done](const Result<Answer>& config) mutable {
        found.level = level_in(config);
        done(std::move(found));
      });
    });
  }

  void subject(const std::string& name, std::function<void(Result<ListedSubject>)> done) {
    auto look = std::make_shared<Look>(Look{name, {}, {}, std::move(done)});
    get(path_of(*look), [this, look](const Result<Answer>& answer) { with_numbers(look, answer); });
  }

 private:
  /// A subject that is being read.
  struct Look {
    std::string name;
    ListedSubject found;
    std::vector<std::int64_t> wanted;  // versions that are still to be read, the next one last
    std::function<void(Result<ListedSubject>)> done;
  };
  using LookPtr = std::shared_ptr<Look>;

  struct Pending {
    std::string path;
    std::size_t base = 0;
    Done done;
    std::unique_ptr<runtime::HttpCall> call;
  };

  static std::string path_of(const Look& look) { return fmt::format("/subjects/{}/versions", in_path(look.name)); }

  void with_numbers(const LookPtr& look, const Result<Answer>& answer) {
    if (!answer) return look->done(answer.error());
    if (answer->is_missing())
      return look->done(
          Error(errors::registry::no_subject, "subject {} has no schema: {}", look->name, answer->message()));
    if (!answer->ok() || !answer->body.is(Json::Kind::array)) return look->done(refused(look->name, *answer));
    for (const Json& number : answer->body.items) look->wanted.push_back(number.integer);
    std::sort(look->wanted.begin(), look->wanted.end());
    if (look->wanted.size() > most_versions) {
      look->found.older = static_cast<int>(look->wanted.size() - most_versions);
      look->wanted.erase(look->wanted.begin(), look->wanted.begin() + look->found.older);
    }
    get(fmt::format("/config/{}?defaultToGlobal=true", in_path(look->name)),
        [this, look](const Result<Answer>& config) {
          look->found.level = level_in(config);
          if (!look->found.level.empty()) return next_version(look);
          get("/config", [this, look](const Result<Answer>& of_all) {
            look->found.level = level_in(of_all);
            next_version(look);
          });
        });
  }

  void next_version(const LookPtr& look) {
    if (look->wanted.empty()) return look->done(std::move(look->found));
    const std::int64_t number = look->wanted.back();
    look->wanted.pop_back();
    get(fmt::format("{}/{}", path_of(*look), number), [this, look](const Result<Answer>& answer) {
      if (!answer) return look->done(answer.error());
      // One that was deleted a moment ago is not there any more.
      if (answer->ok()) {
        const std::string_view type = answer->body.text_of("schemaType");
        look->found.versions.push_back({static_cast<int>(answer->body.integer_of("version", 0)),
                                        static_cast<std::int32_t>(answer->body.integer_of("id", 0)),
                                        std::string(type.empty() ? "AVRO" : type),
                                        std::string(answer->body.text_of("schema"))});
      }
      next_version(look);
    });
  }

  void get(std::string path, Done done) {
    auto pending = std::make_shared<Pending>();
    pending->path = std::move(path);
    pending->done = std::move(done);
    pending_.push_back(pending);
    send(pending);
  }

  void send(const std::shared_ptr<Pending>& pending) {
    pending->call = http_.send(make_request(options_, "GET", bases_[pending->base] + pending->path, {}),
                               [weak = weak_from_this(),
                                mine = std::weak_ptr<Pending>(pending)](const Result<runtime::HttpResponse>& response) {
                                 const auto self = weak.lock();
                                 const auto asked = mine.lock();
                                 if (self && asked) self->answered(asked, response);
                               });
  }

  void answered(const std::shared_ptr<Pending>& pending, const Result<runtime::HttpResponse>& response) {
    const std::string& base = bases_[pending->base];
    Result<Answer> answer = response
                                ? read_answer(*response, base)
                                : Error(errors::registry::unreachable, "the schema registry {} does not answer: {}",
                                        base, response.error().message());
    const bool others = pending->base + 1 < bases_.size();
    // Later: the call is still on the stack.
    loop_.post([weak = weak_from_this(), pending, others, answer = std::move(answer)]() mutable {
      const auto self = weak.lock();
      if (!self) return;
      if (!answer && others && answer.error().is(errors::registry::unreachable)) {
        ++pending->base;
        return self->send(pending);
      }
      self->pending_.remove(pending);
      pending->done(std::move(answer));
    });
  }

  ClientOptions options_;
  std::vector<std::string> bases_;
  runtime::Loop& loop_;
  runtime::HttpClient& http_;
  std::list<std::shared_ptr<Pending>> pending_;
};

Catalogue::Catalogue(ClientOptions options, runtime::Loop& loop, runtime::HttpClient& http)
    : impl_(std::make_shared<Impl>(std::move(options), loop, http)) {}
Catalogue::~Catalogue() = default;

void Catalogue::subjects(std::function<void(Result<ListedSubjects>)> done) {
  impl_->subjects(std::move(done));
}

void Catalogue::subject(const std::string& name, std::function<void(Result<ListedSubject>)> done) {
  impl_->subject(name, std::move(done));
}

}  // namespace streamops::registry
