#include "base/json_writer.h"

#include <fmt/core.h>

#include <cmath>

#include "base/check.h"
#include "base/text.h"

namespace streamops {

void append_json_string(std::string& out, std::string_view value) {
  std::string repaired;
  if (!is_utf8(value)) {
    // Only broken input pays for this: each byte that starts no valid sequence becomes U+FFFD.
    for (std::size_t i = 0; i < value.size();) {
      std::size_t length = 1;
      while (length <= 4 && i + length <= value.size() && !is_utf8(value.substr(i, length))) ++length;
      if (length > 4 || i + length > value.size()) {
        append_utf8(repaired, 0xFFFD);
        ++i;
      } else {
        repaired += value.substr(i, length);
        i += length;
      }
    }
    value = repaired;
  }
  out += '"';
  for (const char c : value) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      case '\b':
        out += "\\b";
        break;
      case '\f':
        out += "\\f";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
          out += c;
        }
    }
  }
  out += '"';
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (has_items_.empty()) return;
  if (has_items_.back()) out_ += ',';
  has_items_.back() = true;
}

JsonWriter& JsonWriter::begin_object() {
  before_value();
  out_ += '{';
  has_items_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::end_object() {
  STREAMOPS_CHECK(!has_items_.empty() && !after_key_, "end_object() without its begin");
  has_items_.pop_back();
  out_ += '}';
  return *this;
}

JsonWriter& JsonWriter::begin_array() {
  before_value();
  out_ += '[';
  has_items_.push_back(false);
  return *this;
}

JsonWriter& JsonWriter::end_array() {
  STREAMOPS_CHECK(!has_items_.empty() && !after_key_, "end_array() without its begin");
  has_items_.pop_back();
  out_ += ']';
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  STREAMOPS_CHECK(!has_items_.empty() && !after_key_, "a key outside of an object");
  before_value();
  append_json_string(out_, name);
  out_ += ':';
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::string(std::string_view value) {
  before_value();
  append_json_string(out_, value);
  return *this;
}

JsonWriter& JsonWriter::number(double value) {
  return raw(std::isfinite(value) ? fmt::format("{}", value) : "null");
}

JsonWriter& JsonWriter::raw(std::string_view json) {
  before_value();
  out_ += json;
  return *this;
}

}  // namespace streamops
