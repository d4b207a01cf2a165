#include "app/column_fits.h"

#include "connect/cassandra/conversion.h"
#include "cql/grammar/type_name.h"
#include "errors/cql_protocol.h"

namespace streamops::app {

pipeline::ColumnFits cassandra_column_fits() {
  return [](const std::string& column, const data::Type& from, const std::string& cql_type) -> Result<void> {
    const Result<cql::CqlTypePtr> to = cql::parse_type(cql_type);
    if (!to) {
      if (to.error().is(errors::cql_protocol::bad_type)) return Ok();
      return to.error();
    }
    STREAMOPS_RETURN_IF_ERROR(connect::ColumnWriter::make(column, from, *to));
    return Ok();
  };
}

}  // namespace streamops::app
