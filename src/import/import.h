// import/import.h — a tutorial project (compose file, Airflow DAG, Spark script) as a pipeline file of ours.
//
//   folder -> files (project.h) -> trees (python.h), services (compose.h) -> what the scripts do (interpreter.h,
//   facts.h)
//          -> tasks (dag.h), streams (spark_job.h), traps (traps.h) -> text (write.h) -> check (pipeline/check.h)
//
// Nothing of the project is run, and nothing is made up: what its files do not say is left out and listed. The text
// that comes out has passed the check that `streamops check` and `streamops up` make. Threads: pure but for reading the
// folder; any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "import/draft.h"
#include "import/sources.h"
#include "pipeline/check_table.h"

namespace streamops::importer {

struct Imported {
  std::string project;              // name of its folder
  PipelineDraft draft;              // with what was taken over, what was left, and the traps
  std::string text;                 // of the pipeline file; empty when nothing could be imported
  std::vector<std::string> to_set;  // variables of the environment that the file wants
  std::optional<Error> failure;     // SO-I002 or SO-I009, exactly when `text` is empty
};

struct ImportOptions {
  std::string file = "pipeline.yaml";  // the name in the file's head and in messages
  pipeline::ColumnFits fits;           // the connector's word on columns; may be empty
};

/// Errors: SO-I001. Everything else is in the result.
Result<Imported> import_project(const std::string& folder, const ImportOptions& options);

/// The same from files that were read already.
Imported import_files(Project project, const ImportOptions& options);

/// What was taken over, what was not, and the traps, for people; one line an entry, ends with a newline.
std::string report_text(const Imported& imported);
/// The same as one JSON document, with the text of the file.
std::string report_json(const Imported& imported);

}  // namespace streamops::importer
