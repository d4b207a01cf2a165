// app/local_api.h — how verbs talk to the `streamops up` of a data directory: endpoints.json tells where, the token
// file lets in. Blocking; for the main thread.
#pragma once

#include <simdjson.h>

#include <memory>
#include <string>

#include "app/verb.h"
#include "base/result.h"

namespace streamops::app {

/// A JSON answer, as text for --json and as a tree for tables.
struct JsonAnswer {
  std::string text;
  std::shared_ptr<simdjson::dom::parser> parser;
  simdjson::dom::element root;
};

/// A text of an object; empty when it is missing or null. Numbers come as text.
std::string text_at(simdjson::dom::element object, std::string_view key);
std::int64_t number_at(simdjson::dom::element object, std::string_view key);
/// The elements of an array member; empty when it is none.
simdjson::dom::array array_at(simdjson::dom::element object, std::string_view key);

class LocalApi {
 public:
  /// For the process in --data-dir. Errors: SO-A104.
  static Result<std::unique_ptr<LocalApi>> open(const Arguments& arguments);
  virtual ~LocalApi() = default;

  /// `path` is below /api/streamops/. Errors: SO-A105, with the server's code in the text; SO-R010, SO-R011.
  virtual Result<JsonAnswer> get(const std::string& path) = 0;
  virtual Result<JsonAnswer> post(const std::string& path, const std::string& body) = 0;
};

/// Runs one listing: fetches `path`, prints its JSON for --json, or lets `show` print it. The exit status of the verb.
ExitCode list(const Arguments& arguments, Terminal& terminal, const std::string& path,
              const std::function<void(simdjson::dom::element)>& show);

}  // namespace streamops::app
