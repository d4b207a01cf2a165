// import/traps.h — what trips users of such projects: each trap with its code, its place and what to do.
//
// Traps that `streamops doctor` finds too have its codes (SO-D…); those that only a project's files show are SO-I1xx.
#pragma once

#include "import/draft.h"
#include "import/sources.h"

namespace streamops::importer {

void find_compose_traps(const Sources& sources, PipelineDraft& draft);
void find_kafka_traps(const Sources& sources,
                      PipelineDraft& draft);  // of brokers in compose files, and of their clients
void find_script_traps(const Sources& sources, PipelineDraft& draft);   // of Python
void find_airflow_traps(const Sources& sources, PipelineDraft& draft);  // of DAGs, requirements, start scripts
void find_spark_traps(const Sources& sources, PipelineDraft& draft);    // of Spark sessions and streams

/// All of them.
void find_traps(const Sources& sources, PipelineDraft& draft);

}  // namespace streamops::importer
