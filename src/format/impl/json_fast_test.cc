// What one record teaches the reader about the next must never change what the next one means.
#include "format/impl/json_fast.h"

#include <doctest/doctest.h>

#include "format/json_reader.h"
#include "format/json_writer.h"

using namespace streamops;
using data::Type;
using data::TypeId;

namespace {

data::SchemaPtr columns() {
  return std::make_shared<const data::Schema>(data::Schema(
      {{"id", Type::scalar(TypeId::string)},
       {"name", Type::scalar(TypeId::string)},
       {"n", Type::scalar(TypeId::int32)},
       {"o", Type::structure({{"x", Type::scalar(TypeId::string)}, {"y", Type::scalar(TypeId::int64)}})}}));
}

data::Records records(const std::vector<std::string>& values) {
  auto arena = std::make_shared<std::string>();
  for (const std::string& value : values) *arena += value;
  arena->append(64, '\0');
  data::Records out;
  std::size_t at = 0;
  for (const std::string& value : values) {
    out.records.emplace_back().value = std::string_view(*arena).substr(at, value.size());
    at += value.size();
  }
  out.owner = arena;
  return out;
}

/// Every document as a row, "poison" for those that are none; all by one reader, in one batch.
std::vector<std::string> read(format::JsonReader& reader, const std::vector<std::string>& documents) {
  const format::Decoded decoded = reader.decode(records(documents));
  std::vector<std::string> out(documents.size(), "nothing");
  for (const format::Poison& poison : decoded.poison) out[poison.record] = "poison";
  for (std::size_t row = 0; row < decoded.batch.rows; ++row) {
    std::string& text = out[static_cast<std::size_t>(decoded.batch.origin[row])];
    text.clear();
    format::JsonRowWriter(*decoded.batch.schema).append(decoded.batch, row, text);
  }
  return out;
}

/// As read() by one reader, and as each by a reader of its own: both must agree.
std::vector<std::string> read(const std::vector<std::string>& documents) {
  format::JsonReader reader(columns());
  const std::vector<std::string> together = read(reader, documents);
  CHECK(read(reader, documents) == together);
  for (std::size_t i = 0; i < documents.size(); ++i) {
    format::JsonReader fresh(columns());
    CHECK(read(fresh, {documents[i]})[0] == together[i]);
  }
  return together;
}

}  // namespace

TEST_CASE("members in another order, missing, new or spaced otherwise are found behind those of the record before") {
  CHECK(read({R"({"id":"1","name":"a","n":1})", R"({"n":2,"name":"b","id":"2"})", R"({"id":"3","n":3})",
              R"({ "id" : "4" , "name" : "d" , "n" : 4 })", R"({"id":"5","more":[1,{"z":"}"}],"name":"e","n":5})",
              R"({"name":"f"})", "{}", R"({"id":"8","name":"h","n":8})"}) ==
        std::vector<std::string>{R"({"id":"1","name":"a","n":1})", R"({"id":"2","name":"b","n":2})",
                                 R"({"id":"3","n":3})", R"({"id":"4","name":"d","n":4})",
                                 R"({"id":"5","name":"e","n":5})", R"({"name":"f"})", "{}",
                                 R"({"id":"8","name":"h","n":8})"});
  CHECK(read({R"({"o":{"x":"a","y":1},"id":"1"})", R"({"o":{"y":2},"id":"2"})", R"({"o":{"y":3,"x":"c"}})"}) ==
        std::vector<std::string>{R"({"id":"1","o":{"x":"a","y":1}})", R"({"id":"2","o":{"y":2}})",
                                 R"({"o":{"x":"c","y":3}})"});
}

TEST_CASE("damage is found behind records that were whole") {
  const std::string whole = R"({"id":"1","name":"a","n":1})";
  for (std::size_t length = 0; length < whole.size(); ++length) {
    const std::string cut = whole.substr(0, length);
    // What follows in memory is the next record, and would complete the one that was cut.
    const std::vector<std::string> rows = read({whole, cut, whole.substr(length), whole});
    CHECK_MESSAGE(rows[1] == (length == 0 ? "{}" : "poison"), cut);
    CHECK(rows[3] == whole);
  }
  for (const char* damaged :
       {R"({,"id":"1"})", R"({"id":"1",,"name":"a"})", R"({"id":"1""name":"a"})", R"({"id":"1","name":"a","n":1,})",
        R"({"id":"1","name","a"})", R"({"id":"1","name":"a","n":1]})", "{\"id\":\"1\",\"name\":\"\x01\"}",
        "{\"id\":\"1\",\"name\":\"\xC3\"}", "{\"id\":\"1\",\"name\":\"a\",\"n\":1} \xC3", R"({"id":"1","name":tru})",
        R"({"id":"1","name":truex})", R"({"id":"1","name":"\u12g4"})", R"({"id":"1","name":"a","n":01})"}) {
    CHECK_MESSAGE(read({whole, whole, damaged, whole})[2] == "poison", damaged);
  }
  CHECK(read({whole, R"({"id":"1","name":"a","id":"2"})", whole})[1] == R"({"id":"2","name":"a"})");
}

TEST_CASE("texts of every length are read, with an escape at every place") {
  for (std::size_t length = 0; length < 70; ++length) {
    const std::string plain(length, 'x');
    std::vector<std::string> documents = {R"({"id":")" + plain + R"(","name":"n"})"};
    std::vector<std::string> rows = documents;
    for (std::size_t at = 0; at <= length; ++at) {
      const std::string before = plain.substr(0, at), behind = plain.substr(at);
      documents.push_back(R"({"id":")" + before + R"(\u00e9\n\ud83d\ude00\/)" + behind + R"(","name":"\"n"})");
      rows.push_back(R"({"id":")" + before + R"(é\n😀/)" + behind + R"(","name":"\"n"})");
    }
    CHECK(read(documents) == rows);
  }
  const std::string large(100'000, 'y');
  CHECK(read({R"({"id":"\t)" + large + R"(","name":"\t"})", R"({"id":"\t)" + large + "\"}"})[0] ==
        R"({"id":"\t)" + large + R"(","name":"\t"})");
}

TEST_CASE("scalars become texts in a STRING, on both ways") {
  CHECK(read({R"({"id":true,"name":null})", R"({"id":12,"name":-0})", R"({"id":1.50,"name":false})",
              R"({'id':1.50,"name":false,"n":4})"}) ==
        std::vector<std::string>{R"({"id":"true"})", R"({"id":"12","name":"0"})", R"({"id":"1.5","name":"false"})",
                                 R"({"id":"1.5","name":"false","n":4})"});
}

TEST_CASE("records that are left out are counted") {
  format::JsonReader reader(columns(), {}, {}, {{0, "1"}, {1, "a"}});
  const format::Decoded decoded = reader.decode(
      records({R"({"id":"1","name":"a"})", R"({"id":"1","name":"b"})", R"({"id":"2","name":"a"})", "{", "{}"}));
  CHECK(decoded.batch.rows == 1);
  CHECK(decoded.left_out == 3);
  reader.keep_unwanted(true);
  CHECK(read(reader, {R"({"id":"2"})"})[0] == R"({"id":"2"})");
  CHECK(decoded.poison.size() == 1);
}

TEST_CASE("a record that nobody wants gives no row, but is checked") {
  format::JsonReader reader(columns(), {true, true, true, true}, {}, {{1, "yes"}});
  CHECK(read(reader, {R"({"id":"1","name":"yes","n":1})", R"({"id":"2","name":"no","n":2})", R"({"id":"3","n":3})",
                      R"({"name":"no","n":"x"})", R"({"name":"no")", R"({'id':"6","name":"no"})",
                      R"({'id':"7","name":"yes"})", "", R"({"id":"9","name":"yes","n":9,"o":{"y":9}})"}) ==
        std::vector<std::string>{R"({"id":"1","name":"yes","n":1})", "nothing", "nothing", "poison", "poison",
                                 "nothing", R"({"id":"7","name":"yes"})", "nothing",
                                 R"({"id":"9","name":"yes","n":9,"o":{"y":9}})"});
}
