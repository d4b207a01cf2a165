// import/value.h — what a Python expression of a pipeline's script means to us: a constant, a part of an API's answer,
// a column of a topic, something of a library, or unknown.
//
//   requests.get(url).json()['results'][0]['email']   ->  path, root "answer 0", steps results [0] email
//   f"{a} {b}"                                         ->  operation "concat" of path, text, path
//   spark.readStream.format("kafka")                   ->  object "DataStreamReader" with its attributes
//
// Lists, dicts and objects are shared and mutable, as in Python; everything else is never changed once made.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "import/python.h"

namespace streamops::importer {

/// Where something stands in the project.
struct Where {
  std::string file;  // relative to the project's folder
  std::uint32_t line = 0;

  std::string to_text() const { return file + ":" + std::to_string(line); }
  friend auto operator<=>(const Where&, const Where&) = default;
};

enum class ValueKind : std::uint8_t {
  unknown,    // text: why
  none,       //
  boolean,    // text: "true" or "false"
  number,     // text: digits
  text,       // text
  list,       // items (tuples too)
  dict,       // entries
  function,   // definition, scope; text: its name
  symbol,     // text: dotted name of something of a library: "requests.get"
  object,     // text: its class; entries: what it knows
  path,       // text: the root ("answer", "record"); steps
  operation,  // text: what is done; items: with what
  type        // text: DDL of a Spark type
};

struct Step {
  enum class Kind : std::uint8_t { member, index, each };
  Kind kind = Kind::member;
  std::string name;  // member: its name; each: what an element is called
  int index = 0;

  friend auto operator<=>(const Step&, const Step&) = default;
};

struct Value;
using ValuePtr = std::shared_ptr<Value>;
struct Scope;
struct Frame;

struct Value {
  ValueKind kind = ValueKind::unknown;
  std::string text;
  std::vector<ValuePtr> items;
  std::vector<std::pair<std::string, ValuePtr>> entries;
  std::vector<Step> steps;
  Where where;
  const python::Statement* definition = nullptr;
  python::ExpressionPtr lambda;
  std::shared_ptr<Scope> scope;
  std::shared_ptr<const Frame> frame;  // of a DataFrame

  bool is(ValueKind wanted) const { return kind == wanted; }
  bool is_object(std::string_view class_name) const { return kind == ValueKind::object && text == class_name; }
  bool is_operation(std::string_view what) const { return kind == ValueKind::operation && text == what; }
  /// Of a dict or an object; null when there is none.
  ValuePtr find(std::string_view key) const;
  void set(std::string_view key, ValuePtr value);
  std::optional<double> as_number() const;
};

ValuePtr unknown(std::string why);
ValuePtr none_value();
ValuePtr boolean_value(bool value);
ValuePtr number_value(double value);
ValuePtr text_value(std::string text);
ValuePtr symbol(std::string name);
ValuePtr object(std::string class_name, const Where& where);
ValuePtr operation(std::string what, std::vector<ValuePtr> items);
ValuePtr path_value(std::string root);
ValuePtr type_value(std::string ddl);
ValuePtr list_value(std::vector<ValuePtr> items);
/// `base` one step further.
ValuePtr step_into(const Value& base, Step step);

/// Whether it holds a part of an answer or record, however deep.
bool depends_on_data(const Value& value);

/// A setting as text: constants as they are, the environment's variables as ${env:NAME} (with a known default: that).
/// Nothing when it is not known before the script runs.
std::optional<std::string> setting_text(const Value* value);

/// Whether a variable, key or parameter of that name holds a secret.
bool names_secret(std::string_view name);

}  // namespace streamops::importer
