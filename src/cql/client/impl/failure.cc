#include "cql/client/impl/failure.h"

#include "cql/client/client.h"
#include "errors/cql_client.h"

namespace streamops::cql {
namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// The server's words for a table or keyspace that is not there: no other row will fare better.
bool is_missing_table(std::string_view message) {
  return contains(message, "does not exist") || contains(message, "unconfigured table");
}

/// A node whose replicas of the roles are away answers as if the password were wrong; that passes.
bool is_login_unavailable(std::string_view message) {
  return contains(message, "Unable to perform authentication") || contains(message, "Cannot achieve consistency");
}

}  // namespace

Error to_error(const ErrorMessage& message) {
  const std::string text = describe(message.code) + ": " + message.message;
  switch (message.code) {
    case ErrorCode::bad_credentials:
      return is_login_unavailable(message.message) ? Error(errors::cql_client::busy, text)
                                                   : Error(errors::cql_client::credentials, text);
    case ErrorCode::unauthorized:
      return Error(errors::cql_client::unauthorized, text);
    case ErrorCode::invalid:
      return is_missing_table(message.message) ? Error(errors::cql_client::refused, text)
                                               : Error(errors::cql_client::invalid_request, text);
    case ErrorCode::syntax_error:
    case ErrorCode::config_error:
    case ErrorCode::already_exists:
    case ErrorCode::function_failure:
      return Error(errors::cql_client::refused, text);
    case ErrorCode::protocol_error:
      return Error(errors::cql_client::broken_answer, text);
    default:
      return Error(errors::cql_client::busy, text);
  }
}

FailureKind classify(const Error& error) {
  using namespace errors::cql_client;
  if (error.is(invalid_request)) return FailureKind::request;
  const bool is_fatal = error.is(credentials) || error.is(unauthorized) || error.is(no_common_version) ||
                        error.is(refused) || error.is(unknown_datacenter);
  return is_fatal ? FailureKind::fatal : FailureKind::retriable;
}

}  // namespace streamops::cql
