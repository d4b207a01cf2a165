// import/http_source.h — the API that a script polls: URL, parameters, headers, and how often its loop asks.
#pragma once

#include "import/draft.h"
#include "import/facts.h"

namespace streamops::importer {

/// Fills the source of `task`; what looks like a secret becomes ${env:…}. False, with a note in the draft, when the URL
/// is not known or the request is none that a source makes.
bool draft_http_source(const Facts& facts, const PollFact& poll, TaskDraft& task, PipelineDraft& draft);

}  // namespace streamops::importer
