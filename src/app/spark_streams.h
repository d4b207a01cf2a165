// app/spark_streams.h — streams of a pipeline that a Spark cluster runs: which ones, what is submitted, and how they
// are looked after.
//
//   start: keyspace and table through our own Cassandra client -> dead-letter topic -> spark::StreamQuery
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "cql/client/client.h"
#include "kafka/client/config.h"
#include "pipeline/pipeline.h"
#include "runtime/disk.h"
#include "runtime/pool.h"
#include "spark/stream_query.h"

namespace streamops::app {

/// What `--engine` says: nothing when it is absent. Errors: SO-A101.
Result<std::optional<pipeline::Engine>> parse_engine(const std::string& text);

/// Who runs a stream: what was asked for on the command line, else what the stream says, else the profile.
pipeline::Engine engine_of(const pipeline::CheckedStep& stream, const pipeline::Profile& profile,
                           std::optional<pipeline::Engine> asked);

/// Everything outlives the streams; all of it belongs to the pipeline's loop.
struct SparkSurroundings {
  pipeline::CheckedPipelinePtr pipeline;
  std::optional<pipeline::Engine> asked;
  bool once = false;          // start() makes ready, pass() does the work
  kafka::ClientConfig kafka;  // as we reach it
  cql::ClientOptions cql;
  pipeline::ConnectorFactory& connectors;
  runtime::Loop& loop;
  runtime::Disk& disk;
  runtime::Pool& files;
  std::string directory;  // for what is remembered of each stream
};

/// For Pipeline::set_foreign_streams(). Errors of the streams: SO-E0xx, those of the Cassandra sink's open().
pipeline::ForeignStreams make_spark_streams(SparkSurroundings surroundings);

/// What is submitted for a stream. `kafka` and `cql` say how we reach the systems; the profile may know another way for
/// Spark. Errors: the disk's (certificates).
Result<spark::StreamJob> make_spark_job(const pipeline::CheckedPipeline& pipeline, const pipeline::CheckedStep& stream,
                                        const kafka::ClientConfig& kafka, const cql::ClientOptions& cql,
                                        const runtime::Disk& disk);
/// How to reach the profile's Connect server. Errors: SO-E020, SO-E021.
Result<spark::Connection> make_spark_connection(const pipeline::Profile& profile);
/// Where the record of a stream is, below the data directory's room for pipelines.
std::string spark_record_path(const std::string& directory, const std::string& owner);

}  // namespace streamops::app
