// app/ports/schemas_port.h — the console's view of a schema registry, embedded or not: over the same REST API.
//
// Nothing connects before somebody looks.
#pragma once

#include <memory>

#include "console/ports.h"
#include "registry/client/client.h"
#include "runtime/loop.h"

namespace streamops::app {

/// `loop` is the console's; it must outlive the port.
std::shared_ptr<console::SchemasPort> make_schemas_port(registry::ClientOptions options, runtime::Loop& loop);

}  // namespace streamops::app
