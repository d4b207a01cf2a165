// cql/store/system/cell_values.h — wire values of the few types that system tables have.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/uuid.h"
#include "cql/grammar/properties.h"

namespace streamops::cql::store {

std::optional<Bytes> text_value(std::string_view text);
std::optional<Bytes> int_value(std::int32_t value);
std::optional<Bytes> double_value(double value);
std::optional<Bytes> boolean_value(bool value);
std::optional<Bytes> uuid_value(const Uuid& uuid);
/// An address in text; nothing when it is none.
std::optional<Bytes> inet_value(std::string_view address);
/// list<text>, or set<text> when the texts are sorted.
std::optional<Bytes> texts_value(const std::vector<std::string>& texts);
/// map<text, text>, sorted by key.
std::optional<Bytes> map_value(PropertyMap map);

}  // namespace streamops::cql::store
