#include "cql/protocol/wire_code.h"
#include "cql/store/server/connection.h"
#include "errors/cql.h"
#include "errors/runtime.h"

namespace streamops::cql::store {

ErrorMessage to_wire(const Error& error) {
  ErrorMessage out = to_error_message(error);
  if (error.is(errors::cql::invalid_request) || error.is(errors::cql::not_served)) out.code = ErrorCode::invalid;
  if (error.is(errors::cql::bad_option)) out.code = ErrorCode::config_error;
  if (error.is(errors::cql::bad_property)) out.code = ErrorCode::syntax_error;
  if (error.is(errors::cql::not_allowed)) out.code = ErrorCode::unauthorized;
  if (error.is(errors::cql::overloaded)) out.code = ErrorCode::overloaded;
  if (error.is(errors::cql::not_authenticated)) out.code = ErrorCode::bad_credentials;
  if (error.is(errors::cql::already_exists)) {
    out.code = ErrorCode::already_exists;
    const std::string& place = error.label();
    const std::size_t dot = place.find('.');
    out.keyspace = place.substr(0, dot);
    if (dot != std::string::npos) out.name = place.substr(dot + 1);
  }
  // A client may try again when there is room.
  if (error.is(errors::runtime::disk_full)) {
    out.code = ErrorCode::overloaded;
    out.message = std::string(error.code()) + ": " + error.message();
  }
  return out;
}

}  // namespace streamops::cql::store
