#include "app/live_records.h"

#include <stdlib.h>

#include <filesystem>
#include <thread>

#include "app/clients.h"
#include "app/connectors.h"
#include "errors/app.h"
#include "format/json_reader.h"
#include "pipeline/gathered_records.h"
#include "runtime/on_loop.h"

namespace streamops::app {
namespace {

constexpr std::chrono::milliseconds look_interval{20};
constexpr std::size_t bytes_a_poll = 1024 * 1024;
constexpr int quiet_looks = 3;  // so often nothing waited: the end is reached

/// The endpoint of an embedded server of the running process.
Result<std::string> embedded(const std::map<std::string, std::string>& endpoints, const std::string& name) {
  const auto found = endpoints.find(name);
  if (found != endpoints.end()) return found->second;
  return Error(errors::app::not_running, "the running process serves no {}", name);
}

/// A folder of our own; empty when there is nowhere to make one.
std::string make_folder() {
  std::error_code problem;
  std::string path = (std::filesystem::temp_directory_path(problem) / "streamops-preview-XXXXXX").string();
  return problem || ::mkdtemp(path.data()) == nullptr ? std::string() : path;
}

}  // namespace

LiveRecords::LiveRecords(const pipeline::CheckedPipeline& pipeline, const pipeline::CheckedStep& step)
    : pipeline_(pipeline),
      step_(step),
      files_(runtime::make_pool("files", 1)),
      clients_(runtime::make_pool("clients", 1)),
      room_("preview") {}

LiveRecords::~LiveRecords() {
  on_loop(room_.loop(), [this] {
    if (source_) source_->stop();
    source_.reset();
    connectors_.reset();
    look_alike_.reset();
  });
  clients_.reset();
  files_.reset();
  room_.close();
  std::error_code ignored;
  if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
}

Result<std::unique_ptr<LiveRecords>> LiveRecords::read(const pipeline::CheckedPipeline& pipeline,
                                                       const pipeline::CheckedStep& step,
                                                       const LiveRecordsOptions& options) {
  std::unique_ptr<LiveRecords> live(new LiveRecords(pipeline, step));
  STREAMOPS_RETURN_IF_ERROR(live->start(options));
  STREAMOPS_RETURN_IF_ERROR(live->gather(options));
  return live;
}

Result<void> LiveRecords::start(const LiveRecordsOptions& options) {
  const pipeline::Profile& profile = pipeline_.file.profile;
  const pipeline::StepSpec& spec = *step_.spec;
  std::string kafka;
  std::string registry;
  if (spec.kafka_source && !profile.kafka) {
    STREAMOPS_ASSIGN(const auto endpoints, read_endpoints(options.data_directory, runtime::system_disk()));
    STREAMOPS_ASSIGN(kafka, embedded(endpoints, "kafka"));
    if (spec.kafka_source->format == "avro" && !profile.registry) {
      STREAMOPS_ASSIGN(registry, embedded(endpoints, "registry"));
    }
  }
  if (spec.http_source) folder_ = make_folder();
  const SettingValues settings;
  return on_loop(room_.loop(), [&]() -> Result<void> {
    std::string users_api;
    if (spec.http_source && spec.http_source->url == pipeline::built_in_users_api) {
      STREAMOPS_ASSIGN(look_alike_, connect::RandomUserServer::start(room_.loop(), room_.network(), {"127.0.0.1", 0}));
      users_api = look_alike_->url();
    }
    connectors_ = make_connectors(kafka_client_config(profile, kafka, settings::KafkaClient::from(settings)), {},
                                  {room_.loop(), room_.network(), runtime::system_disk(), *files_, *clients_, folder_,
                                   users_api, settings::Cassandra::from(settings),
                                   registry_client_options(profile, registry, settings::Registry::from(settings))});
    const pipeline::ConnectorUse use{room_.loop(), "preview", "preview", {}, {}};
    if (spec.http_source) {
      pipeline::HttpSourceSpec once = *spec.http_source;
      once.duration.reset();
      STREAMOPS_ASSIGN(source_, connectors_->http_source(once, use));
    } else {
      pipeline::KafkaSourceSpec from = *spec.kafka_source;
      from.start = options.newest ? pipeline::StartAt::latest : pipeline::StartAt::earliest;
      STREAMOPS_ASSIGN(source_, connectors_->kafka_source(from, use));
    }
    source_->start({}, [] {});
    return Ok();
  });
}

Result<void> LiveRecords::gather(const LiveRecordsOptions& options) {
  struct Look {
    Result<data::Records> polled;
    bool ended;
    std::optional<std::int64_t> lag;
    std::optional<Error> trouble;
  };
  pipeline::GatheredRecords gathered;
  std::size_t count = 0;
  std::optional<Error> trouble;
  const auto deadline = std::chrono::steady_clock::now() + options.patience;
  for (int quiet = 0; count < options.most && quiet < quiet_looks && std::chrono::steady_clock::now() < deadline;) {
    const Look look = on_loop(room_.loop(), [this] {
      Result<data::Records> polled = source_->poll(bytes_a_poll);
      return Look{std::move(polled), source_->ended(), source_->lag(), source_->trouble()};
    });
    if (!look.polled) return look.polled.error();
    trouble = look.trouble;
    count += look.polled->records.size();
    gathered.add(*look.polled);
    const bool nothing_waits = look.ended || (!options.newest && look.lag == std::int64_t{0});
    quiet = look.polled->records.empty() && nothing_waits ? quiet + 1 : 0;
    // A bounded source that has handed out its last record waits for an acknowledgement, which never comes.
    if (step_.spec->http_source && count > 0) break;
    if (look.polled->records.empty()) std::this_thread::sleep_for(look_interval);
  }
  if (count == 0 && trouble) return *trouble;
  records_ = gathered.in_order();
  if (records_.records.size() > options.most) records_.records.resize(options.most);
  return Ok();
}

void LiveRecords::use(const std::vector<bool>& needed, const std::function<void(format::RecordReaderPtr)>& work) {
  on_loop(room_.loop(), [&] {
    if (step_.spec->kafka_source) {
      return work(
          connectors_->kafka_reader(*step_.spec->kafka_source, {step_.source_schema, step_.reader_schema, needed}));
    }
    work(std::make_unique<format::JsonReader>(step_.source_schema, needed));
  });
}

}  // namespace streamops::app
