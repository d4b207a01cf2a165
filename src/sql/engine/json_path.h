// sql/engine/json_path.h — paths into JSON texts, for get_json_object: $, .name, ['name'], [index], [*].
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace streamops::sql {

class JsonPath {
 public:
  /// Nothing when the path is malformed: then every result is NULL.
  static std::optional<JsonPath> compile(std::string_view path);

  /// Appends what the path finds: a text without quotes, anything else as compact JSON. False when there is nothing or
  /// the text is no JSON. Numbers are written as Spark writes them, so 1.50 becomes 1.5.
  bool find(std::string_view json, std::string& out) const;

 private:
  struct Step {
    enum class Kind : std::uint8_t { member, index, every } kind;
    std::string name;
    std::size_t index = 0;
  };
  friend class JsonPathReader;
  std::vector<Step> steps_;
};

}  // namespace streamops::sql
