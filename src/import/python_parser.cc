// Statements of Python: blocks by indentation, one statement a logical line.
#include <array>

#include "import/python_cursor.h"

namespace streamops::importer::python {

namespace {

class Parser {
 public:
  explicit Parser(Cursor& in) : in_(in) {}

  std::vector<Statement> module() {
    std::vector<Statement> body;
    while (!in_.is(TokenKind::end)) {
      const std::size_t before = in_.position();
      line(body);
      if (in_.position() == before) in_.next();
    }
    return body;
  }

 private:
  Statement begin(StatementKind kind) const {
    Statement statement;
    statement.kind = kind;
    statement.line = in_.peek().line;
    return statement;
  }

  /// Whatever stands at the cursor; a line that cannot be read is left out, with the block below it.
  void line(std::vector<Statement>& into) {
    if (in_.is(TokenKind::newline) || in_.is(TokenKind::dedent)) {
      in_.next();
      return;
    }
    if (in_.is(TokenKind::indent)) {  // below a line that was left out
      in_.next();
      while (!in_.is(TokenKind::dedent) && !in_.is(TokenKind::end)) {
        const std::size_t before = in_.position();
        line(into);
        if (in_.position() == before) in_.next();
      }
      return;
    }
    const Cursor::Level level(in_);
    if (!level || !statement(into)) skip_line();
  }

  void skip_line() {
    while (!in_.is(TokenKind::newline) && !in_.is(TokenKind::end) && !in_.is(TokenKind::indent) &&
           !in_.is(TokenKind::dedent))
      in_.next();
    if (in_.is(TokenKind::newline)) in_.next();
  }

  bool statement(std::vector<Statement>& into) {
    if (in_.is_symbol("@")) return decorated(into);
    if (in_.is(TokenKind::name)) {
      const std::string_view word = in_.peek().text;
      if (word == "async" && in_.peek(1).kind == TokenKind::name) in_.next();
      if (in_.is_word("def")) return function(into, {});
      if (in_.is_word("class")) return class_(into);
      if (in_.is_word("with")) return with_(into);
      if (in_.is_word("for")) return for_(into);
      if (in_.is_word("while")) return conditional(into, StatementKind::while_);
      if (in_.is_word("if")) return conditional(into, StatementKind::if_);
      if (in_.is_word("try")) return try_(into);
    }
    return simple_line(into);
  }

  bool decorated(std::vector<Statement>& into) {
    std::vector<ExpressionPtr> decorators;
    while (in_.eat_symbol("@")) {
      ExpressionPtr decorator = read_expression(in_);
      if (!decorator) return false;
      decorators.push_back(std::move(decorator));
      if (in_.is(TokenKind::newline)) in_.next();
    }
    in_.eat_word("async");
    if (in_.is_word("class")) return class_(into);
    return in_.is_word("def") ? function(into, std::move(decorators)) : in_.fail("`def` or `class`");
  }

  /// `:` and what belongs to it: lines that are indented, or the rest of this line.
  bool block(std::vector<Statement>& into) {
    if (!in_.expect_symbol(":")) return false;
    if (!in_.is(TokenKind::newline)) return simple_line(into);
    in_.next();
    if (!in_.is(TokenKind::indent)) return in_.fail("an indented block");
    const Cursor::Level level(in_);
    if (!level) return false;
    in_.next();
    while (!in_.is(TokenKind::dedent) && !in_.is(TokenKind::end)) {
      const std::size_t before = in_.position();
      line(into);
      if (in_.position() == before) in_.next();
    }
    if (in_.is(TokenKind::dedent)) in_.next();
    return true;
  }

  bool function(std::vector<Statement>& into, std::vector<ExpressionPtr> decorators) {
    Statement made = begin(StatementKind::function);
    in_.next();
    if (!in_.is(TokenKind::name)) return in_.fail("the function's name");
    made.text = std::string(in_.next().text);
    made.decorators = std::move(decorators);
    if (!in_.expect_symbol("(")) return false;
    made.parameters = read_parameters(in_, ")");
    if (!in_.expect_symbol(")")) return false;
    if (in_.eat_symbol("->") && !read_expression(in_)) return false;
    const bool is_read = block(made.body);
    into.push_back(std::move(made));
    return is_read;
  }

  bool class_(std::vector<Statement>& into) {
    Statement made = begin(StatementKind::class_);
    in_.next();
    if (!in_.is(TokenKind::name)) return in_.fail("the class's name");
    made.text = std::string(in_.next().text);
    while (!in_.is_symbol(":") && !in_.is(TokenKind::newline) && !in_.is(TokenKind::end)) in_.next();
    const bool is_read = block(made.body);
    into.push_back(std::move(made));
    return is_read;
  }

  bool with_(std::vector<Statement>& into) {
    Statement made = begin(StatementKind::with_);
    in_.next();
    const bool wrapped = in_.is_symbol("(") && closes_before_colon();
    if (wrapped) in_.next();
    do {
      if (wrapped && in_.is_symbol(")")) break;
      ExpressionPtr context = read_expression(in_);
      if (!context) return false;
      ExpressionPtr name;
      if (in_.eat_word("as")) {
        name = single_target();
        if (!name) return false;
      }
      made.targets.push_back(std::move(context));
      made.targets.push_back(std::move(name));
    } while (in_.eat_symbol(","));
    if (wrapped && !in_.expect_symbol(")")) return false;
    const bool is_read = block(made.body);
    into.push_back(std::move(made));
    return is_read;
  }
  /// `as x` takes one target: a comma begins the next context.
  ExpressionPtr single_target() { return read_expression(in_); }
  /// Tells `with (a as b, c as d):` from `with (a):`.
  bool closes_before_colon() const {
    int depth = 0;
    bool has_as = false;
    for (std::size_t ahead = 0; ahead < 400; ++ahead) {
      const Token& token = in_.peek(ahead);
      if (token.kind == TokenKind::newline || token.kind == TokenKind::end) return false;
      if (token.kind == TokenKind::name && token.text == "as" && depth == 1) has_as = true;
      if (token.kind != TokenKind::symbol) continue;
      if (token.text == "(" || token.text == "[" || token.text == "{") ++depth;
      if ((token.text == ")" || token.text == "]" || token.text == "}") && --depth == 0)
        return has_as && in_.is_symbol(":", ahead + 1);
    }
    return false;
  }

  bool for_(std::vector<Statement>& into) {
    Statement made = begin(StatementKind::for_);
    in_.next();
    made.targets.push_back(read_targets(in_));
    if (!made.targets[0]) return false;
    if (!in_.eat_word("in")) return in_.fail("`in`");
    made.value = read_expressions(in_);
    if (!made.value || !block(made.body)) return false;
    const bool is_read = !in_.eat_word("else") || block(made.other);
    into.push_back(std::move(made));
    return is_read;
  }

  bool conditional(std::vector<Statement>& into, StatementKind kind) {
    Statement made = begin(kind);
    in_.next();
    made.value = read_expression(in_);
    if (made.value && in_.eat_symbol(":=")) made.value = read_expression(in_);
    if (!made.value || !block(made.body)) return false;
    bool is_read = true;
    if (kind == StatementKind::if_ && in_.is_word("elif")) {
      const Cursor::Level level(in_);
      is_read = level && conditional(made.other, kind);
    } else if (in_.eat_word("else")) {
      is_read = block(made.other);
    }
    into.push_back(std::move(made));
    return is_read;
  }

  bool try_(std::vector<Statement>& into) {
    Statement made = begin(StatementKind::try_);
    in_.next();
    bool is_read = block(made.body);
    while (is_read && in_.is_word("except")) {
      Statement handler = begin(StatementKind::handler);
      in_.next();
      in_.eat_symbol("*");
      if (!in_.is_symbol(":")) handler.value = read_expressions(in_);
      if (in_.eat_word("as") && in_.is(TokenKind::name)) handler.text = std::string(in_.next().text);
      is_read = block(handler.body);
      made.handlers.push_back(std::move(handler));
    }
    while (is_read && (in_.is_word("else") || in_.is_word("finally"))) {
      in_.next();
      is_read = block(made.other);
    }
    into.push_back(std::move(made));
    return is_read;
  }

  bool simple_line(std::vector<Statement>& into) {
    for (;;) {
      if (!simple(into)) return false;
      if (!in_.eat_symbol(";")) break;
      if (in_.is(TokenKind::newline)) break;
    }
    if (in_.is(TokenKind::end)) return true;
    if (!in_.is(TokenKind::newline)) return in_.fail("the end of the line");
    in_.next();
    return true;
  }

  bool simple(std::vector<Statement>& into) {
    if (in_.is_word("import")) return import_(into);
    if (in_.is_word("from")) return from_import(into);
    if (in_.is_word("return")) return with_value(into, StatementKind::return_);
    if (in_.is_word("raise")) return with_value(into, StatementKind::raise_);
    if (in_.is_word("break")) return word(into, StatementKind::break_);
    if (in_.is_word("continue")) return word(into, StatementKind::continue_);
    for (const std::string_view each : {"pass", "global", "nonlocal", "del", "assert"}) {
      if (in_.is_word(each) && !in_.is_symbol("=", 1) && !in_.is_symbol(".", 1)) {
        into.push_back(begin(StatementKind::other));
        while (!in_.is(TokenKind::newline) && !in_.is(TokenKind::end) && !in_.is_symbol(";")) in_.next();
        return true;
      }
    }
    return assignment(into);
  }

  bool word(std::vector<Statement>& into, StatementKind kind) {
    into.push_back(begin(kind));
    in_.next();
    return true;
  }

  bool with_value(std::vector<Statement>& into, StatementKind kind) {
    Statement made = begin(kind);
    in_.next();
    if (!in_.is(TokenKind::newline) && !in_.is(TokenKind::end) && !in_.is_symbol(";")) {
      made.value = read_expressions(in_);
      if (!made.value) return false;
      if (in_.eat_word("from") && !read_expression(in_)) return false;
    }
    into.push_back(std::move(made));
    return true;
  }

  std::string dotted() {
    std::string name;
    while (in_.is_symbol(".") || in_.is_symbol("...")) name += in_.next().text;
    while (in_.is(TokenKind::name) && !in_.is_word("import")) {
      name += in_.next().text;
      if (!in_.eat_symbol(".")) break;
      name += '.';
    }
    return name;
  }

  bool import_(std::vector<Statement>& into) {
    Statement made = begin(StatementKind::import_);
    in_.next();
    do {
      Imported imported{dotted(), {}, {}};
      if (imported.module.empty()) return in_.fail("a module");
      // `import a.b` makes the name a.
      imported.alias = imported.module.substr(0, imported.module.find('.'));
      if (in_.eat_word("as") && in_.is(TokenKind::name)) {
        imported.alias = std::string(in_.next().text);
      } else {
        imported.module = imported.alias;
      }
      made.imports.push_back(std::move(imported));
    } while (in_.eat_symbol(","));
    into.push_back(std::move(made));
    return true;
  }

  bool from_import(std::vector<Statement>& into) {
    Statement made = begin(StatementKind::import_);
    in_.next();
    const std::string module = dotted();
    if (!in_.eat_word("import")) return in_.fail("`import`");
    const bool wrapped = in_.eat_symbol("(");
    if (in_.eat_symbol("*")) {
      made.imports.push_back({module, "*", {}});
    } else {
      do {
        if (!in_.is(TokenKind::name)) break;
        Imported imported{module, std::string(in_.next().text), {}};
        imported.alias = imported.name;
        if (in_.eat_word("as") && in_.is(TokenKind::name)) imported.alias = std::string(in_.next().text);
        made.imports.push_back(std::move(imported));
      } while (in_.eat_symbol(","));
    }
    if (wrapped && !in_.expect_symbol(")")) return false;
    if (made.imports.empty()) return in_.fail("a name");
    into.push_back(std::move(made));
    return true;
  }

  bool assignment(std::vector<Statement>& into) {
    Statement made = begin(StatementKind::expression);
    made.value = in_.is_word("yield") ? (in_.next(), read_expressions(in_)) : read_expressions(in_);
    if (!made.value) return false;
    if (in_.eat_symbol(":") && !read_expression(in_)) return false;  // x: int = 1
    constexpr std::array<std::string_view, 12> augmented{
        "+=", "-=", "*=", "/=", "%=", "&=", "|=", "**=", "//=", ">>=", "<<=", "^="};
    for (const std::string_view each : augmented) {
      if (!in_.eat_symbol(each)) continue;
      made.kind = StatementKind::augmented;
      made.text = std::string(each.substr(0, each.size() - 1));
      made.targets.push_back(std::move(made.value));
      made.value = read_expressions(in_);
      if (!made.value) return false;
      into.push_back(std::move(made));
      return true;
    }
    while (in_.eat_symbol("=")) {
      made.kind = StatementKind::assign;
      made.targets.push_back(std::move(made.value));
      in_.eat_word("yield");
      made.value = read_expressions(in_);
      if (!made.value) return false;
    }
    into.push_back(std::move(made));
    return true;
  }

  Cursor& in_;
};

}  // namespace

Module parse(std::string_view source, const Limits& limits) {
  Module module;
  std::vector<Token> tokens = tokenize(source.substr(0, limits.max_bytes), limits, module.mistakes);
  Cursor cursor(std::move(tokens), limits, module.mistakes);
  module.body = Parser(cursor).module();
  return module;
}

}  // namespace streamops::importer::python
