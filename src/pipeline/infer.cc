#include "pipeline/infer.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/text.h"
#include "errors/pipeline.h"

namespace streamops::pipeline {

namespace {

using data::Field;
using data::Type;
using data::TypeId;
using data::TypePtr;

constexpr int max_depth = 64;

bool is_number(const Type& type) {
  return type.id() == TypeId::int64 || type.id() == TypeId::float64 || type.id() == TypeId::decimal;
}

TypePtr merge(const TypePtr& a, const TypePtr& b);

TypePtr merge_structures(const Type& a, const Type& b) {
  std::vector<Field> fields = a.fields();
  for (const Field& field : b.fields()) {
    bool found = false;
    for (Field& mine : fields) {
      if (mine.name != field.name) continue;
      mine.type = merge(mine.type, field.type);
      found = true;
    }
    if (!found) fields.push_back(field);
  }
  return Type::structure(std::move(fields));
}

TypePtr merge(const TypePtr& a, const TypePtr& b) {
  if (data::same_type(a, b) || b->id() == TypeId::null) return a;
  if (a->id() == TypeId::null) return b;
  if (a->id() == TypeId::structure && b->id() == TypeId::structure) return merge_structures(*a, *b);
  if (a->id() == TypeId::array && b->id() == TypeId::array) return Type::array(merge(a->element(), b->element()));
  if (is_number(*a) && is_number(*b)) {
    const bool fraction = a->id() == TypeId::float64 || b->id() == TypeId::float64;
    return fraction ? Type::scalar(TypeId::float64) : (a->id() == TypeId::decimal ? a : b);
  }
  return Type::scalar(TypeId::string);
}

/// What was only ever null becomes STRING; so does a structure without members, which no column can hold.
TypePtr settle(const TypePtr& type) {
  if (type->id() == TypeId::null) return Type::scalar(TypeId::string);
  if (type->id() == TypeId::array) return Type::array(settle(type->element()));
  if (type->id() != TypeId::structure) return type;
  if (type->fields().empty()) return Type::scalar(TypeId::string);
  std::vector<Field> fields = type->fields();
  for (Field& field : fields) field.type = settle(field.type);
  return Type::structure(std::move(fields));
}

/// Reads the type of one JSON text; nothing when the text is not JSON.
class TypeReader {
 public:
  explicit TypeReader(std::string_view text) : text_(text) {}

  std::optional<TypePtr> read() {
    std::optional<TypePtr> type = value(0);
    skip_blanks();
    return at_ == text_.size() ? type : std::nullopt;
  }

 private:
  void skip_blanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\n' || text_[at_] == '\r'))
      ++at_;
  }

  bool take(char wanted) {
    skip_blanks();
    if (at_ == text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  std::optional<TypePtr> value(int depth) {
    skip_blanks();
    if (at_ == text_.size() || depth > max_depth) return std::nullopt;
    if (text_[at_] == '{') return object(depth);
    if (text_[at_] == '[') return array(depth);
    if (text_[at_] == '"') return string() ? std::optional(Type::scalar(TypeId::string)) : std::nullopt;
    return word();
  }

  /// The text between the quotes, escapes as they stand.
  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    const std::size_t begin = at_;
    while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
    if (at_ >= text_.size()) return std::nullopt;
    return std::string(text_.substr(begin, at_++ - begin));
  }

  std::optional<TypePtr> word() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && std::string_view(",]} \t\r\n").find(text_[at_]) == std::string_view::npos) ++at_;
    const std::string_view found = text_.substr(begin, at_ - begin);
    if (found == "null") return Type::scalar(TypeId::null);
    if (found == "true" || found == "false") return Type::scalar(TypeId::boolean);
    return number(found);
  }

  static std::optional<TypePtr> number(std::string_view text) {
    std::size_t digits = 0;
    bool fraction = false;
    for (std::size_t n = 0; n < text.size(); ++n) {
      const char c = text[n];
      if (c >= '0' && c <= '9') {
        ++digits;
      } else if (c == '.' || c == 'e' || c == 'E' || (c == '+' && n > 0)) {
        fraction = true;
      } else if (c != '-') {
        return std::nullopt;
      }
    }
    if (digits == 0) return std::nullopt;
    if (fraction || digits > 38) return Type::scalar(TypeId::float64);
    return digits > 18 ? Type::decimal(38, 0) : Type::scalar(TypeId::int64);
  }

  std::optional<TypePtr> array(int depth) {
    take('[');
    TypePtr element = Type::scalar(TypeId::null);
    if (take(']')) return Type::array(element);
    do {
      const std::optional<TypePtr> item = value(depth + 1);
      if (!item) return std::nullopt;
      element = merge(element, *item);
    } while (take(','));
    return take(']') ? std::optional(Type::array(element)) : std::nullopt;
  }

  std::optional<TypePtr> object(int depth) {
    take('{');
    std::vector<Field> fields;
    if (take('}')) return Type::structure(std::move(fields));
    do {
      skip_blanks();
      const std::optional<std::string> name = string();
      if (!name || !take(':')) return std::nullopt;
      const std::optional<TypePtr> member = value(depth + 1);
      if (!member) return std::nullopt;
      std::erase_if(fields, [&](const Field& field) { return field.name == *name; });  // the last duplicate wins
      fields.push_back({*name, *member, true});
    } while (take(','));
    return take('}') ? std::optional(Type::structure(std::move(fields))) : std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<data::SchemaPtr> infer_schema(std::span<const std::string> samples) {
  std::optional<TypePtr> merged;
  for (const std::string& sample : samples) {
    const std::optional<TypePtr> type = TypeReader(sample).read();
    if (!type || (*type)->id() != TypeId::structure) continue;
    merged = merged ? merge(*merged, *type) : *type;
  }
  if (!merged || (*merged)->fields().empty()) {
    return Error(errors::pipeline::no_samples, "none of the {} samples is a JSON object with members", samples.size());
  }
  std::vector<Field> fields = (*merged)->fields();
  for (Field& field : fields) field.type = settle(field.type);
  return std::make_shared<const data::Schema>(std::move(fields));
}

std::string to_schema_text(const data::Schema& schema) {
  std::string out;
  for (const Field& field : schema.fields()) {
    if (!out.empty()) out += ",\n";
    out += data::Schema({field}).to_sql();
  }
  return out;
}

}  // namespace streamops::pipeline
