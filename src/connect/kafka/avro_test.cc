// The gate before an Avro stream and the format of an Avro sink, with a registry of prepared answers.
#include <doctest/doctest.h>

#include "connect/kafka/schema_gate.h"
#include "connect/kafka/value_format.h"
#include "data/column.h"
#include "runtime/virtual_loop.h"
#include "scripted_http.h"

using namespace streamops;
using namespace streamops::connect;
using testing::ScriptedHttp;
using namespace std::string_literals;

namespace {

/// Hands out what a test gives it.
class GivenSource final : public data::Source {
 public:
  void start(std::vector<data::Position>, std::function<void()> on_ready) override { ready = std::move(on_ready); }
  Result<data::Records> poll(std::size_t) override { return std::exchange(next, {}); }
  void acknowledge(const data::Ack&) override {}
  void stop() override { ready = nullptr; }

  void give(const std::vector<std::string>& values) {
    auto owner = std::make_shared<std::vector<std::string>>(values);
    for (const std::string& value : *owner) next.records.emplace_back().value = value;
    next.owner = owner;
    if (ready) ready();
  }

  data::Records next;
  std::function<void()> ready;
};

struct Fixture {
  runtime::VirtualLoop loop;
  ScriptedHttp http{loop};
  registry::Client client{options(), loop, http};
  GivenSource* inner = nullptr;
  std::unique_ptr<data::Source> gate;
  int woken = 0;

  Fixture() {
    auto source = std::make_unique<GivenSource>();
    inner = source.get();
    gate = make_schema_gate(std::move(source), client);
    gate->start({}, [this] { ++woken; });
  }

  static registry::ClientOptions options() {
    registry::ClientOptions out;
    out.url = "http://registry";
    return out;
  }

  std::size_t poll() {
    const Result<data::Records> records = gate->poll(1000);
    return records ? records->records.size() : 1000;
  }
};

std::string value(char id) {
  return "\0\0\0\0"s + id + "rest";
}
const char* int_schema = R"({"schema":"\"int\""})";

data::SchemaPtr columns() {
  return std::make_shared<const data::Schema>(data::Schema({{"id", data::Type::scalar(data::TypeId::int32), false}}));
}

/// Opens a format; "ok <bytes of one row>" or the error.
std::string open(Fixture& f, const AvroValues& values, const data::SchemaPtr& schema) {
  const auto format = make_avro_values(values, f.client, f.loop);
  std::string out = "nothing";
  format->open(schema, [&](Result<format::RecordWriterPtr> writer) {
    if (!writer) {
      out = writer.error().to_line();
      return;
    }
    data::ColumnBuilder ids((*schema)[0].type);
    ids.append_integer(7);
    out = "ok ";
    CHECK_FALSE((*writer)->append({schema, {ids.finish()}, 1, {}}, 0, out).has_value());
  });
  f.loop.advance(Seconds{1});
  return out;
}

}  // namespace

TEST_CASE("records wait until the schemas of all of them are known") {
  Fixture f;
  f.http.say(200, int_schema);
  f.http.say(200, int_schema);
  f.inner->give({value(1), value(2), value(1), "not framed"});
  CHECK(f.woken == 1);
  CHECK(f.poll() == 0);
  CHECK(f.http.requests.size() == 2);
  f.loop.settle();
  CHECK(f.woken == 2);
  CHECK(f.poll() == 4);
  CHECK(f.client.known(2).ok());
  f.inner->give({value(2)});
  CHECK(f.poll() == 1);
  CHECK(f.http.requests.size() == 2);
}

TEST_CASE("a registry that is away holds the records and is told") {
  Fixture f;
  f.inner->give({value(1)});
  CHECK(f.poll() == 0);
  f.loop.advance(Seconds{30});
  CHECK(f.poll() == 0);
  REQUIRE(f.gate->trouble().has_value());
  CHECK(f.gate->trouble()->code() == "SO-G101");
  f.http.say(200, int_schema);
  f.loop.advance(Seconds{16});
  CHECK(f.poll() == 1);
  CHECK_FALSE(f.gate->trouble().has_value());
}

TEST_CASE("an unknown id passes, what concerns every record ends the source") {
  Fixture f;
  f.http.say(404, R"({"error_code":40403,"message":"no"})");
  f.inner->give({value(9)});
  CHECK(f.poll() == 0);
  f.loop.settle();
  CHECK(f.poll() == 1);
  CHECK(f.client.known(9).error().code() == "SO-G103");
  f.http.say(401, "{}");
  f.inner->give({value(8)});
  CHECK(f.poll() == 0);
  f.loop.settle();
  CHECK(f.gate->poll(1).error().code() == "SO-G104");
  CHECK(f.gate->trouble()->code() == "SO-G104");
}

TEST_CASE("a sink registers the schema of its columns and writes by its id") {
  Fixture f;
  f.http.say(200, R"({"id":5})");
  CHECK(open(f, {"users", "shop.User"}, columns()) == "ok \0\0\0\0\x05\x0e"s);
  CHECK(f.http.requests[0].url == "http://registry/subjects/users-value/versions");
  f.http.say(409, R"({"error_code":409,"message":"no"})");
  CHECK(open(f, {"users", "shop.User", registry::SubjectNaming::record}, columns()).starts_with("SO-G105"));
  CHECK(f.http.requests[1].url == "http://registry/subjects/shop.User/versions");
  const auto odd =
      std::make_shared<const data::Schema>(data::Schema({{"a b", data::Type::scalar(data::TypeId::int32)}}));
  CHECK(open(f, {"users", "User"}, odd).starts_with("SO-F015"));
}

TEST_CASE("a sink that may not register writes by the newest schema, if that fits") {
  Fixture f;
  AvroValues values{"users", "User"};
  values.auto_register = false;
  f.http.say(200, R"({"subject":"users-value","version":1,"id":3,"schema":
      "{\"type\":\"record\",\"name\":\"U\",\"fields\":[{\"name\":\"x\",\"type\":\"string\",\"default\":\"d\"},{\"name\":\"id\",\"type\":\"long\"}]}"})");
  CHECK(open(f, values, columns()) ==
        "ok \0\0\0\0\x03\x02"
        "d\x0e"s);
  f.http.say(200, R"({"subject":"users-value","version":1,"id":3,"schema":"\"int\""})");
  CHECK(open(f, values, columns()).starts_with("SO-F015"));
  f.http.say(404, R"({"error_code":40401,"message":"no"})");
  CHECK(open(f, values, columns()).starts_with("SO-G108"));
}
