// format/impl/json_fast.h — the fast way: plain JSON that fits the schema, by simdjson on-demand, straight into the
// builders.
//
// It gives up at the first surprise (damage, a value that does not fit, a name twice, an unusual escape), leaving the
// verdict to the lenient parser; what it accepts, the lenient parser accepts with the same result. Members that the
// schema does not name are checked for being JSON too.
#pragma once

#include <memory>
#include <string_view>

#include "format/impl/json_node.h"

namespace streamops::format {

class JsonFast {
 public:
  JsonFast();
  ~JsonFast();

  enum class Outcome : std::uint8_t { row, gave_up_clean, gave_up_dirty };

  /// Reads `document`, behind which 64 bytes can be read. `row`: one value was appended to each builder.
  /// `gave_up_clean`: nothing was appended. `gave_up_dirty`: one value was appended to each builder, and that row means
  /// nothing.
  Outcome read(std::string_view document, JsonNode& root, int max_depth);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
};

}  // namespace streamops::format
