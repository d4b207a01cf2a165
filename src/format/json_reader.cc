#include "format/json_reader.h"

#include <algorithm>
#include <utility>

#include "errors/format.h"
#include "format/impl/finish_batch.h"
#include "format/impl/json_convert.h"
#include "format/impl/json_fast.h"
#include "format/impl/json_node.h"
#include "format/impl/json_tape.h"

namespace streamops::format {
namespace {

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\n\r") == std::string_view::npos;
}

std::vector<data::ColumnBuilder> make_builders(const data::Schema& schema) {
  std::vector<data::ColumnBuilder> builders;
  builders.reserve(schema.size());
  for (const data::Field& field : schema.fields()) builders.emplace_back(field.type);
  return builders;
}

std::vector<data::ColumnBuilder*> choose(std::vector<data::ColumnBuilder>& builders, const std::vector<bool>& needed) {
  std::vector<data::ColumnBuilder*> outs;
  outs.reserve(builders.size());
  for (std::size_t i = 0; i < builders.size(); ++i) {
    outs.push_back(needed.empty() || needed[i] ? &builders[i] : nullptr);
  }
  return outs;
}

}  // namespace

struct JsonReader::State {
  State(data::SchemaPtr of, const std::vector<bool>& needed, JsonLimits bounds)
      : schema(std::move(of)),
        limits(bounds),
        builders(make_builders(*schema)),
        outs(choose(builders, needed)),
        root(json_root(*schema, outs)) {}

  /// Decodes record `index` into at most one row; notes rows that mean nothing in `dirty`.
  void read(std::string_view value, std::size_t index, Decoded& into) {
    if (value.size() <= limits.max_bytes && !is_blank(value)) {
      const JsonFast::Outcome outcome = fast.read(value, root, limits.max_depth);
      if (outcome == JsonFast::Outcome::row) return keep(index, into);
      if (outcome == JsonFast::Outcome::gave_up_dirty) {
        ++rows;
        dirty = true;
      }
    }
    if (std::optional<Error> error = read_leniently(value)) {
      into.poison.push_back({index, std::move(*error)});
    } else {
      keep(index, into);
    }
  }

  void keep(std::size_t index, Decoded& into) {
    kept.push_back(static_cast<std::int32_t>(rows++));
    into.batch.origin.push_back(static_cast<std::int32_t>(index));
  }

  /// Appends one row, or says why there is none and appends nothing.
  std::optional<Error> read_leniently(std::string_view value) {
    if (const Result<void> parsed = tape.parse(value, limits); !parsed) return parsed.error();
    if (tape.is_blank()) {
      append_nulls(root);
      return std::nullopt;
    }
    if (tape[0].kind != JsonKind::object) {
      return Error(errors::format::json_not_object, "an object was expected, found {}", tape.describe(0));
    }
    std::string fault;
    if (check_fit(tape, 0, root, &fault) != Fit::clean) return Error(errors::format::json_wrong_type, fault);
    append_item(tape, 0, root);
    return std::nullopt;
  }

  void finish(Decoded& into) {
    finish_batch(into, schema, outs, kept, !dirty);
    kept.clear();
    rows = 0;
    dirty = false;
  }

  data::SchemaPtr schema;
  JsonLimits limits;
  std::vector<data::ColumnBuilder> builders;
  std::vector<data::ColumnBuilder*> outs;  // null where a column is not needed
  JsonNode root;
  JsonFast fast;
  JsonTape tape;

  // Of the batch at hand.
  std::vector<std::int32_t> kept;  // rows of the builders that count
  std::size_t rows = 0;            // rows of the builders
  bool dirty = false;              // some of them do not count
};

JsonReader::JsonReader(data::SchemaPtr schema, const std::vector<bool>& needed, JsonLimits limits)
    : state_(std::make_unique<State>(std::move(schema), needed, limits)) {}
JsonReader::JsonReader(JsonReader&&) noexcept = default;
JsonReader& JsonReader::operator=(JsonReader&&) noexcept = default;
JsonReader::~JsonReader() = default;

Decoded JsonReader::decode(const data::Records& records) {
  Decoded decoded;
  decoded.batch.origin.reserve(records.records.size());
  for (std::size_t i = 0; i < records.records.size(); ++i) {
    const auto& value = records.records[i].value;
    if (value) {
      state_->read(*value, i, decoded);
    } else {
      decoded.deletes.push_back(i);
    }
  }
  state_->finish(decoded);
  return decoded;
}

data::ColumnPtr from_json(const data::Column& texts, const data::TypePtr& type, const JsonLimits& limits) {
  data::ColumnBuilder builder(type);
  builder.reserve(texts.length());
  JsonNode node(type, &builder);
  JsonTape tape;
  for (std::size_t row = 0; row < texts.length(); ++row) {
    if (texts.is_null(row) || is_blank(texts.text(row))) {
      builder.append_null();
      continue;
    }
    const bool is_json = tape.parse(texts.text(row), limits).ok();
    if (is_json && tape[0].kind == JsonKind::object && type->id() == data::TypeId::array &&
        type->element()->id() == data::TypeId::structure) {
      // An object where an array of structures is wanted counts as its only element.
      append_item(tape, 0, node.children[0]);
      builder.append_present();
    } else if (is_json && tape[0].kind != JsonKind::null && check_fit(tape, 0, node, nullptr) != Fit::bad) {
      append_item(tape, 0, node);
    } else if (type->id() == data::TypeId::structure) {
      for (std::size_t i = 0; i < type->fields().size(); ++i) builder.child(i).append_null();
      builder.append_present();
    } else {
      builder.append_null();
    }
  }
  return builder.finish();
}

}  // namespace streamops::format
