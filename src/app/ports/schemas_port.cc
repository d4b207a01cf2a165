#include "app/ports/schemas_port.h"

#include "registry/client/catalogue.h"
#include "runtime/http_client.h"

namespace streamops::app {
namespace {

console::SubjectInfo to_info(const std::string& name, registry::ListedSubject found) {
  console::SubjectInfo info{name, std::move(found.level), {}, found.older};
  for (registry::ListedVersion& each : found.versions)
    info.versions.push_back({each.version, each.id, std::move(each.type), std::move(each.text)});
  return info;
}

class RegistrySchemasPort final : public console::SchemasPort {
 public:
  RegistrySchemasPort(registry::ClientOptions options, runtime::Loop& loop)
      : options_(std::move(options)), loop_(loop) {}

  void list(console::Done<console::SubjectList> done) override {
    look([this, done = std::move(done)] {
      catalogue_->subjects([done](Result<registry::ListedSubjects> found) {
        if (!found) return done(found.error());
        done(console::SubjectList{std::move(found->names), std::move(found->level)});
      });
    });
  }

  void subject(const std::string& name, console::Done<console::SubjectInfo> done) override {
    look([this, name, done = std::move(done)] {
      catalogue_->subject(name, [name, done](Result<registry::ListedSubject> found) {
        if (!found) return done(found.error());
        done(to_info(name, std::move(found).value()));
      });
    });
  }

 private:
  /// Calls `work` on the loop; the first look makes the client.
  template <typename Work>
  void look(Work work) {
    loop_.post([this, alive = std::weak_ptr<int>(alive_), work = std::move(work)] {
      if (alive.expired()) return;
      if (catalogue_ == nullptr) {
        http_ = runtime::make_http_client(loop_);
        catalogue_ = std::make_unique<registry::Catalogue>(options_, loop_, *http_);
      }
      work();
    });
  }

  registry::ClientOptions options_;
  runtime::Loop& loop_;
  std::unique_ptr<runtime::HttpClient> http_;
  std::unique_ptr<registry::Catalogue> catalogue_;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

}  // namespace

std::shared_ptr<console::SchemasPort> make_schemas_port(registry::ClientOptions options, runtime::Loop& loop) {
  return std::make_shared<RegistrySchemasPort>(std::move(options), loop);
}

}  // namespace streamops::app
