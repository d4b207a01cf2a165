// modules: format
// JSON of any shape into columns. What the fast way accepts, the lenient one accepts with the same result, so a
// document gives the same row when it is read as it stands and when a name of no interest, written so that only the
// lenient way takes it, is put in front.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "format/json_reader.h"
#include "format/json_writer.h"

using namespace streamops;
using data::Type;
using data::TypeId;

namespace {

data::SchemaPtr schema() {
  const data::TypePtr text = Type::scalar(TypeId::string);
  const data::TypePtr integer = Type::scalar(TypeId::int32);
  return std::make_shared<const data::Schema>(
      data::Schema({{"s", text},
                    {"i", integer},
                    {"l", Type::scalar(TypeId::int64)},
                    {"d", Type::scalar(TypeId::float64)},
                    {"b", Type::scalar(TypeId::boolean)},
                    {"t", Type::scalar(TypeId::timestamp)},
                    {"e", Type::decimal(10, 2)},
                    {"a", Type::array(Type::structure({{"x", integer}, {"s", text}}))},
                    {"m", Type::map(text, integer)},
                    {"o", Type::structure({{"s", text}, {"o", Type::structure({{"i", integer}})}})}}));
}

/// The row as text, or "poison".
std::string read(format::JsonReader& reader, const std::string& document) {
  auto padded = std::make_shared<std::string>(document);
  padded->append(64, '\0');
  data::Records records;
  records.records.emplace_back().value = std::string_view(*padded).substr(0, document.size());
  records.owner = padded;
  const format::Decoded decoded = reader.decode(records);
  if (decoded.batch.rows == 0) return "poison";
  std::string row;
  format::JsonRowWriter(*decoded.batch.schema).append(decoded.batch, 0, row);
  return row;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* input, std::size_t size) {
  static format::JsonReader reader(schema());
  const std::string document(reinterpret_cast<const char*>(input), size);
  const std::string row = read(reader, document);
  const std::size_t brace = document.find_first_not_of(" \t\r\n");
  if (brace == std::string::npos || document[brace] != '{') return 0;
  const std::size_t after = document.find_first_not_of(" \t\r\n", brace + 1);
  const bool empty = after == std::string::npos || document[after] == '}';
  const std::string slow = "{'?':0" + std::string(empty ? "" : ",") + document.substr(brace + 1);
  const std::string again = read(reader, slow);
  if (row == again) return 0;
  std::fprintf(stderr, "fast %s\nslow %s\n", row.c_str(), again.c_str());
  std::abort();
}
