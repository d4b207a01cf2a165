// Functions that build texts from texts.
#include <algorithm>
#include <optional>

#include "sql/engine/characters.h"
#include "sql/engine/functions/families.h"
#include "sql/engine/functions/substring.h"
#include "sql/engine/nested.h"

namespace streamops::sql {
namespace {

using data::Type;
using data::TypeId;
using data::TypePtr;

TypePtr text_type() {
  return Type::scalar(TypeId::string);
}

Vector concat_texts(const Call& call) {
  const Presence present(call);
  if (present.none()) return {data::nulls(call.type, 1), true};
  std::vector<Reader<Text>> readers;
  for (const Vector& argument : call.arguments) readers.emplace_back(argument);
  Output<Text> out(call);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (!present[row]) {
      out.skip(row);
      continue;
    }
    out.begin(row);
    for (const Reader<Text>& read : readers) {
      const Text text = read(row);
      if (!out.room_for(text.size())) break;
      out.append(text);
    }
    out.end();
  }
  return out.finish();
}

Vector concat_arrays(const Call& call) {
  data::ColumnBuilder out(call.type);
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    const bool missing =
        std::any_of(call.arguments.begin(), call.arguments.end(), [&](const Vector& v) { return v.is_null(row); });
    if (missing) {
      out.append_null();
      continue;
    }
    for (const Vector& list : call.arguments) {
      const auto at = list.column->offsets();
      for (std::int32_t k = at[list.index(row)]; k < at[list.index(row) + 1]; ++k) {
        out.child(0).append_from(*list.column->children()[0], static_cast<std::size_t>(k));
      }
    }
    out.append_present();
  }
  return {out.finish(), false};
}

/// All arrays, all BINARY, or everything as STRING.
Result<NodePtr> bind_concat(Binding& binding) {
  bool arrays = binding.size() > 0, binary = binding.size() > 0;
  for (std::size_t i = 0; i < binding.size(); ++i) {
    arrays = arrays && binding.id(i) == TypeId::array;
    binary = binary && binding.id(i) == TypeId::binary;
  }
  if (arrays) {
    STREAMOPS_ASSIGN(const TypePtr type, binding.unify(Strings::promoted));
    return binding.node(type, binding.any_nullable(), concat_arrays);
  }
  for (std::size_t i = 0; i < binding.size() && !binary; ++i) {
    if (binding.type(i).is_nested()) return binding.mismatch(i, "STRING");
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, text_type()));
  }
  return binding.node(Type::scalar(binary ? TypeId::binary : TypeId::string), binding.any_nullable(), concat_texts);
}

/// Nulls are left out; the elements of arrays count one by one.
Vector concat_separated(const Call& call) {
  Output<Text> out(call);
  const Vector& separator = call.arguments[0];
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (separator.is_null(row)) {
      out.skip(row);
      continue;
    }
    out.begin(row);
    bool first = true;
    const auto add = [&](std::string_view piece) {
      const std::string_view between = first ? std::string_view() : separator.column->text(separator.index(row));
      first = false;
      if (!out.room_for(between.size() + piece.size())) return;
      out.append(between);
      out.append(piece);
    };
    for (const Vector& value : call.arguments.subspan(1)) {
      if (value.is_null(row)) continue;
      const std::size_t at = value.index(row);
      if (value.column->type()->id() == TypeId::string) {
        add(value.column->text(at));
        continue;
      }
      const data::Column& elements = *value.column->children()[0];
      for (std::int32_t k = value.column->offsets()[at]; k < value.column->offsets()[at + 1]; ++k) {
        if (!elements.is_null(static_cast<std::size_t>(k))) add(elements.text(static_cast<std::size_t>(k)));
      }
    }
    out.end();
  }
  return out.finish();
}

Result<NodePtr> bind_concat_ws(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, SIZE_MAX));
  for (std::size_t i = 0; i < binding.size(); ++i) {
    const bool array = i > 0 && binding.id(i) == TypeId::array && !binding.type(i).element()->is_nested();
    if (!array && binding.type(i).is_nested()) return binding.mismatch(i, "STRING or ARRAY<STRING>");
    STREAMOPS_RETURN_IF_ERROR(binding.cast_argument(i, array ? Type::array(text_type()) : text_type()));
  }
  return binding.node(text_type(), binding[0]->nullable(), concat_separated);
}

/// ASCII letters from `first` on, of which there are 26, in the other case.
template <char first>
void swap_case(Text text, char* to) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto letter = static_cast<unsigned char>(text[i] - first);
    to[i] = static_cast<char>(text[i] ^ (letter < 26 ? 0x20 : 0));
  }
}

/// All rows at once, where all of them are ASCII: lengths stay as they are. Otherwise nothing.
template <char first>
std::optional<Vector> swap_all(const Call& call) {
  const Vector& value = call.arguments[0];
  const auto ends = value.column->offsets();
  const auto size = static_cast<std::size_t>(ends.back());
  const Text all(reinterpret_cast<const char*>(value.column->values<std::uint8_t>().data()), size);
  if (value.constant || size > largest_text_column || !is_ascii(all)) return std::nullopt;
  Bytes bytes(size);
  swap_case<first>(all, reinterpret_cast<char*>(bytes.data()));
  const auto* const raw = reinterpret_cast<const std::uint8_t*>(ends.data());
  const BytesView present = value.column->validity();
  return Vector{std::make_shared<const data::Column>(
                    call.type, value.column->length(), Bytes(present.begin(), present.end()),
                    Bytes(raw, raw + ends.size_bytes()), std::move(bytes), std::vector<data::ColumnPtr>()),
                false};
}

template <char first, void (*append)(std::string&, std::string_view)>
Vector change_case(const Call& call) {
  if (std::optional<Vector> all = swap_all<first>(call)) return std::move(*all);
  std::string buffer;
  return rows<Text(Text)>(call, [&buffer](auto& out, Text text) {
    buffer.clear();
    if (is_ascii(text)) {
      buffer.resize(text.size());
      swap_case<first>(text, buffer.data());
    } else {
      append(buffer, text);
    }
    out.append(buffer);
  });
}

Overload upper() {
  return {{text_type()}, text_type(), true, change_case<'a', append_upper>};
}
Overload lower() {
  return {{text_type()}, text_type(), true, change_case<'A', append_lower>};
}

constexpr auto title = [](std::string& buffer, auto& out, Text text) {
  buffer.clear();
  append_title(buffer, text);
  out.append(buffer);
};

constexpr auto substring = [](auto& out, Text text, std::int32_t position, std::int32_t length) {
  append_substring(out, text, position, length, is_ascii(text) ? text.size() : count_characters(text));
};
constexpr auto substring_to_end = [](auto& out, Text text, std::int32_t position) {
  append_substring(out, text, position, INT32_MAX, is_ascii(text) ? text.size() : count_characters(text));
};
constexpr auto binary_substring = [](auto& out, Binary value, std::int32_t position, std::int32_t length) {
  append_substring(out, value.bytes, position, length, value.bytes.size());
};
constexpr auto binary_substring_to_end = [](auto& out, Binary value, std::int32_t position) {
  append_substring(out, value.bytes, position, INT32_MAX, value.bytes.size());
};

std::string_view trim_left(std::string_view text, std::string_view set) {
  while (!text.empty()) {
    const std::size_t length = std::min(character_bytes(text[0]), text.size());
    if (set.find(text.substr(0, length)) == std::string_view::npos) break;
    text.remove_prefix(length);
  }
  return text;
}
std::string_view trim_right(std::string_view text, std::string_view set) {
  while (!text.empty()) {
    std::size_t start = text.size() - 1;
    while (start > 0 && (text[start] & 0xC0) == 0x80) --start;
    if (set.find(text.substr(start)) == std::string_view::npos) break;
    text.remove_suffix(text.size() - start);
  }
  return text;
}

/// Fills up with `pad` in front (lpad) or behind (rpad), or cuts to `length` characters.
template <typename Out>
void padded(Out& out, Text text, std::int32_t length, Text pad, bool front) {
  const auto wanted = static_cast<std::int64_t>(std::max(length, 0));
  const auto have = static_cast<std::int64_t>(count_characters(text));
  if (have >= wanted || pad.empty()) return out.append(character_range(text, 0, wanted));
  if (!out.room_for(static_cast<std::size_t>(wanted - have) * 4 + text.size())) return;
  if (!front) out.append(text);
  std::int64_t missing = wanted - have;
  const auto pad_characters = static_cast<std::int64_t>(count_characters(pad));
  for (; missing >= pad_characters; missing -= pad_characters) out.append(pad);
  out.append(character_range(pad, 0, missing));
  if (front) out.append(text);
}

template <bool front>
constexpr auto padded_bytes = [](auto& out, Binary value, std::int32_t length, Binary pad) {
  const auto wanted = static_cast<std::size_t>(std::max(length, 0));
  const std::string_view bytes = value.bytes;
  if (bytes.size() >= wanted || pad.bytes.empty()) return out.append(bytes.substr(0, wanted));
  if (!out.room_for(wanted)) return;
  if (!front) out.append(bytes);
  for (std::size_t i = 0; i < wanted - bytes.size(); ++i) out.push(pad.bytes[i % pad.bytes.size()]);
  if (front) out.append(bytes);
};
template <bool front>
constexpr auto padded_with_zeros = [](auto& out, Binary value, std::int32_t length) {
  padded_bytes<front>(out, value, length, Binary{std::string_view("\0", 1)});
};

constexpr auto replace = [](auto& out, Text text, Text search, Text with) {
  if (search.empty()) return out.append(text);
  std::size_t start = 0;
  for (std::size_t at; (at = text.find(search, start)) != std::string_view::npos; start = at + search.size()) {
    if (!out.room_for(at - start + with.size())) return;
    out.append(text.substr(start, at - start));
    out.append(with);
  }
  out.append(text.substr(start));
};

constexpr auto reverse = [](auto& out, Text text) {
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t start = end - 1;
    while (start > 0 && (text[start] & 0xC0) == 0x80) --start;
    out.append(text.substr(start, end - start));
    end = start;
  }
};

Vector reverse_arrays(const Call& call) {
  data::ColumnBuilder out(call.type);
  const Vector& list = call.arguments[0];
  for (std::size_t row = 0; row < call.frame.rows; ++row) {
    if (list.is_null(row)) {
      out.append_null();
      continue;
    }
    const auto at = list.column->offsets();
    for (std::int32_t k = at[list.index(row) + 1]; k-- > at[list.index(row)];) {
      out.child(0).append_from(*list.column->children()[0], static_cast<std::size_t>(k));
    }
    out.append_present();
  }
  return {out.finish(), false};
}

Result<NodePtr> bind_reverse(Binding& binding) {
  STREAMOPS_RETURN_IF_ERROR(binding.expect_arguments(1, 1));
  if (binding.id(0) == TypeId::array) return binding.node(binding[0]->type(), binding.any_nullable(), reverse_arrays);
  STREAMOPS_ASSIGN(binding.arguments()[0], binding.argument_as(0, text_type()));
  return binding.node(text_type(), binding.any_nullable(),
                      [](const Call& call) { return rows<Text(Text)>(call, reverse); });
}

constexpr auto repeat = [](auto& out, Text text, std::int32_t times) {
  if (times <= 0 || text.empty()) return;
  if (!out.room_for(text.size() * static_cast<std::size_t>(times))) return;
  for (std::int32_t i = 0; i < times; ++i) out.append(text);
};

constexpr auto translate = [](auto& out, Text text, Text from, Text to) {
  for (std::size_t at = 0, length = 0; at < text.size(); at += length) {
    length = std::min(character_bytes(text[at]), text.size() - at);
    const std::string_view character = text.substr(at, length);
    std::int64_t index = 0;
    std::size_t k = 0;
    for (; k < from.size() && from.substr(k, character_bytes(from[k])) != character; k += character_bytes(from[k]))
      ++index;
    k >= from.size() ? out.append(character) : out.append(character_range(to, index, index + 1));
  }
};

}  // namespace

const std::vector<Function>& text_functions() {
  static const std::vector<Function> all = {
      {"concat",
       "concat(a, b, ...)",
       "All texts (or all arrays) one behind the other; NULL where one is NULL. Other types are written as CAST does.",
       {{"concat('a', 1, true)", "a1true"}, {"concat('a', NULL)", "NULL"}, {"concat(array(1), array(2))", "[1, 2]"}},
       {},
       bind_concat,
       {"||"}},
      {"concat_ws",
       "concat_ws(separator, a, b, ...)",
       "Texts and elements of arrays with a separator between; NULLs are left out.",
       {{"concat_ws(' ', 'Ada', NULL, 'Lovelace')", "Ada Lovelace"}, {"concat_ws(',', array('a', 'b'), 'c')", "a,b,c"}},
       {},
       bind_concat_ws},
      {"upper",
       "upper(text)",
       "Every letter in upper case.",
       {{"upper('straße')", "STRASSE"}},
       {upper()},
       nullptr,
       {"ucase"}},
      {"lower", "lower(text)", "Every letter in lower case.", {{"lower('ÀB')", "àb"}}, {lower()}, nullptr, {"lcase"}},
      {"initcap",
       "initcap(text)",
       "The first letter of each word in upper case, the others in lower case; words end at blanks.",
       {{"initcap('hello wORLD')", "Hello World"}},
       {stateful_overload<std::string, Text(Text)>(title)}},
      {"substring",
       "substring(text, position[, length])",
       "A part of a text (or of BINARY) from a position, counted from 1, from the end when negative.",
       {{"substring('hello', 2, 3)", "ell"},
        {"substring('hello', -3)", "llo"},
        {"substring('hello' FROM 2 FOR 2)", "el"}},
       {overload<Text(Text, std::int32_t, std::int32_t)>(substring),
        overload<Text(Text, std::int32_t)>(substring_to_end),
        overload<Binary(Binary, std::int32_t, std::int32_t)>(binary_substring),
        overload<Binary(Binary, std::int32_t)>(binary_substring_to_end)},
       nullptr,
       {"substr"}},
      {"left",
       "left(text, length)",
       "The first characters.",
       {{"left('hello', 2)", "he"}},
       {overload<Text(Text, std::int32_t)>(
            [](auto& out, Text text, std::int32_t n) { out.append(character_range(text, 0, n)); }),
        overload<Binary(Binary, std::int32_t)>([](auto& out, Binary value, std::int32_t n) {
          out.append(value.bytes.substr(0, static_cast<std::size_t>(std::max(n, 0))));
        })}},
      {"right",
       "right(text, length)",
       "The last characters.",
       {{"right('hello', 2)", "lo"}},
       {overload<Text(Text, std::int32_t)>([](auto& out, Text text, std::int32_t n) {
         const auto total = static_cast<std::int64_t>(count_characters(text));
         if (n > 0) out.append(character_range(text, total - n, total));
       })}},
      {"trim",
       "trim(text) or TRIM(BOTH characters FROM text)",
       "The text without blanks, or without the given characters, on both sides.",
       {{"trim('  x ')", "x"}, {"trim('xy', 'xyaxbyx')", "axb"}, {"TRIM(BOTH 'x' FROM 'xax')", "a"}},
       {overload<Text(Text)>([](auto& out, Text text) { out.append(trim_right(trim_left(text, " "), " ")); }),
        overload<Text(Text, Text)>(
            [](auto& out, Text set, Text text) { out.append(trim_right(trim_left(text, set), set)); })}},
      {"btrim",
       "btrim(text[, characters])",
       "The text without blanks, or without the given characters, on both sides.",
       {{"btrim('xxaxx', 'x')", "a"}},
       {overload<Text(Text)>([](auto& out, Text text) { out.append(trim_right(trim_left(text, " "), " ")); }),
        overload<Text(Text, Text)>(
            [](auto& out, Text text, Text set) { out.append(trim_right(trim_left(text, set), set)); })}},
      {"ltrim",
       "ltrim([characters, ]text)",
       "The text without blanks, or without the given characters, in front.",
       {{"ltrim('  x ')", "x "}, {"ltrim('x', 'xxa')", "a"}},
       {overload<Text(Text)>([](auto& out, Text text) { out.append(trim_left(text, " ")); }),
        overload<Text(Text, Text)>([](auto& out, Text set, Text text) { out.append(trim_left(text, set)); })}},
      {"rtrim",
       "rtrim([characters, ]text)",
       "The text without blanks, or without the given characters, at its end.",
       {{"concat('<', rtrim(' x  '), '>')", "< x>"}},
       {overload<Text(Text)>([](auto& out, Text text) { out.append(trim_right(text, " ")); }),
        overload<Text(Text, Text)>([](auto& out, Text set, Text text) { out.append(trim_right(text, set)); })}},
      {"lpad",
       "lpad(text, length[, pad])",
       "The text brought to a length by filling in front, or cut.",
       {{"lpad('7', 3, '0')", "007"}},
       {overload<Text(Text, std::int32_t, Text)>(
            [](auto& out, Text text, std::int32_t n, Text pad) { padded(out, text, n, pad, true); }),
        overload<Text(Text, std::int32_t)>(
            [](auto& out, Text text, std::int32_t n) { padded(out, text, n, " ", true); }),
        overload<Binary(Binary, std::int32_t, Binary)>(padded_bytes<true>),
        overload<Binary(Binary, std::int32_t)>(padded_with_zeros<true>)}},
      {"rpad",
       "rpad(text, length[, pad])",
       "The text brought to a length by filling at its end, or cut.",
       {{"rpad('7', 3, '0')", "700"}},
       {overload<Text(Text, std::int32_t, Text)>(
            [](auto& out, Text text, std::int32_t n, Text pad) { padded(out, text, n, pad, false); }),
        overload<Text(Text, std::int32_t)>(
            [](auto& out, Text text, std::int32_t n) { padded(out, text, n, " ", false); }),
        overload<Binary(Binary, std::int32_t, Binary)>(padded_bytes<false>),
        overload<Binary(Binary, std::int32_t)>(padded_with_zeros<false>)}},
      {"replace",
       "replace(text, search[, replacement])",
       "The text with every occurrence replaced, or removed.",
       {{"replace('abcabc', 'b', 'X')", "aXcaXc"}},
       {overload<Text(Text, Text, Text)>(replace),
        overload<Text(Text, Text)>([](auto& out, Text text, Text search) { replace(out, text, search, Text()); })}},
      {"reverse",
       "reverse(text or array)",
       "The characters or elements in the other order.",
       {{"reverse('abc')", "cba"}, {"reverse(array(1, 2))", "[2, 1]"}},
       {},
       bind_reverse},
      {"repeat",
       "repeat(text, times)",
       "The text some times in a row.",
       {{"repeat('ab', 3)", "ababab"}},
       {overload<Text(Text, std::int32_t)>(repeat)}},
      {"space",
       "space(n)",
       "A text of n blanks.",
       {{"concat('<', space(2), '>')", "<  >"}},
       {overload<Text(std::int32_t)>([](auto& out, std::int32_t n) { repeat(out, " ", n); })}},
      {"translate",
       "translate(text, from, to)",
       "Each character of `from` replaced by the one in the same place of `to`, or removed.",
       {{"translate('abcabc', 'abc', 'x-')", "x-x-"}},
       {overload<Text(Text, Text, Text)>(translate)}},
  };
  return all;
}

}  // namespace streamops::sql
