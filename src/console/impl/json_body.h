// console/impl/json_body.h — the JSON object in the body of a request, read field by field. An empty body is an empty
// object.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace streamops::console {

class JsonBody {
 public:
  /// Errors: SO-H104 (not a JSON object, or deeper than 64).
  static Result<JsonBody> parse(const std::string& body);
  JsonBody(JsonBody&&) noexcept;
  ~JsonBody();

  /// The field, or nothing when it is missing or null. Errors: SO-H104 (of another type).
  Result<std::optional<std::string>> text(const char* name) const;
  Result<std::optional<bool>> boolean(const char* name) const;
  /// An object as compact JSON text.
  Result<std::optional<std::string>> object(const char* name) const;
  /// A list of texts.
  Result<std::optional<std::vector<std::string>>> texts(const char* name) const;
  /// text(), which must be there.
  Result<std::string> required(const char* name) const;

 private:
  struct Impl;
  explicit JsonBody(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace streamops::console
