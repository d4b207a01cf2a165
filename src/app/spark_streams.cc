#include "app/spark_streams.h"

#include <mutex>

namespace streamops::app {
namespace {

pipeline::StreamState to_state(spark::QueryState state) {
  switch (state) {
    case spark::QueryState::starting:
      return pipeline::StreamState::starting;
    case spark::QueryState::running:
      return pipeline::StreamState::running;
    case spark::QueryState::stopped:
      return pipeline::StreamState::stopped;
    case spark::QueryState::failed:
      return pipeline::StreamState::failed;
  }
  return pipeline::StreamState::failed;
}

/// One stream that Spark runs.
class SparkStream final : public pipeline::ForeignStream {
  using Done = std::function<void(Result<void>)>;

 public:
  SparkStream(std::shared_ptr<const SparkSurroundings> around, std::shared_ptr<runtime::HttpClient> http,
              const pipeline::CheckedStep& step, spark::StreamJob job, spark::Connection connection,
              std::unique_ptr<data::Sink> table)
      : around_(std::move(around)),
        http_(std::move(http)),
        step_(step),
        letters_(job.dead_letters),
        table_(std::move(table)),
        query_(std::move(job), std::move(connection),
               {around_->loop, *http_, around_->disk, around_->files,
                spark_record_path(around_->directory, around_->pipeline->owner(step))}) {}

  void start(Done done) override {
    opened_ = std::move(done);
    table_->open(step_.query->output(), [this, alive = std::weak_ptr(alive_)](const Result<void>& opened) {
      if (alive.expired()) return;
      if (!opened) return fail(opened.error());
      create_letters();
    });
  }

  void pass(Done done) override {
    if (failure_) return done(*failure_);
    pass_ = std::move(done);
    if (ready_) run_pass();
  }

  void leave(runtime::Callback done) override { table_->close(std::move(done)); }

  pipeline::StreamStatus status() const override {
    const spark::QueryStatus query = query_.status();
    pipeline::StreamStatus status;
    status.name = step_.name();
    status.topic = step_.spec->kafka_source->topic;
    status.table = step_.spec->table.text;
    status.engine = query.version.empty() ? "Spark" : "Spark " + query.version;
    status.state = to_state(query.state);
    status.records_in = query.records_in;
    status.rows_out = query.rows_out;
    status.poison = query.dead_letters;
    status.epochs = query.batches;
    status.records_per_second = query.records_per_second;
    status.lag = query.lag;
    status.epoch_latency = query.batch_time;
    status.last_record_at = query.last_batch_at;
    status.positions = query.positions;
    status.trouble = query.trouble;
    const std::lock_guard lock(mutex_);
    if (failed_) {
      status.state = pipeline::StreamState::failed;
      status.trouble = failed_;
    }
    return status;
  }

 private:
  /// Spark's sink writes into topics that exist.
  void create_letters() {
    const pipeline::ConnectorUse use{around_->loop, around_->pipeline->owner(step_), {}, {}, {}};
    around_->connectors.create_topic(letters_, 1, use, [this, alive = std::weak_ptr(alive_)](const Result<void>& made) {
      if (alive.expired()) return;
      if (!made) return fail(made.error());
      ready();
    });
  }

  void ready() {
    ready_ = true;
    if (around_->once) {
      opened(Ok());
      if (pass_) run_pass();
      return;
    }
    query_.start([this, alive = std::weak_ptr(alive_)](const Result<void>& started) {
      if (alive.expired()) return;
      opened(started ? started : Result<void>(placed(started.error())));
    });
  }

  void run_pass() {
    query_.run_once([this, alive = std::weak_ptr(alive_)](const Result<void>& done) {
      if (alive.expired()) return;
      if (const Done tell = std::exchange(pass_, nullptr)) tell(done ? done : Result<void>(placed(done.error())));
    });
  }

  /// An error of the select at its place in the file.
  Error placed(const Error& error) const {
    if (error.place() == nullptr) return error;
    return error.with_place(around_->pipeline->file.document->place_in(*step_.spec->select.node, *error.place()));
  }

  void fail(const Error& error) {
    failure_ = error;
    {
      const std::lock_guard lock(mutex_);
      failed_ = error;
    }
    opened(error);
    if (const Done tell = std::exchange(pass_, nullptr)) tell(error);
  }

  void opened(const Result<void>& result) {
    if (const Done done = std::exchange(opened_, nullptr)) done(result);
  }

  std::shared_ptr<const SparkSurroundings> around_;
  std::shared_ptr<runtime::HttpClient> http_;
  const pipeline::CheckedStep& step_;
  std::string letters_;
  std::unique_ptr<data::Sink> table_;
  spark::StreamQuery query_;
  Done opened_;
  Done pass_;
  bool ready_ = false;
  std::optional<Error> failure_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  mutable std::mutex mutex_;  // guards failed_, which other threads read
  std::optional<Error> failed_;
};

}  // namespace

pipeline::ForeignStreams make_spark_streams(SparkSurroundings surroundings) {
  auto around = std::make_shared<const SparkSurroundings>(std::move(surroundings));
  std::shared_ptr<runtime::HttpClient> http = runtime::make_http_client(around->loop);
  return [around, http](const pipeline::CheckedStep& step) -> Result<std::unique_ptr<pipeline::ForeignStream>> {
    const pipeline::CheckedPipeline& pipeline = *around->pipeline;
    if (engine_of(step, pipeline.file.profile, around->asked) != pipeline::Engine::spark) {
      return std::unique_ptr<pipeline::ForeignStream>();
    }
    STREAMOPS_ASSIGN(spark::Connection connection, make_spark_connection(pipeline.file.profile));
    STREAMOPS_ASSIGN(spark::StreamJob job, make_spark_job(pipeline, step, around->kafka, around->cql, around->disk));
    const pipeline::ConnectorUse use{around->loop, pipeline.owner(step), {}, step.key_columns, {}};
    STREAMOPS_ASSIGN(std::unique_ptr<data::Sink> table, around->connectors.cassandra_sink(*step.cassandra_sink, use));
    return std::unique_ptr<pipeline::ForeignStream>(
        std::make_unique<SparkStream>(around, http, step, std::move(job), std::move(connection), std::move(table)));
  };
}

}  // namespace streamops::app
