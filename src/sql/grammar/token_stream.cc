#include "sql/grammar/token_stream.h"

#include <fmt/format.h>

#include "base/text.h"
#include "errors/sql.h"

namespace streamops::sql {
namespace {

std::string shown(const Token& token) {
  if (token.kind == TokenKind::end) return "the end of the text";
  if (token.kind == TokenKind::text) return "a text in quotes";
  return fmt::format("`{}`", token.value);
}

}  // namespace

bool TokenStream::is_word(std::string_view word, std::size_t ahead) const {
  return peek(ahead).kind == TokenKind::name && equals_ignore_case(peek(ahead).value, word);
}

bool TokenStream::is_any_word(std::span<const std::string_view> words, std::size_t ahead) const {
  for (std::string_view word : words) {
    if (is_word(word, ahead)) return true;
  }
  return false;
}

bool TokenStream::expect_word(std::string_view word) {
  return eat_word(word) || fail_expected(fmt::format("`{}`", word));
}

bool TokenStream::expect_symbol(std::string_view symbol) {
  return eat_symbol(symbol) || fail_expected(fmt::format("`{}`", symbol));
}

bool TokenStream::expect_closing_angle() {
  Token& token = tokens_[at_];
  if (token.kind != TokenKind::symbol || token.value.find_first_not_of('>') != std::string::npos)
    return fail_expected("`>`");
  if (token.value.size() == 1) return next(), true;
  token.value.pop_back();
  ++token.span.offset;
  --token.span.length;
  return true;
}

bool TokenStream::fail(Span span, const Error& error) {
  if (!error_) error_ = source_.at(span, error);
  return false;
}

bool TokenStream::fail_expected(std::string_view what) {
  return fail(peek().span, Error(errors::sql::syntax, "{} is expected here, not {}", what, shown(peek())));
}

bool TokenStream::fail_not_served(Span span, std::string_view construct) {
  return fail(span, Error(errors::sql::not_served, "{} is not served", construct));
}

TokenStream::Level::Level(TokenStream& stream) : stream_(stream) {
  if (++stream_.depth_ > deepest_tree) {
    stream_.fail(stream_.peek().span, Error(errors::sql::too_large, "more than {} levels of nesting", deepest_tree));
  }
}

}  // namespace streamops::sql
