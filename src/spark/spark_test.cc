#include "errors/spark.h"

#include <doctest/doctest.h>

#include "spark/client.h"
#include "spark/failure.h"
#include "spark/progress.h"
#include "spark/query_record.h"
#include "spark/remote.h"
#include "spark/stream_job.h"

using namespace streamops;
using namespace streamops::spark;

namespace {

/// As Spark's server packs what it says about a failed call.
GrpcStatus status(GrpcCode code, std::string message, const std::map<std::string, std::string>& metadata = {}) {
  RpcErrorInfo info{"org.apache.spark.SparkException", "org.apache.spark", metadata};
  RpcStatus details{static_cast<int>(code), message, {{"type.googleapis.com/google.rpc.ErrorInfo", encode(info)}}};
  return {static_cast<int>(code), std::move(message), encode(details)};
}

Error error_of(const GrpcStatus& status) {
  return to_error(read_refusal(status), {"spark", 15002, false, {}, {}});
}

StreamJob job() {
  StreamJob job;
  job.name = "p.users";
  job.schema = "id STRING, `odd ``name` INT";
  job.columns = {"id", "odd `name"};
  job.select = "SELECT id\nFROM source";
  job.topic = "users";
  job.kafka = {{"kafka.bootstrap.servers", "k:9092"}};
  job.sink = {{"keyspace", "ks"}, {"table", "t"}};
  job.dead_letters = "users.dlq";
  job.checkpoint_location = "file:///c";
  return job;
}

}  // namespace

TEST_CASE("addresses are read as Spark's own clients read them (SO-E021)") {
  CHECK(parse_remote("sc://spark").value() == Remote{"spark", 15002, false, {}, {}});
  CHECK(parse_remote("sc://spark:1/").value().port == 1);
  const Remote full = parse_remote("sc://[::1]:7/;use_ssl=true;token=a=b;user_id=me").value();
  CHECK(full == Remote{"::1", 7, true, "a=b", "me"});
  CHECK(full.url() == "https://[::1]:7");
  CHECK(full.text().find("a=b") == std::string::npos);
  for (const char* bad :
       {"", "spark:15002", "http://spark", "sc://", "sc://h:99999", "sc://h/path", "sc://h/;what=1", "sc://h/;token"}) {
    const Result<Remote> remote = parse_remote(bad);
    REQUIRE_MESSAGE(!remote.ok(), bad);
    CHECK(remote.error().is(errors::spark::bad_remote));
  }
  CHECK(parse_remote("sc://h/;secret=x").error().message().find("x`") == std::string::npos);
}

TEST_CASE("errors of the analyser carry Spark's words and the place in the select (SO-E010)") {
  const Error error = error_of(status(
      GrpcCode::internal,
      "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `nme` cannot be resolved. SQLSTATE: 42703; line 2 pos "
      "7;\n'Project ['nme]\n+- Range",
      {{"errorClass", "UNRESOLVED_COLUMN.WITH_SUGGESTION"},
       {"sqlState", "42703"},
       {"classes", R"(["org.apache.spark.sql.AnalysisException","java.lang.Exception"])"}}));
  CHECK(error.is(errors::spark::sql_refused));
  CHECK(error.message() ==
        "Spark refuses the SQL: [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column with name `nme` cannot be resolved. "
        "SQLSTATE: "
        "42703");
  REQUIRE(error.place() != nullptr);
  CHECK(error.place()->line == 2);
  CHECK(error.place()->column == 8);
  const Error parse =
      error_of(status(GrpcCode::internal, "[PARSE_SYNTAX_ERROR] Syntax error at or near 'y'. (line 1, pos 14)\n",
                      {{"classes", R"(["org.apache.spark.sql.catalyst.parser.ParseException"])"}}));
  CHECK(parse.place()->column == 15);
}

TEST_CASE("every other refusal has its own code") {
  const auto code = [](const GrpcStatus& status) { return std::string(error_of(status).code()); };
  CHECK(code(status(GrpcCode::unavailable, "shutting down")) == "SO-E001");
  CHECK(code(status(GrpcCode::unimplemented, "")) == "SO-E002");
  CHECK(code(status(GrpcCode::unauthenticated, "")) == "SO-E003");
  CHECK(code(status(GrpcCode::deadline_exceeded, "")) == "SO-E004");
  CHECK(code(status(GrpcCode::internal, "[INVALID_HANDLE.SESSION_CLOSED] The handle")) == "SO-E005");
  CHECK(code(status(GrpcCode::internal, "boom")) == "SO-E012");
  CHECK(code(status(GrpcCode::internal, "[DATA_SOURCE_NOT_FOUND] Failed to find the data source: kafka.")) ==
        "SO-E013");
}

TEST_CASE("a query that is gone may be started again (SO-E006), a refusal stays one") {
  CHECK(passes(Error(errors::spark::query_gone, "Spark does not know the query")));
  CHECK(passes(Error(errors::spark::unreachable, "no answer")));
  CHECK_FALSE(passes(Error(errors::spark::call_failed, "no such function")));
}

TEST_CASE("why a query ended: the cause is told apart from the trace (SO-E011, SO-E014)") {
  const Error overflow = query_error("p.users",
                                     "[STREAM_FAILED] Query terminated: [DIVIDE_BY_ZERO] Division by zero.\n=== "
                                     "Streaming Query ===\nIdentifier: x");
  CHECK(overflow.is(errors::spark::query_failed));
  CHECK(overflow.message() ==
        "p.users failed on Spark: [STREAM_FAILED] Query terminated: [DIVIDE_BY_ZERO] Division by zero.");
  CHECK_FALSE(passes(overflow));
  const Error away =
      query_error("p.users", "org.apache.kafka.common.errors.TimeoutException: Timed out waiting for a node");
  CHECK(away.is(errors::spark::unreachable_from_spark));
  CHECK(passes(away));
  CHECK(query_error("q", "java.lang.ClassNotFoundException: x").is(errors::spark::no_data_source));
  CHECK(first_words(std::string(5000, 'x')).size() < 700);
  CHECK(first_words("\n\n") == "it gives no reason");
}

TEST_CASE("the reports of a query are counted once each") {
  const auto report = [](const char* time, int rows, int out) {
    return fmt::format(
        R"({{"timestamp":"{}","batchId":1,"durationMs":{{"triggerExecution":25}},"sources":[{{"endOffset":)"
        R"("{{\"t\":{{\"0\":7,\"1\":4}}}}","latestOffset":"{{\"t\":{{\"0\":9,\"1\":4}}}}","numInputRows":{},)"
        R"("processedRowsPerSecond":12.5}}],"sink":{{"numOutputRows":{}}}}})",
        time, rows, out);
  };
  ProgressCounter counter;
  REQUIRE(counter.add({report("2024-01-01T00:00:00.000Z", 5, 4), report("2024-01-01T00:00:01.000Z", 2, -1)}).ok());
  REQUIRE(counter.add({report("2024-01-01T00:00:01.000Z", 2, -1), report("2024-01-01T00:00:02.000Z", 0, 0)}).ok());
  CHECK(counter.records_in() == 7);
  CHECK(counter.rows_out() == 6);  // a sink that does not count is taken to write what came in
  CHECK(counter.batches() == 2);
  REQUIRE(counter.last().has_value());
  CHECK(counter.last()->lag == 2);
  CHECK(counter.last()->positions == std::vector<std::pair<std::int32_t, std::int64_t>>{{0, 7}, {1, 4}});
  CHECK(counter.last()->took == Milliseconds{25});
  ProgressCounter found(true);
  REQUIRE(found.add({report("2024-01-01T00:00:00.000Z", 5, 5)}).ok());
  REQUIRE(found.add({report("2024-01-01T00:00:03.000Z", 3, 3)}).ok());
  CHECK(found.records_in() == 3);
  CHECK_FALSE(found.add({"{}"}).ok());
  // Spark 3.5 writes offsets as objects.
  const Result<Progress> old =
      parse_progress(R"({"timestamp":"t","sources":[{"endOffset":{"t":{"3":8}},"numInputRows":1}]})");
  CHECK(old->positions == std::vector<std::pair<std::int32_t, std::int64_t>>{{3, 8}});
}

TEST_CASE("what is remembered of a stream reads back, and damage is named (SO-E022)") {
  const QueryRecord record{"6f9619ff-8b86-d011-b42d-00c04fc964ff", 3, 77};
  CHECK(parse_query_record(to_text(record), "f").value() == record);
  for (const char* bad : {"", "streamops spark 2\n", "streamops spark 1\n", "streamops spark 1\nsession x\n",
                          "streamops spark 1\nsession 6f9619ff-8b86-d011-b42d-00c04fc964ff\ngeneration -1\n"}) {
    const Result<QueryRecord> read = parse_query_record(bad, "f");
    REQUIRE_MESSAGE(!read.ok(), bad);
    CHECK(read.error().is(errors::spark::bad_memory));
  }
}

TEST_CASE("a job becomes views, the select verbatim, and two queries with checkpoints of their own") {
  const StreamJob users = job();
  const std::vector<View> made = views(users);
  REQUIRE(made.size() == 3);
  const DataSource& kafka = *made[0].relation.read->data_source;
  CHECK(kafka.options.at("subscribe") == "users");
  CHECK(kafka.options.at("startingOffsets") == "earliest");
  CHECK(made[0].relation.read->is_streaming);
  CHECK(made[1].relation.sql->query.find("'id STRING, `odd ``name` INT, so_corrupt_record STRING'") !=
        std::string::npos);
  CHECK(made[2].name == "source");
  CHECK(made[2].relation.sql->query.find("record.`odd ``name` AS `odd ``name`") != std::string::npos);
  const WriteStreamOperationStart rows = rows_query(users, Run::continuous);
  CHECK(rows.input->sql->query == users.select);
  CHECK(rows.format == "org.apache.spark.sql.cassandra");
  CHECK(rows.processing_time_interval == "1000 milliseconds");
  CHECK(rows.options.at("checkpointLocation") == "file:///c/rows");
  const WriteStreamOperationStart letters = letters_query(users, Run::once);
  CHECK(letters.available_now == true);
  CHECK_FALSE(letters.processing_time_interval.has_value());
  CHECK(letters.options.at("topic") == "users.dlq");
  CHECK(letters.options.at("checkpointLocation") != rows.options.at("checkpointLocation"));
  CHECK(letters.input->sql->query.find("SO-E030") != std::string::npos);
  CHECK(letters.query_name != rows.query_name);
}

TEST_CASE("both versions of Spark get the dialect of the file, whatever the settings say") {
  StreamJob users = job();
  users.settings = {{"spark.sql.ansi.enabled", "false"}, {"spark.sql.shuffle.partitions", "2"}};
  const Options settings = session_settings(users);
  CHECK(settings.at("spark.sql.ansi.enabled") == "true");
  CHECK(settings.at("spark.sql.session.timeZone") == "UTC");
  CHECK(settings.at("spark.sql.shuffle.partitions") == "2");
}

TEST_CASE("a quote in a schema or topic does not end its literal") {
  StreamJob users = job();
  users.schema = "id STRING COMMENT 'it\\'s'";
  CHECK(views(users)[1].relation.sql->query.find("COMMENT \\'it\\\\\\'s\\', so_") != std::string::npos);
}

TEST_CASE("whatever Spark is told changes the fingerprint") {
  const std::uint32_t before = job().fingerprint();
  CHECK(before == job().fingerprint());
  StreamJob other = job();
  other.select += " ";
  CHECK(other.fingerprint() != before);
  other = job();
  other.sink["ttl"] = "1";
  CHECK(other.fingerprint() != before);
  other = job();
  other.from_latest = true;
  CHECK(other.fingerprint() != before);
}
