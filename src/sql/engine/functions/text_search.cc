// Functions that measure texts and find things in them.
#include "sql/engine/characters.h"
#include "sql/engine/functions/build_rows.h"
#include "sql/engine/functions/families.h"

namespace streamops::sql {
namespace {

/// The position of `part` from character `from` on (both from 1), or 0.
std::int32_t position_of(Text part, Text text, std::int32_t from) {
  if (from < 1) return 0;
  if (part.empty()) return 1;
  const std::size_t start = byte_of_character(text, static_cast<std::size_t>(from - 1));
  const std::size_t at = text.find(part, start);
  return at == std::string_view::npos ? 0 : static_cast<std::int32_t>(count_characters(text.substr(0, at))) + 1;
}

std::int32_t length_of(std::size_t length) {
  return static_cast<std::int32_t>(length);
}

/// The first place of `wanted`, which is not empty, from byte `from` on.
std::size_t find_from(Text text, Text wanted, std::size_t from) {
  return wanted.size() == 1 ? text.find(wanted[0], from) : text.find(wanted, from);
}

constexpr auto split_part = [](auto& out, Text text, Text delimiter, std::int32_t part) {
  if (part == 0)
    return out.fail(Error(errors::sql::invalid_input,
                          "[INVALID_INDEX_OF_ZERO] split_part counts parts from 1, or from -1 at the end"));
  if (delimiter.empty()) {
    if (part == 1 || part == -1) out.append(text);
    return;
  }
  if (part > 0) {
    std::size_t start = 0;
    for (std::int32_t skipped = 1; skipped < part; ++skipped) {
      const std::size_t found = find_from(text, delimiter, start);
      if (found == std::string_view::npos) return;
      start = found + delimiter.size();
    }
    return out.append(text.substr(start, find_from(text, delimiter, start) - start));
  }
  std::int64_t parts = 1;
  for (std::size_t at = 0; (at = text.find(delimiter, at)) != std::string_view::npos; at += delimiter.size()) ++parts;
  std::int64_t wanted = parts + part;
  if (wanted < 0 || wanted >= parts) return;
  std::size_t start = 0;
  for (; wanted > 0; --wanted) start = text.find(delimiter, start) + delimiter.size();
  out.append(text.substr(start, text.find(delimiter, start) - start));
};

/// The text before the n-th delimiter, or behind the n-th from the end.
constexpr auto substring_index = [](auto& out, Text text, Text delimiter, std::int32_t count) {
  if (delimiter.empty() || count == 0) return;
  std::size_t at = count > 0 ? 0 : text.size();
  for (std::int32_t i = 0; i < (count > 0 ? count : -count); ++i) {
    if (count > 0) {
      const std::size_t found = text.find(delimiter, i == 0 ? 0 : at + 1);
      if (found == std::string_view::npos) return out.append(text);
      at = found;
    } else {
      const std::size_t found = at == 0 ? std::string_view::npos : text.rfind(delimiter, at - 1);
      if (found == std::string_view::npos) return out.append(text);
      at = found;
    }
  }
  count > 0 ? out.append(text.substr(0, at)) : out.append(text.substr(at + delimiter.size()));
};

/// A place that is NULL gives 0, as in Hive; other NULLs give NULL.
Result<NodePtr> bind_locate(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(2, 3));
  if (binding.size() == 2) binding.arguments().push_back(integer_constant(1, data::TypeId::int32, binding.span()));
  for (std::size_t i = 0; i < 3; ++i) {
    const data::TypeId type = i < 2 ? data::TypeId::string : data::TypeId::int32;
    STREAMOPS_ASSIGN(binding.arguments()[i], binding.argument_as(i, data::Type::scalar(type)));
  }
  const bool nullable = binding[0]->nullable() || binding[1]->nullable();
  return binding.node(data::Type::scalar(data::TypeId::int32), nullable,
                      built_rows_with_nulls([](const RowAt& at, data::ColumnBuilder& out) {
                        if (at.is_null(2)) return out.append_integer(0);
                        if (at.is_null(0) || at.is_null(1)) return out.append_null();
                        out.append_integer(position_of(at.text(0), at.text(1), at.value<std::int32_t>(2)));
                      }));
}

}  // namespace

const std::vector<Function>& text_search_functions() {
  static const std::vector<Function> all = {
      {"length",
       "length(text or binary)",
       "The number of characters, or of bytes of BINARY.",
       {{"length('é')", "1"}, {"length(X'4142')", "2"}},
       {overload<std::int32_t(Text)>([](auto& out, Text text) { out.set(length_of(count_characters(text))); }),
        overload<std::int32_t(Binary)>([](auto& out, Binary value) { out.set(length_of(value.bytes.size())); })},
       nullptr,
       {"char_length", "character_length", "len"}},
      {"octet_length",
       "octet_length(text or binary)",
       "The number of bytes.",
       {{"octet_length('é')", "2"}},
       {overload<std::int32_t(Text)>([](auto& out, Text text) { out.set(length_of(text.size())); }),
        overload<std::int32_t(Binary)>([](auto& out, Binary value) { out.set(length_of(value.bytes.size())); })}},
      {"bit_length",
       "bit_length(text or binary)",
       "The number of bits.",
       {{"bit_length('é')", "16"}},
       {overload<std::int32_t(Text)>([](auto& out, Text text) { out.set(length_of(text.size() * 8)); }),
        overload<std::int32_t(Binary)>([](auto& out, Binary value) { out.set(length_of(value.bytes.size() * 8)); })}},
      {"instr",
       "instr(text, part)",
       "The position of the first occurrence, from 1; 0 when there is none.",
       {{"instr('hello', 'l')", "3"}},
       {overload<std::int32_t(Text, Text)>(
           [](auto& out, Text text, Text part) { out.set(position_of(part, text, 1)); })}},
      {"locate",
       "locate(part, text[, from]) or POSITION(part IN text)",
       "The position of the first occurrence from a position on; 0 when there is none.",
       {{"locate('l', 'hello', 4)", "4"}, {"position('l' IN 'hello')", "3"}},
       {},
       bind_locate},
      {"startswith",
       "startswith(text, part)",
       "Whether the text begins with the part.",
       {{"startswith('hello', 'he')", "true"}},
       {overload<bool(Text, Text)>([](auto& out, Text text, Text part) { out.set(text.starts_with(part)); }),
        overload<bool(Binary, Binary)>(
            [](auto& out, Binary text, Binary part) { out.set(text.bytes.starts_with(part.bytes)); })}},
      {"endswith",
       "endswith(text, part)",
       "Whether the text ends with the part.",
       {{"endswith('hello', 'lo')", "true"}},
       {overload<bool(Text, Text)>([](auto& out, Text text, Text part) { out.set(text.ends_with(part)); }),
        overload<bool(Binary, Binary)>(
            [](auto& out, Binary text, Binary part) { out.set(text.bytes.ends_with(part.bytes)); })}},
      {"contains",
       "contains(text, part)",
       "Whether the part stands in the text.",
       {{"contains('hello', 'ell')", "true"}},
       {overload<bool(Text, Text)>(
            [](auto& out, Text text, Text part) { out.set(text.find(part) != std::string_view::npos); }),
        overload<bool(Binary, Binary)>([](auto& out, Binary text, Binary part) {
          out.set(text.bytes.find(part.bytes) != std::string_view::npos);
        })}},
      {"split_part",
       "split_part(text, delimiter, part)",
       "One part of a text split at a delimiter, from 1, from the end when negative; empty when there is none.",
       {{"split_part('a,b,c', ',', 2)", "b"}, {"split_part('a,b,c', ',', -1)", "c"}},
       {overload<Text(Text, Text, std::int32_t)>(split_part)}},
      {"substring_index",
       "substring_index(text, delimiter, count)",
       "The text before the count-th delimiter, or behind it counted from the end.",
       {{"substring_index('a.b.c.d', '.', 2)", "a.b"}, {"substring_index('a.b.c.d', '.', -2)", "c.d"}},
       {overload<Text(Text, Text, std::int32_t)>(substring_index)}},
      {"ascii",
       "ascii(text)",
       "The code point of the first character, 0 for an empty text.",
       {{"ascii('abc')", "97"}},
       {overload<std::int32_t(Text)>([](auto& out, Text text) {
         std::size_t length = 0;
         out.set(text.empty() ? 0 : static_cast<std::int32_t>(code_point_at(text, 0, length)));
       })}},
  };
  return all;
}

}  // namespace streamops::sql
