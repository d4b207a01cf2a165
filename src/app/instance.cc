#include "app/instance.h"

#include "app/connectors.h"
#include "app/on_loop.h"
#include "app/ports/streams_port.h"
#include "app/ports/system_port.h"
#include "app/ports/tables_port.h"
#include "app/ports/topics_port.h"
#include "connect/http/source.h"
#include "console/dags_port.h"
#include "settings/cassandra.h"
#include "settings/console.h"
#include "settings/pipeline.h"
#include "settings/workflow.h"

namespace streamops::app {
namespace {

/// Forgets the spool of a run that has succeeded. That of a failed one stays: clearing the task goes on from there.
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
  console_room_.close();
  on_loop(pipeline_room_.loop(), [this] {
    scheduler_.reset();
    pipeline_.reset();
    connectors_.reset();
  });
  pipeline_room_.close();
  servers_.reset();
}

Result<std::unique_ptr<Instance>> Instance::start(InstanceOptions options) {
  std::unique_ptr<Instance> instance(new Instance(std::move(options)));
  Instance& self = *instance;
  STREAMOPS_ASSIGN(self.directory_, DataDirectory::open(self.options_.data_directory, runtime::system_disk()));
  STREAMOPS_ASSIGN(self.servers_,
                   Servers::start(*self.directory_, self.options_.settings, self.metrics_, self.options_.on_problem));
  self.endpoints_ = self.servers_->endpoints();
  if (self.options_.pipeline) {
    STREAMOPS_RETURN_IF_ERROR(self.start_pipeline());
    if (self.options_.with_scheduler) STREAMOPS_RETURN_IF_ERROR(self.start_scheduler());
  }
  if (self.options_.with_console) STREAMOPS_RETURN_IF_ERROR(self.start_console());
  STREAMOPS_RETURN_IF_ERROR(self.directory_->publish_endpoints(self.endpoints_));
  return instance;
}

Result<void> Instance::start_pipeline() {
  STREAMOPS_ASSIGN(const std::string directory, directory_->room("pipeline"));
  STREAMOPS_ASSIGN(spool_directory_, directory_->room("spool"));
  const pipeline::Profile& profile = options_.pipeline->file.profile;
  runtime::Loop& loop = pipeline_room_.loop();
  on_loop(loop, [&] {
    connectors_ =
        make_connectors(profile, servers_->kafka_address(), servers_->cql_address(),
                        {loop, pipeline_room_.network(), runtime::system_disk(), *file_pool_, *client_pool_,
                         spool_directory_, servers_->users_api(), settings::Cassandra::from(options_.settings)});
    pipeline_ = std::make_unique<pipeline::Pipeline>(
        options_.pipeline,
        pipeline::PipelineEnvironment{loop, *connectors_,
                                      pipeline::checkpoints_in(directory, runtime::system_disk(), loop, *file_pool_),
                                      &metrics_, settings::Pipeline::from(options_.settings), options_.only_task});
  });
  const Result<void> started = wait_for<Result<void>>(loop, [this](auto done) { pipeline_->start(done); });
  if (!started) pipeline_error_ = started.error();
  return Ok();
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
  return on_loop(console_room_.loop(), [&]() -> Result<void> {
    auth::AccountsOptions accounts;
    accounts.directory = directory;
    accounts.session_life = settings::Console::from(options_.settings).session_life;
    STREAMOPS_ASSIGN(accounts_,
                     auth::Accounts::open(console_room_.loop(), *state_pool_, runtime::system_disk(), accounts));
    console::Ports ports;
    ports.topics = make_topics_port(servers_->broker(), servers_->kafka_loop());
    ports.tables = make_tables_port(servers_->store(), servers_->cql_loop());
    if (pipeline_) ports.streams = make_streams_port(*options_.pipeline, *pipeline_, pipeline_room_.loop());
    if (scheduler_) ports.dags = console::make_dags_port(*scheduler_, pipeline_room_.loop());
    ports.system = make_system_port(directory_->path(), endpoints_);
    console_ = console::make_console(console_room_.loop(), console_room_.network(), *accounts_, std::move(ports));
    for (const runtime::Endpoint& at : loopback_endpoints(options_.settings.integer("server.console_port"))) {
      STREAMOPS_ASSIGN(const runtime::Endpoint local, console_->listen(at));
      endpoints_.emplace("console", runtime::to_string(local));
    }
    for (const runtime::Endpoint& at : loopback_endpoints(options_.settings.integer("server.control_center_port"))) {
      STREAMOPS_ASSIGN(const runtime::Endpoint local, console_->listen_topics(at));
      endpoints_.emplace("control_center", runtime::to_string(local));
    }
    return Ok();
  });
}

void Instance::stop() {
  directory_->withdraw_endpoints();
  on_loop(console_room_.loop(), [this] { console_.reset(); });
  if (scheduler_) {
    wait_for<bool>(pipeline_room_.loop(), [this](auto done) { scheduler_->stop([done] { done(true); }); });
  }
  if (pipeline_) {
    wait_for<bool>(pipeline_room_.loop(), [this](auto done) { pipeline_->stop([done] { done(true); }); });
  }
  servers_->stop();
}

}  // namespace streamops::app
