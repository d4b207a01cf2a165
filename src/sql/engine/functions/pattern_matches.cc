// Functions that count regular expressions' matches, or take them out.
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/pattern_cache.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

/// Calls `take(groups)` for each match.
template <typename Take>
void each_match(const JavaPattern& pattern, Text text, std::vector<JavaPattern::Group>& groups, Take take) {
  for (std::size_t from = 0; from <= text.size() && pattern.find(text, from, groups);
       from = next_start(text, groups[0]))
    take(groups);
}

constexpr auto count_matches = [](PatternCache& cache, auto& out, Text text, Text wanted) {
  const JavaPattern* pattern = cache.get(out, wanted, text);
  if (pattern == nullptr) return;
  std::int32_t count = 0;
  each_match(*pattern, text, cache.groups, [&](const auto&) { ++count; });
  out.set(count);
};

/// Characters as Java counts them: those beyond U+FFFF are two.
std::int32_t java_length(std::string_view text) {
  std::int32_t length = 0;
  for (std::size_t at = 0; at < text.size(); at += character_bytes(text[at])) {
    length += character_bytes(text[at]) == 4 ? 2 : 1;
  }
  return length;
}

constexpr auto first_place = [](PatternCache& cache, auto& out, Text text, Text wanted) {
  const JavaPattern* pattern = cache.get(out, wanted, text);
  if (pattern == nullptr) return;
  out.set(pattern->find(text, 0, cache.groups) ? java_length(text.substr(0, cache.groups[0].begin)) + 1 : 0);
};

/// NULL when there is no match, or an empty one.
constexpr auto first_match = [](PatternCache& cache, auto& out, Text text, Text wanted) {
  const JavaPattern* pattern = cache.get(out, wanted, text);
  if (pattern == nullptr) return;
  if (!pattern->find(text, 0, cache.groups)) return out.null();
  const JavaPattern::Group& found = cache.groups[0];
  found.begin == found.end ? out.null() : out.append(text.substr(found.begin, found.end - found.begin));
};

/// The group of each match, an empty text where it took no part.
Vector extract_all(const Call& call) {
  PatternCache cache;
  return built_rows([&cache](const RowAt& at, data::ColumnBuilder& out) {
    const JavaPattern* pattern = cache.get(at, at.text(1), at.text(0));
    if (pattern == nullptr) return out.append_null();
    const auto group = at.value<std::int32_t>(2);
    const Text text = at.text(0);
    bool good = true;
    each_match(*pattern, text, cache.groups, [&](const auto& groups) {
      good = group >= 0 && group <= pattern->groups();
      if (!good) return;
      const JavaPattern::Group& found = groups[static_cast<std::size_t>(group)];
      out.child(0).append_text(found.matched() ? text.substr(found.begin, found.end - found.begin) : Text());
    });
    if (good) return out.append_present();
    at.fail(Error(errors::sql::invalid_input, "[INVALID_PARAMETER_VALUE] the pattern has {} groups, not {}",
                  pattern->groups(), group));
    out.append_null();
  })(call);
}

Result<NodePtr> bind_extract_all(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  STREAMOPS_RETURN_IF_ERROR(take_texts(binding, 2));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1));
  if (binding.size() == 2) binding.arguments().push_back(integer_constant(1, TypeId::int32, binding.span()));
  STREAMOPS_ASSIGN(binding.arguments()[2], binding.argument_as(2, Type::scalar(TypeId::int32)));
  return binding.strict_node(Type::array(Type::scalar(TypeId::string)), binding.any_nullable(), extract_all);
}

/// Text and pattern in, by an overload's code; a third argument is taken and without effect, as in Spark.
template <Overload (*code)()>
Result<NodePtr> bind_matches(Binding& binding, std::size_t most) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, most));
  STREAMOPS_RETURN_IF_ERROR(take_texts(binding, 2));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1));
  binding.arguments().resize(2);
  const Overload chosen = code();
  return binding.strict_node(chosen.result, true, chosen.kernel);
}

Overload counting() {
  return stateful_overload<PatternCache, std::int32_t(Text, Text)>(count_matches);
}
Overload placing() {
  return stateful_overload<PatternCache, std::int32_t(Text, Text)>(first_place);
}
Overload taking() {
  return stateful_overload<PatternCache, Text(Text, Text)>(first_match);
}

}  // namespace

const std::vector<Function>& pattern_match_functions() {
  static const std::vector<Function> all = {
      {"regexp_count",
       "regexp_count(text, pattern)",
       "How often the pattern matches.",
       {{"regexp_count('banana', 'an')", "2"}},
       {},
       [](Binding& binding) { return bind_matches<counting>(binding, 2); }},
      {"regexp_instr",
       "regexp_instr(text, pattern[, group])",
       "The place of the first match, from 1; 0 when there is none. The group has no effect, as in Spark.",
       {{"regexp_instr('user@host', '@[a-z]+')", "5"}},
       {},
       [](Binding& binding) { return bind_matches<placing>(binding, 3); }},
      {"regexp_substr",
       "regexp_substr(text, pattern)",
       "The first match; NULL when there is none, or an empty one.",
       {{"regexp_substr('user@host', '@[a-z]+')", "@host"}},
       {},
       [](Binding& binding) { return bind_matches<taking>(binding, 2); }},
      {"regexp_extract_all",
       "regexp_extract_all(text, pattern[, group])",
       "A group of every match, the first without a number.",
       {{"regexp_extract_all('100-200, 300-400', '(\\\\d+)-(\\\\d+)', 2)", "[200, 400]"}},
       {},
       bind_extract_all},
  };
  return all;
}

}  // namespace streamops::sql
