#include "pipeline/yaml.h"

#include <doctest/doctest.h>

#include "errors/pipeline.h"

using namespace streamops;
using namespace streamops::pipeline;
using yaml::Document;
using yaml::Kind;

namespace {

std::shared_ptr<const Document> parse(const std::string& text) {
  Result<std::shared_ptr<const Document>> document = Document::parse(text, "p.yaml");
  REQUIRE_MESSAGE(document.ok(), document.error().to_report());
  return *document;
}

std::string failure(const std::string& text, yaml::Limits limits = {}) {
  Result<std::shared_ptr<const Document>> document = Document::parse(text, "p.yaml", limits);
  REQUIRE_FALSE(document.ok());
  return document.error().to_line();
}

}  // namespace

TEST_CASE("every key and value knows its place") {
  const auto document = parse("name: ü é\ntasks:\n  a: { every: 1s, list: [x, 'y'] }\n");
  const yaml::Node& root = document->root();
  CHECK(document->place(*root.find("name")) == Place{"p.yaml", 1, 7, "name: ü é", 3});
  const yaml::Node& a = *root.find("tasks")->find("a");
  CHECK(document->place(a.members[0].key).column == 8);
  CHECK(document->place(*a.find("every")) == Place{"p.yaml", 3, 15, "  a: { every: 1s, list: [x, 'y'] }", 2});
  CHECK(a.find("list")->items[1].text == "y");
  CHECK(a.find("list")->items[1].quoted);
  CHECK(root.find("nothing") == nullptr);
}

TEST_CASE("a place inside of a block, a folded text and a quoted text is found in the file") {
  const auto document =
      parse("sql: |\n    SELECT a,\n      b FROM t\nplain: SELECT a,\n  zz FROM t\nquoted: \"it's \\\"q\\\" x\"\n");
  const yaml::Node& sql = *document->root().find("sql");
  CHECK(sql.text == "SELECT a,\n  b FROM t\n");
  CHECK(document->place_in(sql, Place{"", 2, 3, "", 1}) == Place{"p.yaml", 3, 7, "      b FROM t", 1});
  const yaml::Node& plain = *document->root().find("plain");
  CHECK(document->place_in(plain, plain.text.find("zz"), 2) == Place{"p.yaml", 5, 3, "  zz FROM t", 2});
  const yaml::Node& quoted = *document->root().find("quoted");
  CHECK(document->place_in(quoted, quoted.text.find('x')).column == 21);
}

TEST_CASE("aliases copy what their anchor holds") {
  const auto document = parse("a: &one { x: 1 }\nb: *one\n");
  CHECK(document->root().find("b")->find("x")->text == "1");
}

TEST_CASE("empty values and null words are null, quoted ones are texts") {
  const auto document = parse("a:\nb: ~\nc: null\nd: ''\n");
  for (const char* key : {"a", "b", "c"}) CHECK(document->root().find(key)->kind == Kind::null);
  CHECK(document->root().find("d")->kind == Kind::scalar);
}

TEST_CASE("what a pipeline file does not use is refused with its place") {
  CHECK(failure("a: [1,\n") ==
        "SO-P001: not YAML: did not find expected node content while parsing a flow node (p.yaml:2:1)");
  CHECK(failure("a: b: c\n").starts_with("SO-P001"));
  CHECK(failure("a: \xff\n").starts_with("SO-P001"));
  CHECK(failure("\ta: 1\n").starts_with("SO-P001"));
  CHECK(failure("a: 1\nb: 2\na: 3\n") == "SO-P003: the key `a` is there already (p.yaml:3:1)");
  CHECK(failure("a: *b\n") == "SO-P004: there is no anchor &b above (p.yaml:1:4)");
  CHECK(failure("a: &b [ *b ]\n") == "SO-P004: the alias *b stands inside of its own anchor (p.yaml:1:9)");
  CHECK(failure("a: 1\n---\nb: 2\n") == "SO-P005: a second document begins here (p.yaml:2:1)");
  CHECK(failure("? [a]\n: 1\n") == "SO-P005: a key must be a text, not a list (p.yaml:1:3)");
  CHECK(failure("a: !include x\n").starts_with("SO-P005"));
}

TEST_CASE("size, depth and the copies of aliases are bounded") {
  CHECK(failure(std::string(2 << 20, 'a')).starts_with("SO-P002"));
  CHECK(failure(std::string(200, '[')).starts_with("SO-P002"));
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int n = 1; n < 12; ++n) {
    bomb += fmt::format("a{0}: &a{0} [", n);
    for (int i = 0; i < 10; ++i) bomb += fmt::format("*a{}{}", n - 1, i < 9 ? ", " : "]\n");
  }
  CHECK(failure(bomb).starts_with("SO-P002"));
}
