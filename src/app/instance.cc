#include "app/instance.h"

#include <algorithm>

#include "app/clients.h"
#include "app/connectors.h"
#include "app/listening.h"
#include "app/ports/metrics_text.h"
#include "app/ports/schemas_port.h"
#include "app/ports/streams_port.h"
#include "app/ports/system_port.h"
#include "app/ports/tables_port.h"
#include "app/ports/topics_port.h"
#include "app/spark_streams.h"
#include "base/text.h"
#include "connect/http/source.h"
#include "console/dags_port.h"
#include "pipeline/profile.h"
#include "runtime/on_loop.h"
#include "settings/cassandra.h"
#include "settings/console.h"
#include "settings/kafka_client.h"
#include "settings/pipeline.h"
#include "settings/workflow.h"

namespace streamops::app {
namespace {

constexpr std::chrono::seconds start_patience{2};  // for clusters that are away; what is embedded takes milliseconds
constexpr Microseconds look_timeout = Seconds{5};  // of the console's looks into Cassandra

bool uses_avro(const pipeline::CheckedPipeline& checked) {
  const auto has_avro = [](const pipeline::CheckedStep& step) {
    const auto& source = step.spec->kafka_source;
    const auto& sink = step.spec->kafka_sink;
    return (source && source->format == "avro") || (sink && sink->format == "avro");
  };
  return std::any_of(checked.tasks.begin(), checked.tasks.end(), has_avro) ||
         std::any_of(checked.streams.begin(), checked.streams.end(), has_avro);
}

/// What the profile leaves to us.
ServerChoice choose_servers(const pipeline::Profile& profile, const pipeline::CheckedPipeline* checked) {
  ServerChoice choice{!profile.kafka, !profile.cassandra, checked == nullptr};
  choice.registry = !profile.registry;
  if (checked == nullptr) return choice;
  // Beside a real Kafka nobody looks for ours, unless the file itself needs one.
  choice.registry = choice.registry && (choice.kafka || uses_avro(*checked));
  for (const pipeline::CheckedStep& task : checked->tasks) {
    const auto& http = task.spec->http_source;
    choice.users_api = choice.users_api || (http && http->url == pipeline::built_in_users_api);
  }
  return choice;
}

/// Forgets the spool of a run that has succeeded.
class SpoolEndingBody final : public workflow::TaskBody {
 public:
  SpoolEndingBody(std::shared_ptr<workflow::TaskBody> body, std::string spool, runtime::Pool& pool)
      : body_(std::move(body)), spool_(std::move(spool)), pool_(pool) {}

  std::unique_ptr<workflow::TaskHandle> start(workflow::TaskContext context, workflow::TaskDone done) override {
    const std::string directory = spool_ + "/" + context.dag_id + "." + context.task_id;
    const std::string run = context.run_id;
    return body_->start(std::move(context), [this, directory, run, done = std::move(done)](const Result<void>& result) {
      done(result);
      if (!result) return;
      pool_.run([directory, run] { (void)connect::discard_spool(runtime::system_disk(), directory, run).ok(); });
    });
  }

 private:
  std::shared_ptr<workflow::TaskBody> body_;
  std::string spool_;
  runtime::Pool& pool_;
};

}  // namespace

Instance::Instance(InstanceOptions options)
    : options_(std::move(options)),
      file_pool_(runtime::make_pool("files", 2)),
      client_pool_(runtime::make_pool("clients", 2)),
      state_pool_(runtime::make_pool("state", 1)),
      pipeline_room_("pipeline"),
      console_room_("console") {}

Instance::~Instance() {
  // Each on its own loop, the ones that use others first.
  on_loop(console_room_.loop(), [this] {
    console_.reset();
    accounts_.reset();
  });
  on_loop(pipeline_room_.loop(), [this] {
    scheduler_.reset();
    pipeline_.reset();
    connectors_.reset();
  });
  // What the pools still work on posts its answer to a loop, so they end while the loops are there.
  look_pool_.reset();
  client_pool_.reset();
  file_pool_.reset();
  state_pool_.reset();
  console_room_.close();
  pipeline_room_.close();
  servers_.reset();
}

Result<std::unique_ptr<Instance>> Instance::start(InstanceOptions options) {
  std::unique_ptr<Instance> instance(new Instance(std::move(options)));
  Instance& self = *instance;
  STREAMOPS_ASSIGN(self.directory_, DataDirectory::open(self.options_.data_directory, runtime::system_disk()));
  STREAMOPS_RETURN_IF_ERROR(self.start_servers());
  if (self.options_.pipeline) {
    STREAMOPS_RETURN_IF_ERROR(self.make_pipeline());
    self.start_pipeline();
    if (self.options_.with_scheduler) STREAMOPS_RETURN_IF_ERROR(self.start_scheduler());
  }
  if (self.options_.with_console) STREAMOPS_RETURN_IF_ERROR(self.start_console());
  STREAMOPS_RETURN_IF_ERROR(self.directory_->publish_endpoints(self.endpoints_));
  return instance;
}

const pipeline::Profile& Instance::profile() const {
  static const pipeline::Profile embedded = *pipeline::built_in_profile("embedded");
  return options_.pipeline ? options_.pipeline->file.profile : embedded;
}

Result<void> Instance::start_servers() {
  const ServerChoice choice = choose_servers(profile(), options_.pipeline.get());
  STREAMOPS_ASSIGN(servers_, Servers::start(choice, *directory_, options_.settings, metrics_, options_.on_problem));
  endpoints_ = servers_->endpoints();
  if (const auto& kafka = profile().kafka) endpoints_["kafka"] = kafka->bootstrap;
  if (const auto& cassandra = profile().cassandra) endpoints_["cql"] = join(cassandra->contact_points, ",");
  if (const auto& registry = profile().registry) endpoints_["registry"] = registry->url;
  if (profile().kafka) external_.insert("kafka");
  if (profile().cassandra) external_.insert("cql");
  if (profile().registry) external_.insert("registry");
  kafka_ = kafka_client_config(profile(), servers_->endpoint("kafka"), settings::KafkaClient::from(options_.settings));
  STREAMOPS_ASSIGN(
      cql_, cql_client_options(profile(), servers_->endpoint("cql"), settings::Cassandra::from(options_.settings)));
  return Ok();
}

Result<void> Instance::make_pipeline() {
  STREAMOPS_ASSIGN(const std::string directory, directory_->room("pipeline"));
  STREAMOPS_ASSIGN(spool_directory_, directory_->room("spool"));
  runtime::Loop& loop = pipeline_room_.loop();
  on_loop(loop, [&] {
    connectors_ = make_connectors(
        kafka_, cql_,
        {loop, pipeline_room_.network(), runtime::system_disk(), *file_pool_, *client_pool_, spool_directory_,
         servers_->endpoint("users_api"), settings::Cassandra::from(options_.settings),
         registry_client_options(profile(), servers_->endpoint("registry"),
                                 settings::Registry::from(options_.settings))});
    pipeline_ = std::make_unique<pipeline::Pipeline>(
        options_.pipeline,
        pipeline::PipelineEnvironment{loop, *connectors_,
                                      pipeline::checkpoints_in(directory, runtime::system_disk(), loop, *file_pool_),
                                      &metrics_, settings::Pipeline::from(options_.settings), options_.only_task,
                                      pipeline::states_in(directory, runtime::system_disk(), loop, *file_pool_)});
    pipeline_->set_foreign_streams(
        make_spark_streams({options_.pipeline, options_.engine, options_.once, kafka_, cql_, *connectors_, loop,
                            runtime::system_disk(), *file_pool_, directory}));
  });
  return Ok();
}

/// Waits a little for the pipeline's start; one that takes longer, because a cluster is away, goes on behind our back.
void Instance::start_pipeline() {
  auto started = std::make_shared<std::promise<Result<void>>>();
  std::future<Result<void>> start = started->get_future();
  auto waited_for = std::make_shared<bool>(true);  // on the loop
  pipeline_room_.loop().post([this, started, waited_for] {
    pipeline_->start([this, started, waited_for](const Result<void>& result) {
      started->set_value(result);
      if (!*waited_for && !result && options_.on_problem) options_.on_problem(result.error());
    });
  });
  if (start.wait_for(start_patience) != std::future_status::ready) {
    on_loop(pipeline_room_.loop(), [&] { *waited_for = false; });
  }
  if (start.wait_for(std::chrono::seconds{0}) != std::future_status::ready) return;
  if (const Result<void> result = start.get(); !result) pipeline_error_ = result.error();
}

workflow::DagSpec Instance::dag() const {
  workflow::DagSpec dag = pipeline_->dag();
  for (workflow::TaskSpec& task : dag.tasks) {
    task.body = std::make_shared<SpoolEndingBody>(task.body, spool_directory_, *file_pool_);
  }
  return dag;
}

Result<void> Instance::start_scheduler() {
  STREAMOPS_ASSIGN(const std::string directory, directory_->room("workflow"));
  const pipeline::PipelineFile& file = options_.pipeline->file;
  const auto workflow = settings::Workflow::from(options_.settings);
  return on_loop(pipeline_room_.loop(), [&]() -> Result<void> {
    STREAMOPS_ASSIGN(scheduler_,
                     workflow::Scheduler::open(pipeline_room_.loop(), *state_pool_, directory + "/state.db",
                                               {static_cast<int>(workflow.keep_runs), workflow.cancel_grace}));
    if (!file.tasks.empty() && file.profile.scheduler) {
      STREAMOPS_RETURN_IF_ERROR(scheduler_->add_dag(dag(), options_.trigger));
    }
    scheduler_->start();
    return Ok();
  });
}

Result<void> Instance::start_console() {
  STREAMOPS_ASSIGN(const std::string directory, directory_->room("auth"));
  look_pool_ = runtime::make_pool("look", 2);
  return on_loop(console_room_.loop(), [&]() -> Result<void> {
    auth::AccountsOptions accounts;
    accounts.directory = directory;
    accounts.session_life = settings::Console::from(options_.settings).session_life;
    STREAMOPS_ASSIGN(accounts_,
                     auth::Accounts::open(console_room_.loop(), *state_pool_, runtime::system_disk(), accounts));
    console::Ports ports;
    ports.topics = make_topics_port(kafka_, console_room_.loop(), *look_pool_, embedded_sizes());
    has_default_password_ = accounts_->has_default_password();
    cql::ClientOptions cql = cql_;
    cql.request_timeout = look_timeout;
    cql.client_name = "streamops-console";
    ports.tables = make_tables_port(std::move(cql), console_room_.loop(), console_room_.network());
    const bool has_registry = profile().registry || !servers_->endpoint("registry").empty();
    if (has_registry) {
      registry::ClientOptions registry = registry_client_options(profile(), servers_->endpoint("registry"),
                                                                 settings::Registry::from(options_.settings));
      registry.timeout = std::min<Microseconds>(registry.timeout, look_timeout);
      ports.schemas = make_schemas_port(std::move(registry), console_room_.loop());
    }
    if (pipeline_) ports.streams = make_streams_port(*options_.pipeline, *pipeline_, pipeline_room_.loop());
    if (scheduler_) ports.dags = console::make_dags_port(*scheduler_, pipeline_room_.loop());
    ports.system = make_system_port(directory_->path(), endpoints_, external_);
    ports.metrics = [this] { return metrics_text(metrics_); };
    console_ = console::make_console(console_room_.loop(), console_room_.network(), *accounts_, std::move(ports));
    STREAMOPS_ASSIGN(const Listening listening, Listening::from(options_.settings));
    for (const runtime::Endpoint& at : listening.at(options_.settings.integer("server.console_port"))) {
      STREAMOPS_ASSIGN(const runtime::Endpoint local, console_->listen(at));
      endpoints_.emplace("console", runtime::to_string(own_way_to(local)));
    }
    for (const runtime::Endpoint& at : listening.at(options_.settings.integer("server.control_center_port"))) {
      STREAMOPS_ASSIGN(const runtime::Endpoint local, console_->listen_topics(at));
      endpoints_.emplace("control_center", runtime::to_string(own_way_to(local)));
    }
    return Ok();
  });
}

/// Bytes on disk by topic and partition; nothing for a cluster of others, which tells no sizes.
TopicSizes Instance::embedded_sizes() {
  kafka::Broker* broker = servers_->broker();
  if (broker == nullptr) return nullptr;
  return [broker, &loop = servers_->kafka_loop()](std::function<void(PartitionBytes)> done) {
    loop.post([broker, done = std::move(done)] {
      PartitionBytes sizes;
      for (const kafka::TopicView& topic : broker->topic_views()) {
        for (const kafka::PartitionView& partition : topic.partitions) {
          sizes[{topic.name, partition.partition}] = partition.size_bytes;
        }
      }
      done(std::move(sizes));
    });
  };
}

void Instance::stop() {
  directory_->withdraw_endpoints();
  on_loop(console_room_.loop(), [this] { console_.reset(); });
  if (scheduler_) {
    wait_for<bool>(pipeline_room_.loop(), [this](const auto& done) { scheduler_->stop([done] { done(true); }); });
  }
  if (pipeline_) {
    wait_for<bool>(pipeline_room_.loop(), [this](const auto& done) { pipeline_->stop([done] { done(true); }); });
  }
  servers_->stop();
}

}  // namespace streamops::app
