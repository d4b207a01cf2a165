// app/ports/tables_port.h — the console's view of a Cassandra cluster, embedded or not: over the same client.
//
// Nothing connects before somebody looks.
#pragma once

#include <memory>

#include "console/ports.h"
#include "cql/client/client.h"
#include "runtime/loop.h"
#include "runtime/network.h"

namespace streamops::app {

/// `loop` is the console's; it and `network` must outlive the port.
std::shared_ptr<console::TablesPort> make_tables_port(cql::ClientOptions options, runtime::Loop& loop,
                                                      runtime::Network& network);

}  // namespace streamops::app
