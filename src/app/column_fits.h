// app/column_fits.h — the Cassandra connector's word on whether a column of a SELECT fits a column of a table, for
// `check`.
#pragma once

#include "pipeline/check.h"

namespace streamops::app {

/// Types that only a server knows (user-defined ones) pass here and are judged when the table opens.
pipeline::ColumnFits cassandra_column_fits();

}  // namespace streamops::app
