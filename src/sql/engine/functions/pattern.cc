// LIKE and regular expressions.
#include "sql/engine/characters.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/pattern_cache.h"
#include "sql/engine/java_pattern.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;
using Groups = std::vector<JavaPattern::Group>;

TypePtr text_type() {
  return Type::scalar(TypeId::string);
}
TypePtr boolean() {
  return Type::scalar(TypeId::boolean);
}

Result<NodePtr> bind_rlike(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 2));
  STREAMOPS_RETURN_IF_ERROR(take_texts(binding, 2));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1));
  return binding.strict_node(boolean(), binding.any_nullable(), [](const Call& call) {
    PatternCache cache;
    return rows<bool(Text, Text)>(call, [&](auto& out, Text text, Text wanted) {
      if (const JavaPattern* pattern = cache.get(out, wanted, text)) out.set(pattern->found_in(text));
    });
  });
}

/// Java's replacement: $1 and \x.
template <typename Out>
bool append_replacement(Out& out, std::string_view replacement, std::string_view text, const Groups& groups) {
  for (std::size_t i = 0; i < replacement.size(); ++i) {
    const char c = replacement[i];
    if (c == '\\' && i + 1 < replacement.size()) {
      out.push(replacement[++i]);
    } else if (c == '$' && i + 1 < replacement.size() && replacement[i + 1] >= '0' && replacement[i + 1] <= '9') {
      std::size_t group = static_cast<std::size_t>(replacement[++i] - '0');
      if (group >= groups.size()) {
        out.fail(Error(errors::sql::invalid_input,
                       "[INVALID_REGEXP_REPLACE] the replacement names group {}, which the pattern lacks", group));
        return false;
      }
      // More digits belong to the number as long as such a group is there.
      while (i + 1 < replacement.size() && replacement[i + 1] >= '0' && replacement[i + 1] <= '9' &&
             group * 10 + static_cast<std::size_t>(replacement[i + 1] - '0') < groups.size()) {
        group = group * 10 + static_cast<std::size_t>(replacement[++i] - '0');
      }
      if (groups[group].matched())
        out.append(text.substr(groups[group].begin, groups[group].end - groups[group].begin));
    } else if (c == '$' || c == '\\') {
      out.fail(Error(errors::sql::invalid_input, "[INVALID_REGEXP_REPLACE] the replacement '{}' cannot be used",
                     replacement));
      return false;
    } else {
      out.push(c);
    }
  }
  return true;
}

template <typename Out>
void replace_all(PatternCache& cache, Out& out, Text text, Text wanted, Text replacement, std::int32_t position) {
  const JavaPattern* pattern = cache.get(out, wanted, text);
  if (pattern == nullptr) return;
  std::size_t from = byte_of_character(text, static_cast<std::size_t>(position - 1));
  if (position > 1 && from >= text.size()) return out.append(text);
  std::size_t copied = 0;
  while (from <= text.size() && pattern->find(text, from, cache.groups)) {
    if (!out.room_for(text.size() + replacement.size())) return;
    out.append(text.substr(copied, cache.groups[0].begin - copied));
    if (!append_replacement(out, replacement, text, cache.groups)) return;
    copied = cache.groups[0].end;
    from = next_start(text, cache.groups[0]);
  }
  out.append(text.substr(copied));
}

Result<NodePtr> bind_regexp_replace(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(3, 4));
  STREAMOPS_RETURN_IF_ERROR(take_texts(binding, 3));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1));
  std::int32_t position = 1;
  if (binding.size() == 4) {
    const auto given = binding.constant_integer(3);
    if (!given || *given < 1 || *given > INT32_MAX) return binding.mismatch(3, "a constant INT from 1");
    position = static_cast<std::int32_t>(*given);
    binding.arguments().pop_back();
  }
  return binding.strict_node(text_type(), binding.any_nullable(), [position](const Call& call) {
    PatternCache cache;
    return rows<Text(Text, Text, Text)>(call, [&](auto& out, Text text, Text wanted, Text with) {
      replace_all(cache, out, text, wanted, with, position);
    });
  });
}

constexpr auto extract = [](PatternCache& cache, auto& out, Text text, Text wanted, std::int32_t group) {
  const JavaPattern* pattern = cache.get(out, wanted, text);
  if (pattern == nullptr || !pattern->find(text, 0, cache.groups)) return;
  if (group < 0 || group > pattern->groups()) {
    return out.fail(Error(errors::sql::invalid_input, "[INVALID_PARAMETER_VALUE] the pattern has {} groups, not {}",
                          pattern->groups(), group));
  }
  const JavaPattern::Group& found = cache.groups[static_cast<std::size_t>(group)];
  if (found.matched()) out.append(text.substr(found.begin, found.end - found.begin));
};

Result<NodePtr> bind_regexp_extract(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  STREAMOPS_RETURN_IF_ERROR(take_texts(binding, 2));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1));
  if (binding.size() == 3) {
    STREAMOPS_ASSIGN(binding.arguments()[2], binding.argument_as(2, Type::scalar(TypeId::int32)));
  } else {
    data::ColumnBuilder one(Type::scalar(TypeId::int32));
    one.append_integer(1);
    binding.arguments().push_back(constant_node(one.finish(), binding.span()));
  }
  return binding.strict_node(text_type(), binding.any_nullable(), [](const Call& call) {
    PatternCache cache;
    return rows<Text(Text, Text, std::int32_t)>(
        call, [&](auto& out, Text text, Text wanted, std::int32_t group) { extract(cache, out, text, wanted, group); });
  });
}

/// An empty pattern takes a text apart into characters; a limit drops what is left over.
void split_characters(std::string_view text, std::int32_t limit, data::ColumnBuilder& pieces) {
  std::int32_t count = 0;
  for (std::size_t at = 0, length = 0; at < text.size() && (limit <= 0 || count < limit); at += length, ++count) {
    length = std::min(character_bytes(text[at]), text.size() - at);
    pieces.append_text(text.substr(at, length));
  }
}

/// Java's split: an empty match at the start makes no empty piece; empty pieces at the end stay.
void split_row(const JavaPattern& pattern, std::string_view text, std::int32_t limit, Groups& groups,
               data::ColumnBuilder& pieces) {
  std::size_t copied = 0, from = 0;
  std::int32_t count = 0;
  while (from <= text.size() && (limit <= 0 || count < limit - 1) && pattern.find(text, from, groups)) {
    from = next_start(text, groups[0]);
    if (groups[0].end == 0) continue;
    pieces.append_text(text.substr(copied, groups[0].begin - copied));
    copied = groups[0].end;
    ++count;
  }
  pieces.append_text(text.substr(copied));
}

Vector split_rows(const Call& call) {
  data::ColumnBuilder out(call.type);
  PatternCache cache;
  const Presence present(call);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (present.none() || !present[row]) {
      out.append_null();
      continue;
    }
    const auto text_of = [&](std::size_t i) { return call.arguments[i].column->text(call.arguments[i].index(row)); };
    struct RowOutcome {
      const Call& of;
      std::size_t at;
      void fail(const Error& error) { of.frame.fail(at, of.span, error); }
    } outcome{call, row};
    const JavaPattern* pattern = cache.get(outcome, text_of(1), text_of(0));
    if (pattern == nullptr) {
      out.append_null();
      continue;
    }
    const std::int32_t limit =
        call.arguments.size() > 2 ? call.arguments[2].column->values<std::int32_t>()[call.arguments[2].index(row)] : -1;
    const bool characters = text_of(1).empty() && !text_of(0).empty();
    characters ? split_characters(text_of(0), limit, out.child(0))
               : split_row(*pattern, text_of(0), limit, cache.groups, out.child(0));
    out.append_present();
  }
  return {out.finish(), false};
}

Result<NodePtr> bind_split(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  STREAMOPS_RETURN_IF_ERROR(take_texts(binding, 2));
  STREAMOPS_RETURN_IF_ERROR(check_pattern(binding, 1));
  if (binding.size() == 3) {
    STREAMOPS_ASSIGN(binding.arguments()[2], binding.argument_as(2, Type::scalar(TypeId::int32)));
  }
  return binding.strict_node(Type::array(text_type(), false), binding.any_nullable(), split_rows);
}

struct LikeCache {
  std::optional<LikePattern> pattern;
  std::string text;
};

template <bool ignore_case>
Result<NodePtr> bind_like(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  STREAMOPS_RETURN_IF_ERROR(take_texts(binding, 2));
  std::string escape = "\\";
  if (binding.size() == 3) {
    const auto given = binding.constant_text(2);
    if (!given || count_characters(*given) != 1) return binding.mismatch(2, "a text of one character");
    escape = *given;
    binding.arguments().pop_back();
  }
  if (const auto pattern = binding.constant_text(1)) {
    if (auto compiled = LikePattern::compile(*pattern, escape); !compiled) return compiled.error();
  }
  return binding.strict_node(boolean(), binding.any_nullable(), [escape](const Call& call) {
    LikeCache cache;
    std::string lowered;
    return rows<bool(Text, Text)>(call, [&](auto& out, Text text, Text wanted) {
      if (!cache.pattern || cache.text != wanted) {
        std::string pattern(wanted);
        if (ignore_case) {
          pattern.clear();
          append_lower(pattern, wanted);
        }
        auto compiled = LikePattern::compile(pattern, escape);
        if (!compiled) return out.fail(compiled.error());
        cache = {std::move(compiled).value(), std::string(wanted)};
      }
      if (!ignore_case) return out.set(cache.pattern->matches(text));
      lowered.clear();
      append_lower(lowered, text);
      out.set(cache.pattern->matches(lowered));
    });
  });
}

}  // namespace

const std::vector<Function>& pattern_functions() {
  static const std::vector<Function> all = {
      {"like",
       "text LIKE pattern [ESCAPE 'c']",
       "Whether the whole text fits a pattern: % stands for any characters, _ for one.",
       {{"'abc' LIKE 'a%'", "true"}, {"'abc' LIKE '_b_'", "true"}, {"'a_c' LIKE 'a!_c' ESCAPE '!'", "true"}},
       {},
       bind_like<false>},
      {"ilike",
       "text ILIKE pattern [ESCAPE 'c']",
       "As LIKE, without regard to case.",
       {{"'ABC' ILIKE 'a%'", "true"}},
       {},
       bind_like<true>},
      {"rlike",
       "text RLIKE pattern",
       "Whether a regular expression is found in the text.",
       {{"'abc' RLIKE '^a.c$'", "true"}},
       {},
       bind_rlike,
       {"regexp", "regexp_like"}},
      {"regexp_replace",
       "regexp_replace(text, pattern, replacement[, position])",
       "The text with every match replaced; $1 stands for a group.",
       {{"regexp_replace('a1b2', '[0-9]', '#')", "a#b#"},
        {"regexp_replace('2024-01', '([0-9]+)-([0-9]+)', '$2/$1')", "01/2024"}},
       {},
       bind_regexp_replace},
      {"regexp_extract",
       "regexp_extract(text, pattern[, group])",
       "A group of the first match (1 when not given, 0 for all of it); empty when there is none.",
       {{"regexp_extract('100-200', '(\\\\d+)-(\\\\d+)', 2)", "200"}},
       {},
       bind_regexp_extract},
      {"split",
       "split(text, pattern[, limit])",
       "The pieces between the matches of a regular expression.",
       {{"split('a1b2c', '[0-9]')", "[a, b, c]"}, {"split('a,b,c', ',', 2)", "[a, b,c]"}},
       {},
       bind_split},
  };
  return all;
}

}  // namespace streamops::sql
