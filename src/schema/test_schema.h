// schema/test_schema.h — what the tests of schemas share.
#pragma once

#include <doctest/doctest.h>

#include <string_view>

#include "schema/avro.h"

namespace streamops::schema {

/// The schema that a text describes; a text that describes none fails the test.
inline AvroSchemaPtr parsed(std::string_view text) {
  const Result<AvroSchemaPtr> schema = AvroSchema::parse(text);
  if (!schema) FAIL(schema.error().to_line());
  return *schema;
}

}  // namespace streamops::schema
