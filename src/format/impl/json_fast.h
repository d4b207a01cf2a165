// format/impl/json_fast.h — the fast way: plain JSON that fits the schema, in one pass from the bytes to the columns.
//
// The members of an object mostly come in the order of the object before, with the same blanks between them; so what
// stands between two values is compared with what stood there last time, up to 32 bytes at once, and read apart only
// where it differs. Texts are searched for their end 32 bytes at once and stay where they are (text_stage.h).
//
// It gives up at the first surprise (damage, a value that does not fit, a name twice, an unusual escape), leaving the
// verdict to the lenient parser; what it accepts, the lenient parser accepts with the same result. Members that the
// schema does not name are checked for being JSON too, and so is what stands behind the last one that is needed.
#pragma once

#include <string_view>

#include "format/impl/json_node.h"
#include "format/impl/text_stage.h"

namespace streamops::format {

class JsonFast {
 public:
  /// `texts` takes the values of the nodes that are staged.
  explicit JsonFast(TextStage& texts) : texts_(texts) {}

  enum class Outcome : std::uint8_t { row, gave_up_clean, gave_up_dirty };

  /// Reads `document`, behind which 64 bytes can be read. `row`: one value was appended to each builder, and the staged
  /// row is filled. `gave_up_clean`: nothing was appended. `gave_up_dirty`: one value was appended to each builder, and
  /// that row means nothing. The staged row means nothing after either.
  Outcome read(std::string_view document, JsonNode& root, int max_depth);

 private:
  TextStage& texts_;
};

}  // namespace streamops::format
