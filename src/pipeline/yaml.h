// pipeline/yaml.h — YAML text as a tree in which every key and every value knows its place.
//
//   name: user_automation        mapping
//   tasks:                         member: key "name"  (1:1)   value "user_automation" (1:7)
//     a: { every: 1s }             member: key "tasks" (2:1)   value mapping (3:3)
//
// Every scalar is text; who reads it decides about its type. Refused, each with its place: syntax that is not YAML, a
// key twice in one mapping, an alias without an anchor or inside of its own, keys that are no scalars, tags of
// applications, a second document, and texts beyond the limits (size, depth, nodes counted after aliases are copied
// out: no alias bomb grows past them). Threads: a Document is immutable after parse(); share it freely.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace streamops::pipeline::yaml {

enum class Kind : std::uint8_t { null, scalar, list, mapping };

/// "a null", "a text", "a list", "a mapping": how errors name what they found.
std::string_view to_string(Kind kind);

struct Member;

struct Node {
  Kind kind = Kind::null;
  bool quoted = false;      // a scalar in quotes or a block: never null, never a word like `true`
  std::string text;         // the value of a scalar
  std::uint32_t begin = 0;  // byte offsets into the source: first byte of the value, one past the last
  std::uint32_t end = 0;
  std::vector<Node> items;      // of a list
  std::vector<Member> members;  // of a mapping, in the order of the text

  /// The value of a key of a mapping, or nullptr.
  const Node* find(std::string_view key) const;
};

struct Member {
  Node key;
  Node value;
};

struct Limits {
  std::size_t max_bytes = 1 << 20;
  int max_depth = 32;
  std::size_t max_nodes = 50000;
};

class Document {
 public:
  /// Errors: SO-P001 (not YAML), SO-P002 (beyond a limit), SO-P003 (a key twice), SO-P004 (bad alias),
  /// SO-P005 (something of YAML that a pipeline file does not use).
  static Result<std::shared_ptr<const Document>> parse(std::string source, std::string file, Limits limits = {});

  const Node& root() const { return root_; }
  const std::string& file() const { return file_; }

  /// The place of a value or key; the caret marks its first line.
  Place place(const Node& node) const;
  /// The place of byte `offset` of a scalar's text, wherever folding, indentation and escapes have put it in the file.
  Place place_in(const Node& scalar, std::size_t offset, std::uint32_t width = 1) const;
  /// As place_in(), for an error that counted line and column (from 1) in the scalar's own text.
  Place place_in(const Node& scalar, const Place& inner) const;

 private:
  friend class Builder;
  Document(std::string source, std::string file) : source_(std::move(source)), file_(std::move(file)) {}
  Place place_of(std::size_t begin, std::size_t end) const;

  std::string source_;
  std::string file_;
  Node root_;
};

}  // namespace streamops::pipeline::yaml
