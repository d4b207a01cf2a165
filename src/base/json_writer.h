// base/json_writer.h — writes JSON text front to back. Used by listings, REST answers and checkpoints; the engine's
// to_json has Spark's rules and lives in format/.
//
//   JsonWriter json;
//   json.begin_object().key("name").string("users_created").key("partitions").number(4).end_object();
//   std::string text = std::move(json).text();
//
// Invariant: calls must nest; a key is followed by exactly one value (checked).
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace streamops {

class JsonWriter {
 public:
  JsonWriter& begin_object();
  JsonWriter& end_object();
  JsonWriter& begin_array();
  JsonWriter& end_array();
  JsonWriter& key(std::string_view name);
  /// Escapes what JSON asks for; bytes that are not UTF-8 become U+FFFD.
  JsonWriter& string(std::string_view value);
  template <std::integral T>
    requires(!std::same_as<T, bool>)
  JsonWriter& number(T value) {
    return raw(std::to_string(value));
  }
  /// Shortest text that reads back equal; NaN and infinities become null.
  JsonWriter& number(double value);
  JsonWriter& boolean(bool value) { return raw(value ? "true" : "false"); }
  JsonWriter& null() { return raw("null"); }
  /// One ready-made JSON value.
  JsonWriter& raw(std::string_view json);

  /// key(name).string(value) and its kin in one call.
  JsonWriter& field(std::string_view name, std::string_view value) { return key(name).string(value); }
  JsonWriter& field(std::string_view name, const char* value) { return key(name).string(value); }
  JsonWriter& field(std::string_view name, bool value) { return key(name).boolean(value); }
  template <typename T>
    requires(std::integral<T> && !std::same_as<T, bool>) || std::floating_point<T>
  JsonWriter& field(std::string_view name, T value) {
    return key(name).number(value);
  }

  const std::string& text() const& { return out_; }
  std::string text() && { return std::move(out_); }

 private:
  void before_value();

  std::string out_;
  std::vector<bool> has_items_;  // one entry an open object or array
  bool after_key_ = false;
};

/// Appends `value` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view value);

}  // namespace streamops
