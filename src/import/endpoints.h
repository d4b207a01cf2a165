// import/endpoints.h — where the project's Kafka and Cassandra are, seen from the machine that runs its containers.
#pragma once

#include "import/draft.h"
#include "import/sources.h"

namespace streamops::importer {

/// Fills draft.real: from the ports that the compose file publishes, else from what the scripts connect to. Secrets
/// become ${env:…}.
void draft_profile(const Sources& sources, PipelineDraft& draft);

/// A published port of a service on the host for a port within, or 0.
int published(const Service& service, int container);

}  // namespace streamops::importer
