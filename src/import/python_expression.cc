// Expressions of Python by precedence climbing.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "import/python_cursor.h"

namespace streamops::importer::python {

namespace {

constexpr std::array<std::string_view, 12> not_names{"if",  "else", "for", "in",     "and",   "or",
                                                     "not", "is",   "as",  "import", "while", "with"};

std::shared_ptr<Expression> make(ExpressionKind kind, const Token& at, std::string text = {}) {
  auto made = std::make_shared<Expression>();
  made->kind = kind;
  made->line = at.line;
  made->column = at.column;
  made->text = std::move(text);
  return made;
}

/// The operator at the cursor and its strength; 0 when there is none. `words` is how many tokens it has.
int operator_at(const Cursor& in, std::string& text, std::size_t& words) {
  words = 1;
  text = std::string(in.peek().text);
  if (in.is(TokenKind::name)) {
    if (text == "or") return 1;
    if (text == "and") return 2;
    if (text == "in") return 4;
    if (text == "is" && in.is_word("not", 1)) return words = 2, text = "is not", 4;
    if (text == "is") return 4;
    if (text == "not" && in.is_word("in", 1)) return words = 2, text = "not in", 4;
    return 0;
  }
  if (!in.is(TokenKind::symbol)) return 0;
  if (text == "==" || text == "!=" || text == "<" || text == ">" || text == "<=" || text == ">=" || text == "<>")
    return 4;
  if (text == "|") return 5;
  if (text == "^") return 6;
  if (text == "&") return 7;
  if (text == "<<" || text == ">>") return 8;
  if (text == "+" || text == "-") return 9;
  if (text == "*" || text == "/" || text == "//" || text == "%" || text == "@") return 10;
  if (text == "**") return 12;
  return 0;
}

ExpressionPtr read_binary(Cursor& in, int least);

ExpressionPtr read_unary(Cursor& in);

/// Pieces of a formatted text. `{{` is a brace; `{x!r:>10}` is x.
void read_formatted(Cursor& in, const Token& token, Expression& into) {
  std::string plain;
  const auto flush = [&] {
    if (plain.empty()) return;
    into.items.push_back(make(ExpressionKind::text, token, token.raw ? plain : unescape(plain)));
    plain.clear();
  };
  const std::string_view text = token.text;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const bool doubled = at + 1 < text.size() && text[at + 1] == text[at];
    if ((text[at] != '{' && text[at] != '}') || doubled) {
      plain += text[at];
      if (text[at] == '{' || text[at] == '}') ++at;
      continue;
    }
    if (text[at] == '}') continue;
    int depth = 0;
    char quote = 0;
    std::size_t end = at + 1;
    std::size_t stop = std::string_view::npos;  // where a conversion or a format begins
    for (; end < text.size(); ++end) {
      const char c = text[end];
      if (quote != 0) {
        if (c == quote) quote = 0;
      } else if (c == '\'' || c == '"') {
        quote = c;
      } else if (c == '(' || c == '[' || c == '{') {
        ++depth;
      } else if (depth > 0 && (c == ')' || c == ']' || c == '}')) {
        --depth;
      } else if (c == '}') {
        break;
      } else if (depth == 0 && stop == std::string_view::npos &&
                 (c == ':' || (c == '!' && !text.substr(end).starts_with("!=")))) {
        stop = end;
      }
    }
    flush();
    std::string_view inner = text.substr(at + 1, std::min(stop, end) - at - 1);
    if (inner.ends_with('=')) inner.remove_suffix(1);
    std::vector<Mistake> ignored;
    const std::string wrapped = fmt::format("({})", inner);
    Cursor nested(tokenize(wrapped, in.limits(), ignored), in.limits(), ignored, in.depth() + 1);
    ExpressionPtr value = read_expression(nested);
    if (!value) {
      in.mistakes().push_back({"the braces of a formatted text hold no expression", token.line, token.column});
      value = make(ExpressionKind::none, token);
    }
    // What is inside knows the line of the text.
    auto copy = std::make_shared<Expression>(*value);
    copy->line = token.line;
    into.items.push_back(std::move(copy));
    at = end;
  }
  flush();
}

/// Texts side by side are one text.
ExpressionPtr read_text(Cursor& in) {
  const Token first = in.peek();
  auto formatted = make(ExpressionKind::formatted, first);
  auto plain = make(ExpressionKind::text, first);
  bool is_formatted = false;
  while (in.is(TokenKind::text)) {
    const Token token = in.next();
    if (token.formatted) {
      is_formatted = true;
      read_formatted(in, token, *formatted);
    } else {
      const std::string value = token.raw ? std::string(token.text) : unescape(token.text);
      plain->text += value;
      formatted->items.push_back(make(ExpressionKind::text, token, value));
    }
  }
  return is_formatted ? formatted : plain;
}

/// Behind the first element: `for x in y if z`. Null when there is none, and when it cannot be read.
std::shared_ptr<Expression> read_comprehension(Cursor& in, const Token& at, std::string_view bracket,
                                               ExpressionPtr element) {
  in.eat_word("async");
  if (!in.eat_word("for")) return nullptr;
  auto made = make(ExpressionKind::comprehension, at, std::string(bracket));
  made->items.push_back(std::move(element));
  made->items.push_back(read_targets(in));
  if (!in.eat_word("in")) {
    in.fail("`in`");
    return nullptr;
  }
  made->items.push_back(read_binary(in, 1));
  while (in.is_word("if") || in.is_word("for") || in.is_word("async")) {
    const bool is_loop = !in.is_word("if");
    in.next();
    if (is_loop) {
      read_targets(in);
      in.eat_word("in");
    }
    if (!read_binary(in, 1)) return nullptr;
  }
  return made->items[1] && made->items[2] ? made : nullptr;
}

ExpressionPtr read_parenthesis(Cursor& in) {
  const Token at = in.next();
  if (in.eat_symbol(")")) return make(ExpressionKind::tuple, at);
  ExpressionPtr inner = in.is_word("yield") ? nullptr : read_expressions(in);
  if (in.eat_word("yield")) inner = in.is_symbol(")") ? make(ExpressionKind::none, at) : read_expressions(in);
  if (inner && in.eat_symbol(":=")) inner = read_expression(in);
  if (inner && (in.is_word("for") || in.is_word("async"))) inner = read_comprehension(in, at, "(", inner);
  if (!inner || !in.expect_symbol(")")) return nullptr;
  return inner;
}

ExpressionPtr read_list(Cursor& in) {
  const Token at = in.next();
  auto made = make(ExpressionKind::list, at);
  while (!in.is_symbol("]")) {
    const bool starred = in.eat_symbol("*");
    ExpressionPtr item = read_expression(in);
    if (!item) return nullptr;
    if (made->items.empty() && (in.is_word("for") || in.is_word("async"))) {
      const auto comprehension = read_comprehension(in, at, "[", item);
      return comprehension && in.expect_symbol("]") ? comprehension : nullptr;
    }
    if (starred) {
      auto wrapped = make(ExpressionKind::starred, at);
      wrapped->items.push_back(item);
      item = wrapped;
    }
    made->items.push_back(item);
    if (!in.eat_symbol(",")) break;
  }
  return in.expect_symbol("]") ? made : nullptr;
}

/// A dict or a set; a set is a list to us.
ExpressionPtr read_braces(Cursor& in) {
  const Token at = in.next();
  auto made = make(ExpressionKind::dict, at);
  while (!in.is_symbol("}")) {
    if (in.eat_symbol("**")) {
      made->items.push_back(make(ExpressionKind::none, at));
      made->items.push_back(read_binary(in, 1));
      if (!made->items.back()) return nullptr;
      if (!in.eat_symbol(",")) break;
      continue;
    }
    ExpressionPtr key = read_expression(in);
    if (!key) return nullptr;
    if (!in.eat_symbol(":")) {
      made->kind = ExpressionKind::list;
      if (in.is_word("for")) {
        const auto comprehension = read_comprehension(in, at, "{", key);
        return comprehension && in.expect_symbol("}") ? comprehension : nullptr;
      }
      made->items.push_back(key);
      if (!in.eat_symbol(",")) break;
      continue;
    }
    ExpressionPtr value = read_expression(in);
    if (!value) return nullptr;
    if (in.is_word("for") || in.is_word("async")) {
      const auto comprehension = read_comprehension(in, at, "{", key);
      if (!comprehension || !in.expect_symbol("}")) return nullptr;
      comprehension->items.push_back(value);
      return comprehension;
    }
    made->items.push_back(key);
    made->items.push_back(value);
    if (!in.eat_symbol(",")) break;
  }
  return in.expect_symbol("}") ? made : nullptr;
}

ExpressionPtr read_lambda(Cursor& in) {
  auto made = make(ExpressionKind::lambda, in.next());
  made->parameters = read_parameters(in, ":");
  if (!in.expect_symbol(":")) return nullptr;
  made->items.push_back(read_expression(in));
  return made->items[0] ? made : nullptr;
}

ExpressionPtr read_atom(Cursor& in) {
  const Token token = in.peek();
  switch (token.kind) {
    case TokenKind::text:
      return read_text(in);
    case TokenKind::number: {
      std::string digits(in.next().text);
      std::erase(digits, '_');
      return make(ExpressionKind::number, token, digits);
    }
    case TokenKind::name:
      if (token.text == "None") return in.next(), make(ExpressionKind::none, token);
      if (token.text == "True" || token.text == "False")
        return in.next(), make(ExpressionKind::boolean, token, std::string(token.text));
      if (std::find(not_names.begin(), not_names.end(), token.text) != not_names.end()) break;
      return in.next(), make(ExpressionKind::name, token, std::string(token.text));
    case TokenKind::symbol:
      if (token.text == "(") return read_parenthesis(in);
      if (token.text == "[") return read_list(in);
      if (token.text == "{") return read_braces(in);
      if (token.text == "...") return in.next(), make(ExpressionKind::none, token);
      break;
    default:
      break;
  }
  in.fail("an expression");
  return nullptr;
}

bool read_arguments(Cursor& in, Expression& call) {
  const Token at = in.peek();
  while (!in.is_symbol(")")) {
    Argument argument;
    if (in.is_symbol("*") || in.is_symbol("**")) {
      argument.name = std::string(in.next().text);
    } else if (in.is(TokenKind::name) && in.is_symbol("=", 1)) {
      argument.name = std::string(in.next().text);
      in.next();
    }
    argument.value = read_expression(in);
    if (argument.value && in.is_word("for")) argument.value = read_comprehension(in, at, "(", argument.value);
    if (argument.value && in.eat_symbol(":=")) argument.value = read_expression(in);
    if (!argument.value) return false;
    call.arguments.push_back(std::move(argument));
    if (!in.eat_symbol(",")) break;
  }
  return in.expect_symbol(")");
}

/// Between the brackets: an index, a slice, or several of them.
ExpressionPtr read_index(Cursor& in) {
  const Token at = in.peek();
  auto slice = make(ExpressionKind::slice, at);
  ExpressionPtr first = in.is_symbol(":") ? make(ExpressionKind::none, at) : read_expressions(in);
  if (!first || !in.is_symbol(":")) return first;
  slice->items.push_back(first);
  while (in.eat_symbol(":")) {
    const bool empty = in.is_symbol(":") || in.is_symbol("]");
    slice->items.push_back(empty ? make(ExpressionKind::none, at) : read_expression(in));
    if (!slice->items.back()) return nullptr;
  }
  return slice;
}

ExpressionPtr read_postfix(Cursor& in) {
  in.eat_word("await");
  ExpressionPtr base = read_atom(in);
  // A chain of calls is as long as it likes: it nests to the left, and trees are walked no deeper than this.
  for (int links = 0; base && links < 200; ++links) {
    const Token at = in.peek();
    if (in.eat_symbol(".")) {
      if (!in.is(TokenKind::name)) return in.fail("a name"), nullptr;
      const Token name = in.next();
      auto made = make(ExpressionKind::attribute, name, std::string(name.text));
      made->items.push_back(base);
      base = made;
    } else if (in.eat_symbol("(")) {
      auto made = make(ExpressionKind::call, at);
      made->line = base->line;
      made->column = base->column;
      made->items.push_back(base);
      if (!read_arguments(in, *made)) return nullptr;
      base = made;
    } else if (in.eat_symbol("[")) {
      auto made = make(ExpressionKind::subscript, at);
      made->items.push_back(base);
      made->items.push_back(read_index(in));
      if (!made->items[1] || !in.expect_symbol("]")) return nullptr;
      base = made;
    } else {
      break;
    }
  }
  return base;
}

ExpressionPtr read_unary(Cursor& in) {
  const Token at = in.peek();
  const bool is_sign = in.is_symbol("-") || in.is_symbol("+") || in.is_symbol("~");
  if (!is_sign && !in.is_word("not")) return read_postfix(in);
  const Cursor::Level level(in);
  if (!level) return nullptr;
  auto made = make(ExpressionKind::unary, at, std::string(in.next().text));
  made->items.push_back(is_sign ? read_binary(in, 11) : read_binary(in, 3));
  return made->items[0] ? made : nullptr;
}

ExpressionPtr read_binary(Cursor& in, int least) {
  const Cursor::Level level(in);
  if (!level) return nullptr;
  ExpressionPtr left = read_unary(in);
  std::string text;
  std::size_t words = 0;
  for (int strength = 0; left && (strength = operator_at(in, text, words)) >= least && strength > 0;) {
    auto made = make(ExpressionKind::binary, in.peek(), text);
    made->line = left->line;
    for (std::size_t i = 0; i < words; ++i) in.next();
    ExpressionPtr right = read_binary(in, strength == 12 ? 12 : strength + 1);
    if (!right) return nullptr;
    made->items = {left, right};
    left = made;
  }
  return left;
}

}  // namespace

bool Cursor::expect_symbol(std::string_view text) {
  return eat_symbol(text) || fail(fmt::format("`{}`", text));
}

bool Cursor::fail(std::string_view expected) {
  const Token& at = peek();
  const bool shows = at.kind == TokenKind::name || at.kind == TokenKind::symbol || at.kind == TokenKind::number;
  const std::string found = shows ? fmt::format("`{}`", at.text) : at.kind == TokenKind::text ? "a text" : "the end";
  if (mistakes_.size() < 20)
    mistakes_.push_back({fmt::format("{} is expected here, not {}", expected, found), at.line, at.column});
  return false;
}

ExpressionPtr read_expression(Cursor& in) {
  const Cursor::Level level(in);
  if (!level) return nullptr;
  if (in.is_word("lambda")) return read_lambda(in);
  ExpressionPtr value = read_binary(in, 1);
  if (!value || !in.is_word("if")) return value;
  auto made = make(ExpressionKind::conditional, in.next());
  made->line = value->line;
  ExpressionPtr condition = read_binary(in, 1);
  // In a comprehension `if` has no `else`: the cursor then stands behind the condition, which is fine for us.
  if (!condition || !in.eat_word("else")) return condition ? value : nullptr;
  ExpressionPtr other = read_expression(in);
  if (!other) return nullptr;
  made->items = {value, condition, other};
  return made;
}

ExpressionPtr read_expressions(Cursor& in) {
  const Token at = in.peek();
  auto tuple = make(ExpressionKind::tuple, at);
  bool has_comma = false;
  for (;;) {
    const bool starred = in.eat_symbol("*");
    ExpressionPtr item = read_expression(in);
    if (!item) return nullptr;
    if (starred) {
      auto wrapped = make(ExpressionKind::starred, at);
      wrapped->items.push_back(item);
      item = wrapped;
    }
    tuple->items.push_back(item);
    if (!in.eat_symbol(",")) break;
    has_comma = true;
    const bool ends = in.is(TokenKind::newline) || in.is(TokenKind::end) || in.is_symbol(")") || in.is_symbol("=") ||
                      in.is_symbol("]");
    if (ends) break;
  }
  return has_comma ? tuple : tuple->items[0];
}

ExpressionPtr read_targets(Cursor& in) {
  const Token at = in.peek();
  auto tuple = make(ExpressionKind::tuple, at);
  bool has_comma = false;
  while (!in.is_word("in") && !in.is(TokenKind::newline) && !in.is(TokenKind::end)) {
    in.eat_symbol("*");
    ExpressionPtr item = read_postfix(in);
    if (!item) return nullptr;
    tuple->items.push_back(item);
    if (!in.eat_symbol(",")) break;
    has_comma = true;
  }
  if (tuple->items.empty()) return in.fail("a name"), nullptr;
  return has_comma ? tuple : tuple->items[0];
}

std::vector<Parameter> read_parameters(Cursor& in, std::string_view closing) {
  std::vector<Parameter> parameters;
  while (!in.is_symbol(closing) && !in.is(TokenKind::newline) && !in.is(TokenKind::end)) {
    Parameter parameter;
    if (in.is_symbol("*") || in.is_symbol("**")) parameter.stars = static_cast<int>(in.next().text.size());
    if (in.is(TokenKind::name)) parameter.name = std::string(in.next().text);
    if (closing != ":" && in.eat_symbol(":")) read_expression(in);
    if (in.eat_symbol("=")) parameter.fallback = read_expression(in);
    if (!in.eat_symbol("/")) parameters.push_back(std::move(parameter));
    if (!in.eat_symbol(",")) break;
  }
  return parameters;
}

}  // namespace streamops::importer::python
