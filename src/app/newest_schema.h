// app/newest_schema.h — the columns of an Avro source that names none: what the profile's registry has for its topic.
#pragma once

#include <string>

#include "pipeline/check.h"

namespace streamops::app {

/// Asks the registry that the profile names, for at most ten seconds; for an embedded one, reads its file in
/// `data_directory`, so it need not run. Errors: SO-G101, SO-G102, SO-G104, SO-G106 to SO-G108, SO-P046.
pipeline::NewestSchema newest_schema(std::string data_directory);

}  // namespace streamops::app
