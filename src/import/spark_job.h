// import/spark_job.h — what a project does all the time: Spark's streams, and consumers that write into Cassandra.
#pragma once

#include "import/dag.h"
#include "import/draft.h"
#include "import/facts.h"
#include "import/tables.h"
#include "pipeline/check_table.h"

namespace streamops::importer {

/// A stream for each topic that is read into a table. `fits` tells which columns a table takes; it may be empty.
void draft_streams(const Facts& facts, const CqlSchema& tables, const pipeline::ColumnFits& fits, PipelineDraft& draft);

/// What the readers of topics declare.
TopicTypes types_of_topics(const Facts& facts);

}  // namespace streamops::importer
