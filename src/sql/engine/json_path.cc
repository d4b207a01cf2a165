#include "sql/engine/json_path.h"

#include <algorithm>
#include <charconv>

#include "base/json_writer.h"
#include "base/text.h"
#include "data/text_form.h"

namespace streamops::sql {
namespace {

constexpr int deepest = 1000;

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

}  // namespace

/// Walks one text once, from front to back, and collects what the steps lead to.
class JsonPathReader {
 public:
  JsonPathReader(std::string_view json, const std::vector<JsonPath::Step>& steps) : json_(json), steps_(steps) {}

  /// The matches, each as JSON; a lone text also raw in `text`.
  bool run() {
    blanks();
    return value(0, true, 0);
  }
  std::vector<std::string> found;
  bool is_text = false;
  std::string text;

 private:
  using Kind = JsonPath::Step::Kind;

  char peek() const { return at_ < json_.size() ? json_[at_] : '\0'; }
  void blanks() {
    while (at_ < json_.size() && is_blank(json_[at_])) ++at_;
  }
  bool eat(char c) {
    blanks();
    if (peek() != c) return false;
    ++at_;
    return true;
  }

  /// Reads one value; where all steps are done (and it is wanted) its JSON is kept.
  bool value(std::size_t step, bool wanted, int depth) {
    if (depth > deepest) return false;
    blanks();
    if (wanted && step == steps_.size()) {
      std::string out;
      const bool quoted = peek() == '"' || peek() == '\'';
      if (!copy(out, depth)) return false;
      is_text = quoted;
      if (out != "null") found.push_back(std::move(out));
      return true;
    }
    switch (peek()) {
      case '{':
        return object(step, wanted, depth);
      case '[':
        return array(step, wanted, depth);
      default: {
        std::string ignored;
        return copy(ignored, depth);
      }
    }
  }

  bool object(std::size_t step, bool wanted, int depth) {
    ++at_;
    if (eat('}')) return true;
    bool taken = false;  // the first of equal names counts
    do {
      blanks();
      std::string name;
      if (!string(name) || !eat(':')) return false;
      const bool fits = wanted && !taken && steps_[step].kind == Kind::member && steps_[step].name == name;
      taken = taken || fits;
      if (!value(fits ? step + 1 : step, fits, depth + 1)) return false;
    } while (eat(','));
    return eat('}');
  }

  bool array(std::size_t step, bool wanted, int depth) {
    ++at_;
    if (eat(']')) return true;
    std::size_t index = 0;
    do {
      const bool every = wanted && steps_[step].kind == Kind::every;
      const bool fits = every || (wanted && steps_[step].kind == Kind::index && steps_[step].index == index);
      if (!value(fits ? step + 1 : step, fits, depth + 1)) return false;
      ++index;
    } while (eat(','));
    return eat(']');
  }

  /// Copies one value as compact JSON.
  bool copy(std::string& out, int depth) {
    if (depth > deepest) return false;
    blanks();
    const char c = peek();
    if (c == '{' || c == '[') return copy_nested(out, c == '{', depth);
    if (c == '"' || c == '\'') {
      text.clear();
      if (!string(text)) return false;
      append_json_string(out, text);
      return true;
    }
    for (std::string_view word : {"true", "false", "null"}) {
      if (!json_.substr(at_).starts_with(word)) continue;
      at_ += word.size();
      out += word;
      return true;
    }
    return number(out);
  }

  bool copy_nested(std::string& out, bool object, int depth) {
    const char close = object ? '}' : ']';
    out += json_[at_++];
    if (eat(close)) return out += close, true;
    bool first = true;
    do {
      if (!first) out += ',';
      first = false;
      if (object) {
        blanks();
        std::string name;
        if (!string(name) || !eat(':')) return false;
        append_json_string(out, name);
        out += ':';
      }
      if (!copy(out, depth + 1)) return false;
    } while (eat(','));
    out += close;
    return eat(close);
  }

  bool number(std::string& out) {
    const std::size_t start = at_;
    while (at_ < json_.size() && std::string_view("+-0123456789.eE").find(json_[at_]) != std::string_view::npos) ++at_;
    const std::string_view digits = json_.substr(start, at_ - start);
    const std::string_view magnitude = digits.starts_with('-') ? digits.substr(1) : digits;
    if (magnitude.empty() || magnitude[0] < '0' || magnitude[0] > '9') return false;
    if (magnitude.size() > 1 && magnitude[0] == '0' && magnitude[1] >= '0' && magnitude[1] <= '9') return false;
    if (digits.find_first_of(".eE") == std::string_view::npos) {
      out += digits;
      return magnitude.find_first_not_of("0123456789") == std::string_view::npos;
    }
    double real = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), real);
    if (error != std::errc() || end != digits.data() + digits.size() || digits.back() == '.') return false;
    data::append_double(out, real);
    return true;
  }

  bool string(std::string& out) {
    const char quote = peek();
    if (quote != '"' && quote != '\'') return false;
    ++at_;
    while (at_ < json_.size() && json_[at_] != quote) {
      if (static_cast<unsigned char>(json_[at_]) < 0x20) return false;
      if (json_[at_] != '\\') {
        out += json_[at_++];
      } else if (!escape(out)) {
        return false;
      }
    }
    return at_++ < json_.size();
  }

  bool unit(std::uint32_t& value) {
    if (at_ + 4 > json_.size()) return false;
    const auto [end, error] = std::from_chars(json_.data() + at_, json_.data() + at_ + 4, value, 16);
    at_ += 4;
    return error == std::errc() && end == json_.data() + at_;
  }

  bool escape(std::string& out) {
    if (at_ + 1 >= json_.size()) return false;
    const char c = json_[at_ + 1];
    at_ += 2;
    if (c == 'u') {
      std::uint32_t high = 0, low = 0;
      if (!unit(high)) return false;
      if (high >= 0xD800 && high < 0xDC00 && json_.substr(at_).starts_with("\\u")) {
        at_ += 2;
        if (!unit(low)) return false;
        high = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
      }
      append_utf8(out, high);
      return true;
    }
    constexpr std::string_view from = "\"\\/bfnrt'", to = "\"\\/\b\f\n\r\t'";
    const std::size_t known = from.find(c);
    if (known == std::string_view::npos) return false;
    out += to[known];
    return true;
  }

  std::string_view json_;
  const std::vector<JsonPath::Step>& steps_;
  std::size_t at_ = 0;
};

std::optional<JsonPath> JsonPath::compile(std::string_view path) {
  if (!path.starts_with('$')) return std::nullopt;
  JsonPath result;
  path.remove_prefix(1);
  while (!path.empty()) {
    if (path[0] == '.') {
      const std::size_t end = std::min(path.find_first_of(".[", 1), path.size());
      const std::string_view name = path.substr(1, end - 1);
      if (name.empty() || name == "*") return std::nullopt;
      result.steps_.push_back({Step::Kind::member, std::string(name), 0});
      path.remove_prefix(end);
    } else if (path.starts_with("['")) {
      const std::size_t end = path.find("']", 2);
      if (end == std::string_view::npos || end == 2) return std::nullopt;
      result.steps_.push_back({Step::Kind::member, std::string(path.substr(2, end - 2)), 0});
      path.remove_prefix(end + 2);
    } else if (path.starts_with("[*]")) {
      result.steps_.push_back({Step::Kind::every, {}, 0});
      path.remove_prefix(3);
    } else {
      const std::size_t end = path.find(']');
      std::size_t index = 0;
      if (path[0] != '[' || end == std::string_view::npos) return std::nullopt;
      const auto [stop, error] = std::from_chars(path.data() + 1, path.data() + end, index);
      if (error != std::errc() || stop != path.data() + end) return std::nullopt;
      result.steps_.push_back({Step::Kind::index, {}, index});
      path.remove_prefix(end + 1);
    }
  }
  return result;
}

bool JsonPath::find(std::string_view json, std::string& out) const {
  JsonPathReader reader(json, steps_);
  if (!reader.run() || reader.found.empty()) return false;
  const bool every =
      std::any_of(steps_.begin(), steps_.end(), [](const Step& step) { return step.kind == Step::Kind::every; });
  if (reader.found.size() == 1) {
    out += reader.is_text && !every ? reader.text : reader.found[0];
    return true;
  }
  out += '[';
  for (const std::string& one : reader.found) {
    if (&one != &reader.found.front()) out += ',';
    out += one;
  }
  out += ']';
  return true;
}

}  // namespace streamops::sql
