// registry/client/answer.h — what an HTTP answer of a registry means.
#pragma once

#include <string_view>

#include "base/result.h"
#include "runtime/http_client.h"
#include "schema/json.h"

namespace streamops::registry {

/// A complete answer in JSON: a success, or an error in the registry's own words.
struct Answer {
  int status = 200;
  schema::Json body;

  bool ok() const { return status < 300; }
  bool is_missing() const { return status == 404; }
  /// "Subject 'x' not found. (40401)".
  std::string message() const;
};

/// `base` is the registry's address, for messages. Errors: SO-G101 (try again), SO-G102, SO-G104.
Result<Answer> read_answer(const runtime::HttpResponse& response, std::string_view base);

}  // namespace streamops::registry
