#include "app/newest_schema.h"

#include <chrono>
#include <future>

#include "app/clients.h"
#include "app/servers.h"
#include "errors/pipeline.h"
#include "errors/registry.h"
#include "registry/server/server.h"
#include "runtime/disk.h"
#include "runtime/http_client.h"
#include "runtime/on_loop.h"

namespace streamops::app {
namespace {

constexpr std::chrono::seconds patience{10};

Result<schema::AvroSchemaPtr> ask(const pipeline::Profile& profile, const std::string& subject) {
  using Answer = Result<registry::SubjectVersion>;
  Room room("schemas");
  std::unique_ptr<runtime::HttpClient> http;
  std::unique_ptr<registry::Client> client;
  auto answered = std::make_shared<std::promise<Answer>>();
  std::future<Answer> answer = answered->get_future();
  on_loop(room.loop(), [&] {
    http = runtime::make_http_client(room.loop());
    client = std::make_unique<registry::Client>(
        registry_client_options(profile, {}, settings::Registry::from(SettingValues())), room.loop(), *http);
    client->latest(subject, [answered](const Answer& found) { answered->set_value(found); });
  });
  const bool came = answer.wait_for(patience) == std::future_status::ready;
  std::optional<Error> trouble;
  on_loop(room.loop(), [&] {
    trouble = client->trouble();
    client.reset();
    http.reset();
  });
  if (!came) {
    return trouble ? *trouble
                   : Error(errors::registry::unreachable, "the schema registry {} does not answer within {} s",
                           profile.registry->url, patience.count());
  }
  const Answer found = answer.get();
  if (!found) return found.error();
  return found->schema;
}

}  // namespace

pipeline::NewestSchema newest_schema(std::string data_directory) {
  return [directory = std::move(data_directory)](const pipeline::Profile& profile,
                                                 const std::string& topic) -> Result<schema::AvroSchemaPtr> {
    const std::string subject =
        registry::subject_name(registry::SubjectNaming::topic, topic, {}, registry::RecordPart::value);
    if (profile.registry) return ask(profile, subject);
    STREAMOPS_ASSIGN(const schema::AvroSchemaPtr found,
                     registry::newest_schema_on_disk(directory + "/registry", subject, runtime::system_disk()));
    if (found != nullptr) return found;
    return Error(errors::pipeline::no_columns, "the embedded registry in {} has no schema for topic {}", directory,
                 topic);
  };
}

}  // namespace streamops::app
