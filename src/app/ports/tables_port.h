// app/ports/tables_port.h — the console's view of tables, over the embedded store, which lives on a loop of its own.
#pragma once

#include <memory>

#include "console/ports.h"
#include "cql/store/server/cql_server.h"
#include "runtime/loop.h"

namespace streamops::app {

/// `store` and its `loop` must outlive the port.
std::shared_ptr<console::TablesPort> make_tables_port(cql::store::CqlServer& store, runtime::Loop& loop);

}  // namespace streamops::app
