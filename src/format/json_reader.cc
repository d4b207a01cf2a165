#include "format/json_reader.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "errors/format.h"
#include "format/impl/json_convert.h"
#include "format/impl/json_fast.h"
#include "format/impl/json_node.h"
#include "format/impl/json_tape.h"
#include "format/impl/text_stage.h"

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

bool is_staged(const data::Field& field, const data::ColumnBuilder* out) {
  return out != nullptr && field.type->id() == data::TypeId::string;
}

std::size_t count_staged(const data::Schema& schema, const std::vector<data::ColumnBuilder*>& outs) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < outs.size(); ++i) count += is_staged(schema[i], outs[i]) ? 1 : 0;
  return count;
}

}  // namespace

struct JsonReader::State {
  State(data::SchemaPtr of, const std::vector<bool>& needed, JsonLimits bounds, std::vector<TextCondition> conditions)
      : schema(std::move(of)),
        limits(bounds),
        wanted(std::move(conditions)),
        builders(make_builders(*schema)),
        outs(choose(builders, needed)),
        root(json_root(*schema, outs)),
        texts(count_staged(*schema, outs)),
        fast(texts) {
    int next = 0;
    for (std::size_t i = 0; i < outs.size(); ++i) {
      if (is_staged((*schema)[i], outs[i])) {
        root.children[i].staged = next++;
      } else if (outs[i] != nullptr) {
        any_built = true;
      }
    }
    for (TextCondition& condition : wanted) {
      const int staged = root.children[condition.column].staged;
      STREAMOPS_CHECK(staged >= 0, "conditions are on STRING columns that are needed");
      condition.column = static_cast<std::size_t>(staged);
    }
  }

  /// Decodes record `index` into at most one row; notes rows that mean nothing in `dirty`.
  void read(std::string_view value, std::size_t index, Decoded& into) {
    if (value.size() <= limits.max_bytes) {
      const JsonFast::Outcome outcome = fast.read(value, root, limits.max_depth);
      if (outcome == JsonFast::Outcome::row) return keep(index, into);
      if (outcome == JsonFast::Outcome::gave_up_dirty) drop();
    }
    if (std::optional<Error> error = read_leniently(value)) {
      into.poison.push_back({index, std::move(*error)});
    } else {
      keep(index, into);
    }
  }

  void keep(std::size_t index, Decoded& into) {
    for (const TextCondition& condition : keeps_unwanted ? std::span<const TextCondition>() : wanted) {
      if (texts.is_null(condition.column) || texts.at(condition.column) != condition.text) {
        ++into.left_out;
        return drop();
      }
    }
    texts.keep_row();
    into.batch.origin.push_back(static_cast<std::int32_t>(index));
    if (any_built) kept.push_back(static_cast<std::int32_t>(rows++));
  }

  /// The row that was built last does not count.
  void drop() {
    if (!any_built) return;
    ++rows;
    dirty = true;
  }

  /// Appends one row, or says why there is none and appends nothing.
  std::optional<Error> read_leniently(std::string_view value) {
    if (const Result<void> parsed = tape.parse(value, limits); !parsed) return parsed.error();
    if (tape.is_blank()) {
      append_nulls(root);
      stage_built();
      return std::nullopt;
    }
    if (tape[0].kind != JsonKind::object) {
      return Error(errors::format::json_not_object, "an object was expected, found {}", tape.describe(0));
    }
    std::string fault;
    if (check_fit(tape, 0, root, &fault) != Fit::clean) return Error(errors::format::json_wrong_type, fault);
    append_item(tape, 0, root);
    stage_built();
    return std::nullopt;
  }

  /// The lenient parser knows no stage: its one row of texts moves there.
  void stage_built() {
    for (std::size_t i = 0; i < outs.size(); ++i) {
      if (root.children[i].staged < 0) continue;
      const auto column = static_cast<std::size_t>(root.children[i].staged);
      const data::ColumnPtr built = outs[i]->finish();
      if (built->is_null(0)) {
        texts.set_null(column);
      } else {
        texts.set(column, texts.copy(built->text(0)));
      }
    }
  }

  void finish(Decoded& into) {
    into.batch.schema = schema;
    into.batch.rows = texts.rows();
    for (std::size_t i = 0; i < outs.size(); ++i) {
      if (root.children[i].staged >= 0) {
        into.batch.columns.push_back(
            texts.column(static_cast<std::size_t>(root.children[i].staged), (*schema)[i].type));
        continue;
      }
      data::ColumnPtr column = outs[i] == nullptr ? nullptr : outs[i]->finish();
      into.batch.columns.push_back(!dirty || column == nullptr ? std::move(column) : data::take(column, kept));
    }
    texts.clear();
    kept.clear();
    rows = 0;
    dirty = false;
  }

  data::SchemaPtr schema;
  JsonLimits limits;
  std::vector<TextCondition> wanted;  // columns of the stage
  std::vector<data::ColumnBuilder> builders;
  std::vector<data::ColumnBuilder*> outs;  // null where a column is not needed
  JsonNode root;
  TextStage texts;  // of STRING columns; the others are built as they are read
  JsonFast fast;
  JsonTape tape;
  bool any_built = false;
  bool keeps_unwanted = false;

  // Of the batch at hand.
  std::vector<std::int32_t> kept;  // rows of the builders that count
  std::size_t rows = 0;            // rows of the builders
  bool dirty = false;              // some of them do not count
};

JsonReader::JsonReader(data::SchemaPtr schema, const std::vector<bool>& needed, JsonLimits limits,
                       std::vector<TextCondition> wanted)
    : state_(std::make_unique<State>(std::move(schema), needed, limits, std::move(wanted))) {}
JsonReader::JsonReader(JsonReader&&) noexcept = default;
JsonReader& JsonReader::operator=(JsonReader&&) noexcept = default;
JsonReader::~JsonReader() = default;

Decoded JsonReader::decode(std::span<const data::Record> records) {
  Decoded decoded;
  decoded.batch.origin.reserve(records.size());
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto& value = records[i].value;
    if (value) {
      state_->read(*value, i, decoded);
    } else {
      decoded.deletes.push_back(i);
    }
  }
  state_->finish(decoded);
  return decoded;
}

void JsonReader::keep_unwanted(bool keep) {
  state_->keeps_unwanted = keep;
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
