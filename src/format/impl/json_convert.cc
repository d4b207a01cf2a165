#include "format/impl/json_convert.h"

#include <fmt/format.h>

#include "format/impl/json_scalar.h"

namespace streamops::format {
namespace {

using data::TypeId;

bool is_nested(JsonKind kind) {
  return kind == JsonKind::object || kind == JsonKind::array;
}

/// The way from the root to the value under inspection; the parts live as long as the walk.
struct Path {
  const Path* parent = nullptr;
  std::string_view name;

  std::string text() const {
    if (parent == nullptr) return {};
    const std::string above = parent->text();
    if (above.empty() || name == "[]") return above + std::string(name);
    return above + "." + std::string(name);
  }
};

class Checker {
 public:
  Checker(const JsonTape& tape, std::string* fault) : tape_(tape), fault_(fault) {}

  Fit check(std::uint32_t index, const JsonNode& node, const Path& path) {
    const JsonItem& item = tape_[index];
    if (item.kind == JsonKind::null || node.id == TypeId::null || node.id == TypeId::string) return Fit::clean;
    switch (node.id) {
      case TypeId::structure:
        return item.kind == JsonKind::object ? check_members(index, node, path) : bad(index, node, path);
      case TypeId::array:
        return item.kind == JsonKind::array ? check_elements(index, node, path) : bad(index, node, path);
      case TypeId::map:
        return item.kind == JsonKind::object ? check_entries(index, node, path) : bad(index, node, path);
      default:
        break;
    }
    const bool fits = !is_nested(item.kind) && append_scalar(tape_, item, *node.type, nullptr);
    return fits ? Fit::clean : bad(index, node, path);
  }

 private:
  Fit bad(std::uint32_t index, const JsonNode& node, const Path& path) {
    if (fault_ != nullptr && fault_->empty()) {
      *fault_ = fmt::format("field `{}` is {}, found {}", path.text(), node.type->to_sql(), tape_.describe(index));
    }
    return Fit::bad;
  }

  Fit check_members(std::uint32_t index, const JsonNode& node, const Path& path) {
    Fit fit = Fit::clean;
    for (std::uint32_t name = index + 1; name < tape_[index].next; name = tape_[name + 1].next) {
      const int member = node.find(tape_.text(tape_[name]));
      if (member < 0) continue;
      const auto at = static_cast<std::size_t>(member);
      if (check(name + 1, node.children[at], Path{&path, node.names[at]}) != Fit::clean) fit = Fit::partial;
    }
    return fit;
  }

  Fit check_elements(std::uint32_t index, const JsonNode& node, const Path& path) {
    Fit fit = Fit::clean;
    for (std::uint32_t child = index + 1; child < tape_[index].next; child = tape_[child].next) {
      const Fit element = check(child, node.children[0], Path{&path, "[]"});
      if (element == Fit::bad) return Fit::bad;
      if (element == Fit::partial) fit = Fit::partial;
    }
    return fit;
  }

  Fit check_entries(std::uint32_t index, const JsonNode& node, const Path& path) {
    if (node.type->fields()[0].type->id() != TypeId::string) return bad(index, node, path);
    Fit fit = Fit::clean;
    for (std::uint32_t name = index + 1; name < tape_[index].next; name = tape_[name + 1].next) {
      const Fit value = check(name + 1, node.children[0], Path{&path, tape_.text(tape_[name])});
      if (value == Fit::bad) return Fit::bad;
      if (value == Fit::partial) fit = Fit::partial;
    }
    return fit;
  }

  const JsonTape& tape_;
  std::string* fault_;
};

/// The last value of each member that is not bad: a later bad one does not undo it. -1 where there is none.
std::vector<std::int64_t> choose_members(const JsonTape& tape, std::uint32_t index, const JsonNode& node) {
  std::vector<std::int64_t> chosen(node.children.size(), -1);
  for (std::uint32_t name = index + 1; name < tape[index].next; name = tape[name + 1].next) {
    const int member = node.find(tape.text(tape[name]));
    if (member < 0) continue;
    const auto at = static_cast<std::size_t>(member);
    if (check_fit(tape, name + 1, node.children[at], nullptr) != Fit::bad) chosen[at] = name + 1;
  }
  return chosen;
}

void append_nested(const JsonTape& tape, std::uint32_t index, JsonNode& node) {
  const JsonItem& item = tape[index];
  if (node.id == TypeId::structure) {
    const std::vector<std::int64_t> chosen = choose_members(tape, index, node);
    for (std::size_t i = 0; i < chosen.size(); ++i) {
      if (chosen[i] < 0) {
        append_nulls(node.children[i]);
      } else {
        append_item(tape, static_cast<std::uint32_t>(chosen[i]), node.children[i]);
      }
    }
  } else if (node.id == TypeId::array) {
    for (std::uint32_t child = index + 1; child < item.next; child = tape[child].next) {
      append_item(tape, child, node.children[0]);
    }
  } else {
    for (std::uint32_t name = index + 1; name < item.next; name = tape[name + 1].next) {
      node.out->child(0).append_text(tape.text(tape[name]));
      append_item(tape, name + 1, node.children[0]);
    }
  }
  if (node.out != nullptr) node.out->append_present();
}

}  // namespace

Fit check_fit(const JsonTape& tape, std::uint32_t index, const JsonNode& node, std::string* fault) {
  return Checker(tape, fault).check(index, node, Path{});
}

void append_item(const JsonTape& tape, std::uint32_t index, JsonNode& node) {
  if (node.out == nullptr && !node.root) return;
  const JsonItem& item = tape[index];
  if (item.kind == JsonKind::null || node.id == TypeId::null || check_fit(tape, index, node, nullptr) == Fit::bad) {
    return append_nulls(node);
  }
  if (node.id == TypeId::string && is_nested(item.kind)) {
    std::string compact;
    tape.append_compact(index, compact);
    node.out->append_text(compact);
  } else if (node.type->is_nested()) {
    append_nested(tape, index, node);
  } else {
    append_scalar(tape, item, *node.type, node.out);
  }
}

void append_nulls(JsonNode& node) {
  if (node.out != nullptr) {
    node.out->append_null();
  } else if (node.root) {
    for (JsonNode& child : node.children) append_nulls(child);
  }
}

}  // namespace streamops::format
