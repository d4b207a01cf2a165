#include "pipeline/yaml.h"

#include <yaml.h>

#include <algorithm>
#include <map>

#include "base/text.h"
#include "errors/pipeline.h"

namespace streamops::pipeline::yaml {

namespace {

/// Length of the line end at `at` in libyaml's sense (CR LF, CR, LF, NEL, LS, PS), or 0.
std::size_t line_end_length(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest.starts_with("\r\n") || rest.starts_with("\xC2\x85")) return 2;
  if (rest.starts_with("\n") || rest.starts_with("\r")) return 1;
  if (rest.starts_with("\xE2\x80\xA8") || rest.starts_with("\xE2\x80\xA9")) return 3;
  return 0;
}

bool is_continuation(char c) {
  return (static_cast<unsigned char>(c) & 0xC0) == 0x80;
}

std::uint32_t count_code_points(std::string_view text) {
  return static_cast<std::uint32_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !is_continuation(c); }));
}

bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

bool is_null_word(std::string_view text) {
  return text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL";
}

/// Frees an event of libyaml.
class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&event); }
  yaml_event_t event{};
};

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::null:
      return "nothing";
    case Kind::scalar:
      return "a text";
    case Kind::list:
      return "a list";
    case Kind::mapping:
      return "a mapping";
  }
  return "nothing";
}

const Node* Node::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key.text == key) return &member.value;
  }
  return nullptr;
}

/// Builds the tree from libyaml's events, by recursive descent with a bounded depth.
class Builder {
 public:
  Builder(Document& document, Limits limits) : document_(document), limits_(limits) {
    yaml_parser_initialize(&parser_);
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(document_.source_.data()),
                                 document_.source_.size());
    find_lines();
  }
  Builder(const Builder&) = delete;
  Builder& operator=(const Builder&) = delete;
  ~Builder() { yaml_parser_delete(&parser_); }

  Result<void> build() {
    for (;;) {
      Event next;
      STREAMOPS_RETURN_IF_ERROR(read(next));
      if (next.event.type == YAML_STREAM_END_EVENT) return Ok();
      if (next.event.type == YAML_STREAM_START_EVENT || next.event.type == YAML_DOCUMENT_END_EVENT) continue;
      if (next.event.type != YAML_DOCUMENT_START_EVENT || has_document_) {
        return error_at(errors::pipeline::yaml_feature, next.event.start_mark, "a second document begins here");
      }
      has_document_ = true;
      Event first;
      STREAMOPS_RETURN_IF_ERROR(read(first));
      STREAMOPS_ASSIGN(document_.root_, value(first.event, 0));
    }
  }

 private:
  struct Anchor {
    Node node;
    std::size_t size = 0;  // nodes in it
    bool complete = false;
  };

  void find_lines() {
    lines_.push_back(0);
    const std::string& source = document_.source_;
    for (std::size_t at = 0; at < source.size();) {
      const std::size_t length = line_end_length(source, at);
      at += std::max<std::size_t>(length, 1);
      if (length > 0) lines_.push_back(at);
    }
  }

  /// libyaml counts lines and characters from 0.
  std::uint32_t offset(const yaml_mark_t& mark) const {
    const std::string& source = document_.source_;
    if (mark.line >= lines_.size()) return static_cast<std::uint32_t>(source.size());
    std::size_t at = lines_[mark.line];
    for (std::size_t n = 0; n < mark.column && at < source.size(); ++n) {
      ++at;
      while (at < source.size() && is_continuation(source[at])) ++at;
    }
    return static_cast<std::uint32_t>(at);
  }

  Error error_at(const ErrorInfo& info, const yaml_mark_t& mark, std::string message) const {
    const std::uint32_t at = offset(mark);
    return Error(info, std::move(message)).with_place(document_.place_of(at, at + 1));
  }

  Result<void> read(Event& into) {
    if (yaml_parser_parse(&parser_, &into.event) != 0) return Ok();
    const std::string problem = parser_.problem == nullptr ? "broken text" : parser_.problem;
    if (parser_.error == YAML_READER_ERROR) {
      const std::size_t at = std::min(parser_.problem_offset, document_.source_.size());
      return Error(errors::pipeline::bad_yaml, "not YAML: {}", problem).with_place(document_.place_of(at, at + 1));
    }
    const std::string context = parser_.context == nullptr ? "" : std::string(" ") + parser_.context;
    return error_at(errors::pipeline::bad_yaml, parser_.problem_mark, fmt::format("not YAML: {}{}", problem, context));
  }

  Result<void> count(const yaml_mark_t& mark, int depth, std::size_t more) {
    nodes_ += more;
    if (nodes_ > limits_.max_nodes) {
      return error_at(errors::pipeline::yaml_limit, mark,
                      fmt::format("the file has more than {} values", limits_.max_nodes));
    }
    if (depth > limits_.max_depth) {
      return error_at(errors::pipeline::yaml_limit, mark,
                      fmt::format("the file is nested deeper than {} levels", limits_.max_depth));
    }
    return Ok();
  }

  Result<Node> value(const yaml_event_t& event, int depth) {
    STREAMOPS_RETURN_IF_ERROR(count(event.start_mark, depth, 1));
    switch (event.type) {
      case YAML_SCALAR_EVENT:
        return scalar(event);
      case YAML_ALIAS_EVENT:
        return alias(event);
      case YAML_SEQUENCE_START_EVENT:
        return collection(event, event.data.sequence_start.anchor, event.data.sequence_start.tag, depth);
      case YAML_MAPPING_START_EVENT:
        return collection(event, event.data.mapping_start.anchor, event.data.mapping_start.tag, depth);
      default:
        return error_at(errors::pipeline::bad_yaml, event.start_mark, "not YAML: a value is missing here");
    }
  }

  Result<void> check_tag(const yaml_event_t& event, const yaml_char_t* tag) {
    if (tag == nullptr) return Ok();
    const std::string_view name(reinterpret_cast<const char*>(tag));
    if (name == "!" || name == YAML_STR_TAG || name == YAML_MAP_TAG || name == YAML_SEQ_TAG) return Ok();
    return error_at(errors::pipeline::yaml_feature, event.start_mark,
                    fmt::format("the tag {} means nothing here", name));
  }

  Result<Node> scalar(const yaml_event_t& event) {
    STREAMOPS_RETURN_IF_ERROR(check_tag(event, event.data.scalar.tag));
    Node node;
    node.text.assign(reinterpret_cast<const char*>(event.data.scalar.value), event.data.scalar.length);
    node.quoted = event.data.scalar.style != YAML_PLAIN_SCALAR_STYLE || event.data.scalar.tag != nullptr;
    node.kind = !node.quoted && is_null_word(node.text) ? Kind::null : Kind::scalar;
    if (node.kind == Kind::null) node.text.clear();
    node.begin = offset(event.start_mark);
    node.end = std::max(node.begin, offset(event.end_mark));
    if (event.data.scalar.anchor != nullptr) {
      anchors_[reinterpret_cast<const char*>(event.data.scalar.anchor)] = {node, 1, true};
    }
    return node;
  }

  Result<Node> alias(const yaml_event_t& event) {
    const std::string name(reinterpret_cast<const char*>(event.data.alias.anchor));
    const auto found = anchors_.find(name);
    if (found == anchors_.end()) {
      return error_at(errors::pipeline::bad_alias, event.start_mark, fmt::format("there is no anchor &{} above", name));
    }
    if (!found->second.complete) {
      return error_at(errors::pipeline::bad_alias, event.start_mark,
                      fmt::format("the alias *{} stands inside of its own anchor", name));
    }
    STREAMOPS_RETURN_IF_ERROR(count(event.start_mark, 0, found->second.size));
    return found->second.node;
  }

  Result<Node> collection(const yaml_event_t& event, const yaml_char_t* anchor, const yaml_char_t* tag, int depth) {
    STREAMOPS_RETURN_IF_ERROR(check_tag(event, tag));
    const std::string name = anchor == nullptr ? "" : reinterpret_cast<const char*>(anchor);
    if (anchor != nullptr) anchors_[name] = {};
    const std::size_t before = nodes_;
    Node node;
    node.begin = offset(event.start_mark);
    node.kind = event.type == YAML_SEQUENCE_START_EVENT ? Kind::list : Kind::mapping;
    STREAMOPS_RETURN_IF_ERROR(node.kind == Kind::list ? items(node, depth) : members(node, depth));
    if (anchor != nullptr) anchors_[name] = {node, nodes_ - before + 1, true};
    return node;
  }

  Result<void> items(Node& list, int depth) {
    for (;;) {
      Event next;
      STREAMOPS_RETURN_IF_ERROR(read(next));
      list.end = offset(next.event.end_mark);
      if (next.event.type == YAML_SEQUENCE_END_EVENT) return Ok();
      STREAMOPS_ASSIGN(Node item, value(next.event, depth + 1));
      list.items.push_back(std::move(item));
    }
  }

  Result<void> members(Node& mapping, int depth) {
    for (;;) {
      Event next;
      STREAMOPS_RETURN_IF_ERROR(read(next));
      mapping.end = offset(next.event.end_mark);
      if (next.event.type == YAML_MAPPING_END_EVENT) return Ok();
      STREAMOPS_ASSIGN(Node key, value(next.event, depth + 1));
      STREAMOPS_RETURN_IF_ERROR(check_key(mapping, key));
      Event second;
      STREAMOPS_RETURN_IF_ERROR(read(second));
      STREAMOPS_ASSIGN(Node member, value(second.event, depth + 1));
      mapping.members.push_back({std::move(key), std::move(member)});
    }
  }

  Result<void> check_key(const Node& mapping, const Node& key) {
    if (key.kind != Kind::scalar) {
      return Error(errors::pipeline::yaml_feature, "a key must be a text, not {}", to_string(key.kind))
          .with_place(document_.place(key));
    }
    if (mapping.find(key.text) == nullptr) return Ok();
    return Error(errors::pipeline::double_key, "the key `{}` is there already", key.text)
        .with_place(document_.place(key));
  }

  Document& document_;
  Limits limits_;
  yaml_parser_t parser_{};
  std::vector<std::size_t> lines_;
  std::map<std::string, Anchor, std::less<>> anchors_;
  std::size_t nodes_ = 0;
  bool has_document_ = false;
};

Result<std::shared_ptr<const Document>> Document::parse(std::string source, std::string file, Limits limits) {
  if (source.size() > limits.max_bytes) {
    Place place{std::move(file), 1, 1, {}, 1};
    return Error(errors::pipeline::yaml_limit, "the file has {} bytes, more than {}", source.size(), limits.max_bytes)
        .with_place(std::move(place));
  }
  if (source.starts_with("\xEF\xBB\xBF")) source.erase(0, 3);
  const std::shared_ptr<Document> document(new Document(std::move(source), std::move(file)));
  STREAMOPS_RETURN_IF_ERROR(Builder(*document, limits).build());
  return std::shared_ptr<const Document>(document);
}

Place Document::place_of(std::size_t begin, std::size_t end) const {
  begin = std::min(begin, source_.size());
  std::uint32_t line = 1;
  std::size_t line_begin = 0;
  for (std::size_t at = 0; at < begin;) {
    const std::size_t length = line_end_length(source_, at);
    at += std::max<std::size_t>(length, 1);
    if (length > 0 && at <= begin) {
      ++line;
      line_begin = at;
    }
  }
  std::size_t line_end = line_begin;
  while (line_end < source_.size() && line_end_length(source_, line_end) == 0) ++line_end;
  const std::string_view text = std::string_view(source_).substr(line_begin, line_end - line_begin);
  const std::size_t inside = std::min(begin - line_begin, text.size());
  const std::size_t marked = std::min(end, line_end) > begin ? std::min(end, line_end) - begin : 0;
  const std::string_view shown = trim(text.substr(inside, marked));
  return {file_, line, count_code_points(text.substr(0, inside)) + 1, std::string(text),
          std::max<std::uint32_t>(count_code_points(shown), 1)};
}

Place Document::place(const Node& node) const {
  return place_of(node.begin, node.end);
}

Place Document::place_in(const Node& scalar, std::size_t offset, std::uint32_t width) const {
  // Walks value and source side by side: blanks stand for any run of blanks, every other byte for its next occurrence.
  std::size_t at = scalar.begin;
  std::size_t found = at;
  const std::size_t last = std::min<std::size_t>(scalar.end, source_.size());
  if (at < last && scalar.quoted && (source_[at] == '|' || source_[at] == '>')) {
    while (at < last && line_end_length(source_, at) == 0) ++at;
  }
  for (std::size_t n = 0; n <= offset && n < scalar.text.size(); ++n) {
    if (is_blank(scalar.text[n])) {
      if (at < last && is_blank(source_[at])) found = at++;
      continue;
    }
    std::size_t next = at;
    while (next < last && source_[next] != scalar.text[n]) ++next;
    if (next == last) break;
    found = next;
    at = next + 1;
  }
  if (offset >= scalar.text.size()) found = std::min(found + 1, source_.size());
  return place_of(found, found + width);
}

Place Document::place_in(const Node& scalar, const Place& inner) const {
  std::size_t at = 0;
  for (std::uint32_t line = 1; line < inner.line && at < scalar.text.size(); ++line) {
    const std::size_t end = scalar.text.find('\n', at);
    at = end == std::string::npos ? scalar.text.size() : end + 1;
  }
  return place_in(scalar, at + (inner.column > 0 ? inner.column - 1 : 0), inner.width);
}

}  // namespace streamops::pipeline::yaml
