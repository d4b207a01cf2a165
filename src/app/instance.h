// app/instance.h — everything of one process, wired: servers, connectors, pipeline, scheduler, console. What `up` and
// `run` start.
//
//   start: data directory -> servers -> pipeline (topics, tables, streams) -> scheduler -> console -> endpoints.json
//   stop:  the same backwards, within two seconds; whatever is not done by then goes on after the next start
//
// A cluster that is away holds nothing up: after a short wait the rest starts, and the pipeline goes on when it comes.
//
// Threads: called from the main thread; it waits for the loops.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>

#include "app/data_directory.h"
#include "app/ports/topics_port.h"
#include "app/servers.h"
#include "app/terminal.h"
#include "auth/accounts.h"
#include "console/console.h"
#include "cql/client/client.h"
#include "kafka/client/config.h"
#include "observe/metrics.h"
#include "pipeline/check.h"
#include "pipeline/pipeline.h"
#include "workflow/scheduler.h"

namespace streamops::app {

struct InstanceOptions {
  std::string data_directory;
  SettingValues settings;
  pipeline::CheckedPipelinePtr pipeline;  // nullptr: servers only
  bool with_console = true;
  bool with_scheduler = true;
  std::string only_task;  // not empty: just this task of the pipeline, and none of its streams
  workflow::TriggerPolicy trigger = workflow::TriggerPolicy::first;
  std::optional<pipeline::Engine> engine;        // of all streams, whatever file and profile say
  bool once = false;                             // streams of other engines wait for Pipeline::pass()
  std::function<void(const Error&)> on_problem;  // what a person should hear of while all runs; from any thread
};

class Instance {
 public:
  /// Errors: what stands in the way of a start (directory, ports, disk). Trouble of the pipeline alone does not: see
  /// pipeline_error().
  static Result<std::unique_ptr<Instance>> start(InstanceOptions options);
  ~Instance();

  /// Where everything is: embedded servers, the profile's clusters ("kafka", "cql"), the console.
  const std::map<std::string, std::string>& endpoints() const { return endpoints_; }
  /// True for an endpoint of a cluster that the profile names.
  bool is_external(const std::string& endpoint) const { return external_.contains(endpoint); }
  /// True while admin/admin opens the console.
  bool has_default_password() const { return has_default_password_; }
  /// Why the pipeline, or a part of it, did not start. Trouble that comes later goes to `on_problem`.
  const std::optional<Error>& pipeline_error() const { return pipeline_error_; }
  pipeline::Pipeline* pipeline() { return pipeline_.get(); }
  runtime::Loop& pipeline_loop() { return pipeline_room_.loop(); }
  /// The DAG of the pipeline. A run that succeeds forgets its spool; that of a failed one stays, and its next try goes
  /// on from there.
  workflow::DagSpec dag() const;

  /// Ends everything in order.
  void stop();

 private:
  explicit Instance(InstanceOptions options);
  const pipeline::Profile& profile() const;
  Result<void> start_servers();
  Result<void> make_pipeline();
  void start_pipeline();
  Result<void> start_scheduler();
  Result<void> start_console();
  TopicSizes embedded_sizes();

  InstanceOptions options_;
  std::unique_ptr<DataDirectory> directory_;
  std::unique_ptr<runtime::Pool> file_pool_;
  std::unique_ptr<runtime::Pool> client_pool_;
  std::string spool_directory_;
  std::unique_ptr<runtime::Pool> state_pool_;
  std::unique_ptr<runtime::Pool> look_pool_;  // the console's looks into Kafka, which may take long; made with it
  observe::Metrics metrics_;
  std::unique_ptr<Servers> servers_;
  Room pipeline_room_;
  Room console_room_;
  kafka::ClientConfig kafka_;
  cql::ClientOptions cql_;
  std::unique_ptr<pipeline::ConnectorFactory> connectors_;
  std::unique_ptr<pipeline::Pipeline> pipeline_;
  std::optional<Error> pipeline_error_;
  std::unique_ptr<workflow::Scheduler> scheduler_;
  std::unique_ptr<auth::Accounts> accounts_;
  std::unique_ptr<console::Console> console_;
  bool has_default_password_ = false;
  std::map<std::string, std::string> endpoints_;
  std::set<std::string> external_;
};

}  // namespace streamops::app
