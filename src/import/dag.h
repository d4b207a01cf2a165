// import/dag.h — what a project does on a schedule: a DAG and its tasks, or a script that polls.
#pragma once

#include <map>

#include "import/draft.h"
#include "import/facts.h"

namespace streamops::importer {

/// A topic's fields with their types as DDL, in order.
using FieldTypes = std::vector<std::pair<std::string, std::string>>;
/// What who reads a topic declares of it.
using TopicTypes = std::map<std::string, FieldTypes>;

/// Name, schedule and time zone of the first DAG, and a task for each topic that an API's answers are sent to.
void draft_tasks(const Facts& facts, const TopicTypes& types, PipelineDraft& draft);

}  // namespace streamops::importer
