#include "app/data_directory.h"
#include "app/pipeline_text.h"
#include "app/servers.h"
#include "app/spark_streams.h"
#include "app/verbs/verbs.h"
#include "runtime/on_loop.h"

namespace streamops::app {
namespace {

/// Stops what Spark runs for one stream, and forgets it.
Result<void> stop_stream(const spark::Connection& connection, const std::string& owner, const std::string& record) {
  Room room("stop");
  const std::unique_ptr<runtime::Pool> files = runtime::make_pool("files", 1);
  std::unique_ptr<runtime::HttpClient> http;
  std::unique_ptr<spark::StreamQuery> query;
  const auto stopped = wait_for<Result<void>>(room.loop(), [&](const auto& done) {
    http = runtime::make_http_client(room.loop());
    spark::StreamJob job;
    job.name = owner;
    query = std::make_unique<spark::StreamQuery>(
        std::move(job), connection,
        spark::QueryEnvironment{room.loop(), *http, runtime::system_disk(), *files, record});
    query->stop(done);
  });
  on_loop(room.loop(), [&] {
    query.reset();
    http.reset();
  });
  room.close();
  return stopped;
}

Result<int> stop_all(const pipeline::CheckedPipeline& pipeline, const Arguments& arguments, Terminal& terminal) {
  runtime::Disk& disk = runtime::system_disk();
  // Taking the lock proves that no `streamops up` is there to start the streams again.
  STREAMOPS_ASSIGN(const std::unique_ptr<DataDirectory> directory,
                   DataDirectory::open(data_directory_of(arguments), disk));
  STREAMOPS_ASSIGN(const std::string room, directory->room("pipeline"));
  int stopped = 0;
  for (const pipeline::CheckedStep& stream : pipeline.streams) {
    const std::string record = spark_record_path(room, pipeline.owner(stream));
    if (!disk.exists(record)) continue;
    STREAMOPS_ASSIGN(const spark::Connection connection, make_spark_connection(pipeline.file.profile));
    STREAMOPS_RETURN_IF_ERROR(stop_stream(connection, pipeline.owner(stream), record));
    terminal.note(fmt::format("{}: stopped on {}", stream.name(), connection.remote.text()));
    ++stopped;
  }
  return stopped;
}

ExitCode stop(const Arguments& arguments, Terminal& terminal) {
  ExitCode code = ExitCode::success;
  const pipeline::CheckedPipelinePtr pipeline = load_pipeline(arguments, terminal, code);
  if (!pipeline) return code;
  const Result<int> stopped = stop_all(*pipeline, arguments, terminal);
  if (!stopped) {
    terminal.fail(stopped.error());
    return exit_code_for(stopped.error());
  }
  if (*stopped == 0) terminal.note("No stream of this pipeline was started on Spark from here.");
  return ExitCode::success;
}

}  // namespace

VerbSpec stop_verb() {
  return {.name = "stop",
          .summary = "Stop the streams that Spark runs for a pipeline",
          .details =
              "A stream with `engine: spark` runs on when `up` or `run` ends. This stops its queries and closes its "
              "session; the checkpoint stays, so that the next start goes on there. Stop `streamops up` before.",
          .positionals = {{"FILE", "the pipeline file; the reference pipeline when left out"}},
          .options = {profile_option(), data_directory_option()},
          .examples = {{"streamops stop pipeline.yaml --profile real", "after the end of `streamops up`"}},
          .run = stop};
}

}  // namespace streamops::app
