#include "schema/compatibility.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/text.h"

namespace streamops::schema {
namespace {

constexpr std::size_t max_reasons = 20;
constexpr std::string_view level_names[] = {
    "NONE", "BACKWARD", "BACKWARD_TRANSITIVE", "FORWARD", "FORWARD_TRANSITIVE", "FULL", "FULL_TRANSITIVE"};

std::string describe(const AvroType& type) {
  return type.is_named() ? fmt::format("{} `{}`", to_string(type.kind), type.name) : std::string(to_string(type.kind));
}

/// Walks reader and writer side by side; a pair of types is looked at once, so recursive schemas end.
class Comparison {
 public:
  void compare(const AvroType& reader, const AvroType& writer, const std::string& path) {
    if (reasons_.size() >= max_reasons || !seen_.insert({&reader, &writer}).second) return;
    if (writer.kind == AvroKind::choice) return every_branch(reader, writer, path);
    if (reader.kind == AvroKind::choice) return some_branch(reader, writer, path);
    if (reader.kind != writer.kind) {
      if (!promotes(writer.kind, reader.kind)) mismatch(reader, writer, path);
      return;
    }
    if (reader.is_named() && !same_name(writer, reader)) {
      return add("NAME_MISMATCH", path + "/name",
                 fmt::format("`{}` is not what `{}` is called, nor an alias of it", writer.name, reader.name));
    }
    switch (reader.kind) {
      case AvroKind::record:
        return records(reader, writer, path);
      case AvroKind::enumeration:
        return enums(reader, writer, path);
      case AvroKind::fixed:
        return fixed(reader, writer, path);
      case AvroKind::array:
        return compare(*reader.branches[0], *writer.branches[0], path + "/items");
      case AvroKind::map:
        return compare(*reader.branches[0], *writer.branches[0], path + "/values");
      default:
        return;
    }
  }

  std::vector<Incompatibility> take() { return std::move(reasons_); }

 private:
  void add(std::string_view kind, const std::string& path, std::string message) {
    reasons_.push_back({std::string(kind), path.empty() ? "/" : path, std::move(message)});
  }

  void mismatch(const AvroType& reader, const AvroType& writer, const std::string& path) {
    add("TYPE_MISMATCH", path, fmt::format("{} cannot be read as {}", describe(writer), describe(reader)));
  }

  void every_branch(const AvroType& reader, const AvroType& writer, const std::string& path) {
    for (std::size_t i = 0; i < writer.branches.size(); ++i) {
      const AvroType& branch = *writer.branches[i];
      if (can_read(reader, branch)) continue;
      add("MISSING_UNION_BRANCH", path,
          fmt::format("{} of the writer's union has no place in {}", describe(branch), describe(reader)));
    }
  }

  void some_branch(const AvroType& reader, const AvroType& writer, const std::string& path) {
    for (const AvroType* branch : reader.branches) {
      if (can_read(*branch, writer)) return;
    }
    add("MISSING_UNION_BRANCH", path, fmt::format("no branch of the reader's union takes {}", describe(writer)));
  }

  /// Asks in a comparison of its own that takes for granted what is being compared.
  bool can_read(const AvroType& reader, const AvroType& writer) const {
    Comparison inner;
    inner.seen_ = seen_;
    inner.compare(reader, writer, "");
    return inner.reasons_.empty();
  }

  void records(const AvroType& reader, const AvroType& writer, const std::string& path) {
    for (std::size_t i = 0; i < reader.fields.size(); ++i) {
      const AvroField& field = reader.fields[i];
      const std::string at = fmt::format("{}/fields/{}", path, i);
      const int from = writer_field(writer, field);
      if (from >= 0) {
        compare(*field.type, *writer.fields[static_cast<std::size_t>(from)].type, at + "/type");
      } else if (!field.fallback) {
        add("READER_FIELD_MISSING_DEFAULT_VALUE", at,
            fmt::format("the writer has no field `{}`, and the reader has no default for it", field.name));
      }
    }
  }

  void enums(const AvroType& reader, const AvroType& writer, const std::string& path) {
    if (reader.fallback_symbol) return;
    std::vector<std::string> missing;
    for (const std::string& symbol : writer.symbols) {
      if (reader.symbol_index(symbol) < 0) missing.push_back(symbol);
    }
    if (missing.empty()) return;
    add("MISSING_ENUM_SYMBOLS", path + "/symbols",
        fmt::format("the reader's enum `{}` lacks {} and has no default", reader.name, join(missing, ", ")));
  }

  void fixed(const AvroType& reader, const AvroType& writer, const std::string& path) {
    if (reader.size == writer.size) return;
    add("FIXED_SIZE_MISMATCH", path + "/size",
        fmt::format("fixed `{}` has {} bytes, not {}", reader.name, writer.size, reader.size));
  }

  std::vector<Incompatibility> reasons_;
  std::set<std::pair<const AvroType*, const AvroType*>> seen_;
};

}  // namespace

std::string_view to_string(Compatibility level) {
  return level_names[static_cast<std::size_t>(level)];
}

std::optional<Compatibility> parse_compatibility(std::string_view word) {
  const std::string upper = to_upper(word);
  const auto* found = std::find(std::begin(level_names), std::end(level_names), upper);
  if (found == std::end(level_names)) return std::nullopt;
  return static_cast<Compatibility>(found - std::begin(level_names));
}

std::vector<Incompatibility> incompatibilities(const AvroSchema& reader, const AvroSchema& writer) {
  Comparison comparison;
  comparison.compare(reader.root(), writer.root(), "");
  return comparison.take();
}

std::vector<Incompatibility> check_compatibility(Compatibility level, const AvroSchema& candidate,
                                                 std::span<const AvroSchemaPtr> versions) {
  if (level == Compatibility::none || versions.empty()) return {};
  const bool transitive = level == Compatibility::backward_transitive || level == Compatibility::forward_transitive ||
                          level == Compatibility::full_transitive;
  const bool forward = level != Compatibility::backward && level != Compatibility::backward_transitive;
  const bool backward = level != Compatibility::forward && level != Compatibility::forward_transitive;
  std::vector<Incompatibility> out;
  const auto note = [&](std::vector<Incompatibility> found, std::string_view who) {
    for (Incompatibility& each : found) {
      each.message = fmt::format("{}: {}", who, each.message);
      out.push_back(std::move(each));
    }
  };
  for (const AvroSchemaPtr& version : transitive ? versions : versions.last(1)) {
    if (backward) note(incompatibilities(candidate, *version), "the new schema cannot read data of an older one");
    if (forward) note(incompatibilities(*version, candidate), "an older schema cannot read data of the new one");
  }
  return out;
}

}  // namespace streamops::schema
