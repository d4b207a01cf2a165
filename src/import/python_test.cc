#include "import/python.h"

#include <doctest/doctest.h>

#include "import/python_token.h"

using namespace streamops::importer::python;

namespace {

/// A tree as text: what a test compares.
std::string show(const ExpressionPtr& expression) {
  if (!expression) return "?";
  std::string items;
  for (const ExpressionPtr& item : expression->items) items += (items.empty() ? "" : " ") + show(item);
  for (const Argument& argument : expression->arguments)
    items += " " + (argument.name.empty() ? "" : argument.name + "=") + show(argument.value);
  switch (expression->kind) {
    case ExpressionKind::name:
    case ExpressionKind::number:
    case ExpressionKind::boolean:
      return expression->text;
    case ExpressionKind::text:
      return "'" + expression->text + "'";
    case ExpressionKind::none:
      return "None";
    case ExpressionKind::formatted:
      return "f(" + items + ")";
    case ExpressionKind::list:
      return "[" + items + "]";
    case ExpressionKind::tuple:
      return "(" + items + ")";
    case ExpressionKind::dict:
      return "{" + items + "}";
    case ExpressionKind::call:
      return "call(" + items + ")";
    case ExpressionKind::attribute:
      return show(expression->items[0]) + "." + expression->text;
    case ExpressionKind::subscript:
      return show(expression->items[0]) + "[" + show(expression->items[1]) + "]";
    default:
      return "<" + expression->text + " " + items + ">";
  }
}

std::string value_of(std::string_view source) {
  const Module module = parse(source);
  if (!module.mistakes.empty()) return "mistake: " + module.mistakes[0].text;
  return module.body.empty() ? "" : show(module.body[0].value);
}

}  // namespace

TEST_CASE("expressions nest by Python's precedences") {
  CHECK(value_of("1 + 2 * 3") == "<+ 1 <* 2 3>>");
  CHECK(value_of("a or b and not c == d") == "<or a <and b <not <== c d>>>>");
  CHECK(value_of("a.b(c, d=1)['x'].y") == "call(a.b c d=1)['x'].y");
  CHECK(value_of("x if y else z") == "< x y z>");
  CHECK(value_of("a >> b >> c") == "<>> <>> a b> c>");
  CHECK(value_of("-x ** 2") == "<- <** x 2>>");
  CHECK(value_of("{'a': 1, **b}") == "{'a' 1 None b}");
  CHECK(value_of("lambda v: f(v)") == "< call(f v)>");
  CHECK(value_of("[x for x in y if z]") == "<[ x x y>");
  CHECK(value_of("a not in (1, 2)") == "<not in a (1 2)>");
}

TEST_CASE("texts side by side, raw, long and formatted ones") {
  CHECK(value_of("'a' \"b\\n\" r'\\d'") == "'ab\n\\d'");
  CHECK(value_of("f\"{a['x']} {b!r:>10} {{c}}\"") == "f(a['x'] ' ' b ' {c}')");
  CHECK(value_of("f'{d[\"a\"]}' 'z'") == "f(d['a'] 'z')");
  CHECK(value_of("f\"{d[\"a\"]}\"") == "f(d['a'])");
  CHECK(value_of("'''a\nb'''") == "'a\nb'");
  CHECK(unescape("\\x41\\u00e9\\q") == "A\xC3\xA9\\q");
}

TEST_CASE("chains over several lines, by brackets and by backslashes") {
  CHECK(value_of("(a\n .b('x')\n .c())") == "call(call(a.b 'x').c)");
  CHECK(value_of("a \\\n  .b()") == "call(a.b)");
}

TEST_CASE("statements keep their lines, blocks and decorators") {
  const Module module = parse(
      "@task(retries=2)\n"
      "def f(a: int, b=1, *c, **d) -> str:\n"
      "    \"\"\"text\"\"\"\n"
      "    try:\n"
      "        x = y = g(a)\n"
      "    except (A, B) as e:\n"
      "        raise\n"
      "    finally:\n"
      "        pass\n"
      "    return x\n"
      "\n"
      "with DAG('x') as dag, open(f) as g: pass\n"
      "for a, b in c.items():\n"
      "    if a: continue\n"
      "    elif b: break\n"
      "    else: d += 1\n"
      "from a.b import (c as d,\n"
      "                 e)\n");
  REQUIRE(module.mistakes.empty());
  REQUIRE(module.body.size() == 4);
  const Statement& function = module.body[0];
  CHECK(function.text == "f");
  CHECK(function.line == 2);
  CHECK(function.decorators.size() == 1);
  CHECK(function.parameters.size() == 4);
  REQUIRE(function.body.size() == 3);
  CHECK(function.body[1].body[0].targets.size() == 2);
  CHECK(function.body[1].handlers[0].text == "e");
  CHECK(module.body[1].targets.size() == 4);
  CHECK(module.body[2].targets[0]->kind == ExpressionKind::tuple);
  CHECK(module.body[3].imports[0].alias == "d");
  CHECK(module.body[3].line == 17);
}

TEST_CASE("what is no Python is a mistake with its place, and reading goes on behind it") {
  const Module module = parse("a = 1\nb = = 2\nc = 3\n");
  REQUIRE(module.mistakes.size() == 1);
  CHECK(module.mistakes[0].line == 2);
  CHECK(module.mistakes[0].column == 5);
  CHECK(module.body.size() == 2);
  CHECK(parse("x = [1,\ny = (\ndef f():\n    return 1\n").body.back().text == "f");
  CHECK(parse("x = 'abc\ny = 1\n").mistakes[0].text == "the text has no end");
  CHECK(parse("print 'x'\n").mistakes.size() == 1);
}

TEST_CASE("nesting is bounded") {
  CHECK(!parse(std::string(5000, '(')).mistakes.empty());
  CHECK(!parse(std::string(5000, '-') + "1").mistakes.empty());
  std::string blocks;
  for (int i = 0; i < 300; ++i) blocks += std::string(static_cast<std::size_t>(i), ' ') + "if a:\n";
  CHECK(!parse(blocks).mistakes.empty());
  std::string chain = "a";
  for (int i = 0; i < 5000; ++i) chain += ".b()";
  CHECK(!parse(chain).mistakes.empty());
}
