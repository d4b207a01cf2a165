// Maps from arrays, entries and texts, and maps joined.
#include <algorithm>

#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/members.h"
#include "sql/engine/functions/pattern_cache.h"
#include "sql/engine/nested.h"

namespace streamops::sql {
namespace {

using data::Column;
using data::ColumnBuilder;
using data::Type;
using data::TypeId;
using data::TypePtr;

/// One map being built: the error that Spark raises for a key that is NULL, or stands twice.
struct Keys {
  std::vector<std::pair<const Column*, std::int32_t>> keys;

  void add(const Column& column, std::int32_t k) { keys.emplace_back(&column, k); }

  bool good(const RowAt& at) {
    for (const auto& [column, k] : keys) {
      if (column->is_null(static_cast<std::size_t>(k))) return refuse(at, "[NULL_MAP_KEY] a key of a map is NULL");
    }
    const auto before = [](const auto& a, const auto& b) {
      return compare_values(*a.first, static_cast<std::size_t>(a.second), *b.first,
                            static_cast<std::size_t>(b.second)) < 0;
    };
    std::sort(keys.begin(), keys.end(), before);
    for (std::size_t i = 1; i < keys.size(); ++i) {
      if (!before(keys[i - 1], keys[i])) return refuse(at, "[DUPLICATED_MAP_KEY] a key stands twice in the map");
    }
    return true;
  }
  static bool refuse(const RowAt& at, const char* text) {
    at.fail(Error(errors::sql::invalid_input, "{}", text));
    return false;
  }
};

void close(ColumnBuilder& out, bool good) {
  good ? out.append_present() : out.append_null();
}

void append_from_arrays(const RowAt& at, ColumnBuilder& out) {
  const Members keys(at.column(0), at.index(0)), values(at.column(1), at.index(1));
  if (keys.size() != values.size()) {
    at.fail(Error(errors::sql::invalid_input, "[SparkRuntimeException] a map cannot be made of {} keys and {} values",
                  keys.size(), values.size()));
    return out.append_null();
  }
  Keys check;
  for (std::int32_t k = keys.begin; k < keys.end; ++k) check.add(*at.column(0).children()[0], k);
  if (!check.good(at)) return out.append_null();
  for (std::int32_t i = 0; i < keys.size(); ++i) {
    out.child(0).append_from(*at.column(0).children()[0],
                             static_cast<std::size_t>(keys.begin) + static_cast<std::size_t>(i));
    out.child(1).append_from(*at.column(1).children()[0],
                             static_cast<std::size_t>(values.begin) + static_cast<std::size_t>(i));
  }
  out.append_present();
}

Result<NodePtr> bind_from_arrays(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  for (const std::size_t i : {std::size_t{0}, std::size_t{1}}) {
    if (binding.id(i) != TypeId::array) return binding.mismatch(i, "ARRAY");
  }
  const data::Field value = binding.type(1).fields()[0];
  if (binding.type(0).element()->id() == TypeId::map) return binding.mismatch(0, "an ARRAY of anything but MAPs");
  return binding.strict_node(Type::map(binding.type(0).element(), value.type, value.nullable), binding.any_nullable(),
                             built_rows(append_from_arrays));
}

/// NULL when an entry is NULL.
void append_from_entries(const RowAt& at, ColumnBuilder& out) {
  const Members entries(at.column(0), at.index(0));
  const Column& pairs = *at.column(0).children()[0];
  Keys check;
  for (std::int32_t k = entries.begin; k < entries.end; ++k) {
    if (pairs.is_null(static_cast<std::size_t>(k))) return out.append_null();
    check.add(*pairs.children()[0], k);
  }
  if (!check.good(at)) return out.append_null();
  for (std::int32_t k = entries.begin; k < entries.end; ++k) {
    for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
      out.child(i).append_from(*pairs.children()[i], static_cast<std::size_t>(k));
  }
  out.append_present();
}

Result<NodePtr> bind_from_entries(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  const bool fits = binding.id(0) == TypeId::array && binding.type(0).element()->id() == TypeId::structure &&
                    binding.type(0).element()->fields().size() == 2;
  if (!fits) return binding.mismatch(0, "an ARRAY of STRUCTs with two members");
  const std::vector<data::Field>& members = binding.type(0).element()->fields();
  if (members[0].type->id() == TypeId::map) return binding.mismatch(0, "keys that are no MAPs");
  return binding.node(Type::map(members[0].type, members[1].type, members[1].nullable), true,
                      built_rows(append_from_entries));
}

Result<NodePtr> bind_entries(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) != TypeId::map) return binding.mismatch(0, "MAP");
  const std::vector<data::Field>& fields = binding.type(0).fields();
  const TypePtr entry =
      Type::structure({{"key", fields[0].type, false}, {"value", fields[1].type, fields[1].nullable}});
  return binding.node(Type::array(entry, false), binding.any_nullable(),
                      built_rows([](const RowAt& at, ColumnBuilder& out) {
                        const Members members(at.column(0), at.index(0));
                        for (std::int32_t k = members.begin; k < members.end; ++k) {
                          for (const std::size_t i : {std::size_t{0}, std::size_t{1}})
                            out.child(0).child(i).append_from(*at.column(0).children()[i], static_cast<std::size_t>(k));
                          out.child(0).append_present();
                        }
                        out.append_present();
                      }));
}

Result<NodePtr> bind_concat(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, SIZE_MAX));
  for (std::size_t i = 0; i < binding.size(); ++i) {
    if (binding.id(i) != TypeId::map) return binding.mismatch(i, "MAP");
  }
  TypePtr key = binding.type(0).fields()[0].type, value = binding.type(0).fields()[1].type;
  bool nullable = binding.type(0).fields()[1].nullable;
  for (std::size_t i = 1; i < binding.size(); ++i) {
    key = key ? matching_type(key, binding.type(i).fields()[0].type) : nullptr;
    value = value ? matching_type(value, binding.type(i).fields()[1].type) : nullptr;
    if (!key || !value) return binding.mismatch(i, binding.type(0).to_sql());
    nullable = nullable || binding.type(i).fields()[1].nullable;
  }
  const TypePtr type = Type::map(key, value, nullable);
  for (std::size_t i = 0; i < binding.size(); ++i) STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, type));
  return binding.node(type, binding.any_nullable(),
                      built_rows([count = binding.size()](const RowAt& at, ColumnBuilder& out) {
                        Keys check;
                        for (std::size_t i = 0; i < count; ++i) {
                          const Members members(at.column(i), at.index(i));
                          for (std::int32_t k = members.begin; k < members.end; ++k)
                            check.add(*at.column(i).children()[0], k);
                        }
                        const bool good = check.good(at);
                        for (std::size_t i = 0; i < count && good; ++i) {
                          const Members members(at.column(i), at.index(i));
                          for (std::int32_t k = members.begin; k < members.end; ++k) {
                            out.child(0).append_from(*at.column(i).children()[0], static_cast<std::size_t>(k));
                            out.child(1).append_from(*at.column(i).children()[1], static_cast<std::size_t>(k));
                          }
                        }
                        close(out, good);
                      }));
}

Result<NodePtr> bind_contains_key(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  if (binding.id(0) != TypeId::map) return binding.mismatch(0, "MAP");
  const std::vector<data::Field>& fields = binding.type(0).fields();
  const TypePtr key = matching_type(fields[0].type, binding[1]->type());
  if (!key || binding.id(1) == TypeId::null) return binding.mismatch(1, fields[0].type->to_sql());
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(0, Type::map(key, fields[1].type, fields[1].nullable)));
  STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(1, key));
  return binding.strict_node(Type::scalar(TypeId::boolean), binding.any_nullable(),
                             built_rows([](const RowAt& at, ColumnBuilder& out) {
                               out.append_boolean(find_key(at.column(0), at.index(0), at.column(1), at.index(1)) >= 0);
                             }));
}

/// Where the pattern first matches in a text, and how long, an empty match at the start aside.
bool split_once(const JavaPattern& pattern, Text text, std::vector<JavaPattern::Group>& groups, Text& key,
                Text& value) {
  for (std::size_t from = 0; from <= text.size() && pattern.find(text, from, groups);
       from = next_start(text, groups[0])) {
    if (groups[0].end == 0) continue;
    key = text.substr(0, groups[0].begin);
    value = text.substr(groups[0].end);
    return true;
  }
  key = text;
  return false;
}

struct TwoPatterns {
  PatternCache pairs, keys;
};

void append_text_map(TwoPatterns& cache, const RowAt& at, ColumnBuilder& out) {
  const Text text = at.text(0);
  const JavaPattern* pairs = cache.pairs.get(at, at.text(1), text);
  const JavaPattern* keys = pairs != nullptr ? cache.keys.get(at, at.text(2), text) : nullptr;
  if (keys == nullptr) return out.append_null();
  if (at.text(1).empty() || at.text(2).empty()) {
    at.fail(Error(errors::sql::not_served, "str_to_map with an empty delimiter is not served"));
    return out.append_null();
  }
  std::vector<Text> pieces;
  std::size_t copied = 0;
  for (std::size_t from = 0; from <= text.size() && pairs->find(text, from, cache.pairs.groups);) {
    const JavaPattern::Group& found = cache.pairs.groups[0];
    from = next_start(text, found);
    if (found.end == 0) continue;
    pieces.push_back(text.substr(copied, found.begin - copied));
    copied = found.end;
  }
  pieces.push_back(text.substr(copied));
  std::vector<Text> seen;
  for (const Text piece : pieces) {
    Text key, value;
    split_once(*keys, piece, cache.keys.groups, key, value);
    seen.push_back(key);
  }
  std::sort(seen.begin(), seen.end());
  if (std::adjacent_find(seen.begin(), seen.end()) != seen.end()) {
    Keys::refuse(at, "[DUPLICATED_MAP_KEY] a key stands twice in the map");
    return out.append_null();
  }
  for (const Text piece : pieces) {
    Text key, value;
    const bool both = split_once(*keys, piece, cache.keys.groups, key, value);
    out.child(0).append_text(key);
    both ? out.child(1).append_text(value) : out.child(1).append_null();
  }
  out.append_present();
}

Result<NodePtr> bind_str_to_map(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 3));
  if (binding.size() == 1) binding.arguments().push_back(text_constant(",", binding.span()));
  if (binding.size() == 2) binding.arguments().push_back(text_constant(":", binding.span()));
  STREAMOPS_RETURN_IF_ERROR(take_texts(binding, 3));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 2));
  const TypePtr text = Type::scalar(TypeId::string);
  return binding.strict_node(Type::map(text, text), binding.any_nullable(), [](const Call& call) {
    TwoPatterns cache;
    return built_rows([&cache](const RowAt& at, ColumnBuilder& out) { append_text_map(cache, at, out); })(call);
  });
}

}  // namespace

const std::vector<Function>& map_functions() {
  static const std::vector<Function> all = {
      {"map_from_arrays",
       "map_from_arrays(keys, values)",
       "A map of two arrays of one length.",
       {{"map_from_arrays(array('a', 'b'), array(1, 2))", "{a -> 1, b -> 2}"}},
       {},
       bind_from_arrays},
      {"map_from_entries",
       "map_from_entries(entries)",
       "A map of an array of structures with two members; NULL when an entry is.",
       {{"map_from_entries(array(struct('a', 1)))", "{a -> 1}"}},
       {},
       bind_from_entries},
      {"map_entries",
       "map_entries(map)",
       "The entries as an array of structures with key and value.",
       {{"map_entries(map('a', 1))", "[{a, 1}]"}},
       {},
       bind_entries},
      {"map_concat",
       "map_concat(a, b, ...)",
       "The entries of all maps; a key that stands twice is an error.",
       {{"map_concat(map('a', 1), map('b', 2))", "{a -> 1, b -> 2}"}},
       {},
       bind_concat},
      {"map_contains_key",
       "map_contains_key(map, key)",
       "Whether the map has the key.",
       {{"map_contains_key(map('a', 1), 'a')", "true"}},
       {},
       bind_contains_key},
      {"str_to_map",
       "str_to_map(text[, pair_delimiter[, key_delimiter]])",
       "A text such as 'a:1,b:2' as a map; the delimiters are regular expressions.",
       {{"str_to_map('a:1,b:2')", "{a -> 1, b -> 2}"}, {"str_to_map('a=1;b', ';', '=')", "{a -> 1, b -> null}"}},
       {},
       bind_str_to_map},
  };
  return all;
}

}  // namespace streamops::sql
