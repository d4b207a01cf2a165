// Every judgement that needs a state which no test server can put this machine or a cluster into, on facts written
// down; and a few rules that the verdicts rest on.
#include <doctest/doctest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "base/text.h"
#include "doctor/doctor.h"
#include "doctor/gather/machine.h"
#include "doctor/gather/proxy.h"
#include "doctor/gather/sasl.h"
#include "temporary_folder.h"

namespace streamops::doctor {
namespace {

struct Case {
  Targets targets;
  Facts facts;

  /// The codes that one probe finds, in order, with blanks between.
  std::string codes(std::string_view id) const {
    for (const ProbeReport& report : judge(targets, facts).probes) {
      if (report.probe.id != id) continue;
      std::string codes;
      for (const Finding& finding : report.verdict.findings)
        codes += (codes.empty() ? "" : " ") + std::string(finding.error.code());
      return codes;
    }
    return "no such probe";
  }
};

Contact contact(const std::string& host, std::vector<Attempt> attempts, Speech speech) {
  Contact contact;
  contact.dialled.at = {host, 9092};
  contact.dialled.resolved = true;
  contact.dialled.attempts = std::move(attempts);
  contact.speech = speech;
  return contact;
}

Case kafka_case() {
  Case made;
  made.targets.kafka.emplace().bootstrap = {{"broker-1", 9092}};
  made.facts.kafka.bootstrap = {contact("broker-1", {{"10.0.0.1", 0}}, Speech::expected)};
  made.facts.kafka.has_metadata = true;
  return made;
}

Case spark_case(const std::string& packages) {
  Case made;
  SparkTarget& target = made.targets.spark.emplace();
  target.address = "sc://spark:15002";
  target.reads_kafka = true;
  target.writes_cassandra = true;
  target.settings["spark.jars.packages"] = packages;
  return made;
}

TEST_CASE("a broker elsewhere that calls itself localhost is a trap, a broker on this machine is not") {
  Case made = kafka_case();
  made.facts.kafka.brokers.emplace_back().advertised.at = {"localhost", 9092};
  CHECK(made.codes("kafka.advertised_localhost") == "SO-D423");
  made.targets.kafka->bootstrap = {{"127.0.0.1", 9092}};
  CHECK(made.codes("kafka.advertised_localhost") == "");
}

TEST_CASE("a closed port of localhost means another thing inside of a container") {
  Case made = kafka_case();
  made.facts.kafka.bootstrap = {contact("localhost", {{"127.0.0.1", ECONNREFUSED}}, Speech::unknown)};
  CHECK(made.codes("kafka.port") == "SO-D402");
  made.facts.machine.in_container = true;
  CHECK(made.codes("kafka.port") == "SO-D413");
  made.facts.kafka.bootstrap = {contact("broker-1", {{"10.0.0.1", ETIMEDOUT}}, Speech::unknown)};
  CHECK(made.codes("kafka.port") == "SO-D403");
}

TEST_CASE("localhost that is ::1 first, with a service on 127.0.0.1 only, is a warning") {
  Case made = kafka_case();
  made.facts.kafka.bootstrap = {contact("localhost", {{"::1", ECONNREFUSED}, {"127.0.0.1", 0}}, Speech::expected)};
  CHECK(made.codes("kafka.localhost") == "SO-D414");
  CHECK(judge(made.targets, made.facts).count(Severity::warning) >= 1);
}

TEST_CASE("ports between Cassandra's nodes are known by their numbers") {
  Case made;
  made.targets.cassandra.emplace();
  Contact storage = contact("cassandra", {{"10.0.0.2", 0}}, Speech::closed);
  storage.dialled.at.port = 7000;
  made.facts.cassandra.contacts = {storage};
  CHECK(made.codes("cassandra.internode") == "SO-D451");
  made.facts.cassandra.contacts[0].dialled.at.port = 9042;
  CHECK(made.codes("cassandra.internode") == "");
}

TEST_CASE("replication by datacenter: unknown ones, and more replicas than nodes there") {
  Case made;
  CassandraTarget& target = made.targets.cassandra.emplace();
  target.consistency = "LOCAL_QUORUM";
  target.tables.emplace_back().keyspace = "shop";
  CassandraFacts& facts = made.facts.cassandra;
  facts.has_nodes = facts.has_schema = true;
  facts.local.datacenter = "dc1";
  facts.keyspaces["shop"] = {true, true, {{"class", "NetworkTopologyStrategy"}, {"dc1", "3"}, {"dc2", "1"}}};
  CHECK(made.codes("table.datacenters") == "SO-D461");
  CHECK(made.codes("table.replication") == "SO-D460");
  CHECK(made.codes("table.consistency") == "SO-D463");
  facts.peers = {{"10.0.0.3", "dc1", "", {}}, {"10.0.0.4", "dc2", "", {}}};
  CHECK(made.codes("table.datacenters") == "");
  CHECK(made.codes("table.consistency") == "");  // two of three are there
}

TEST_CASE("little memory, of the machine or of the container") {
  Case made;
  made.facts.machine.memory = std::int64_t{128} << 20;
  CHECK(made.codes("machine.memory") == "SO-D521");
  made.facts.machine.memory = std::int64_t{8} << 30;
  CHECK(made.codes("machine.memory") == "");
  made.facts.machine.memory_available = std::int64_t{64} << 20;
  CHECK(made.codes("machine.memory") == "SO-D521");
}

TEST_CASE("the limit of a container's control group is found, in both versions") {
  const TemporaryFolder folder;
  const auto write = [&](const std::string& path, const std::string& text) {
    const std::string whole = folder.path() + path;
    std::filesystem::create_directories(whole.substr(0, whole.rfind('/')));
    std::ofstream(whole) << text;
  };
  write("/proc/meminfo", "MemTotal:       16318480 kB\nMemFree:  1 kB\nMemAvailable:   9000000 kB\n");
  MachineTarget target;
  target.data_directory = folder.path() + "/data";
  CHECK_FALSE(gather_machine(target, folder.path()).memory_limited);
  write("/proc/self/cgroup", "0::/system.slice/app\n");
  write("/sys/fs/cgroup/system.slice/memory.max", "268435456\n");
  write("/sys/fs/cgroup/system.slice/app/memory.max", "max\n");
  CHECK(gather_machine(target, folder.path()).memory == 268435456);
  write("/proc/self/cgroup", "4:memory:/docker/abc\n");
  write("/sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", "134217728\n");
  write("/.dockerenv", "");
  const MachineFacts facts = gather_machine(target, folder.path());
  CHECK(facts.memory == 134217728);
  CHECK(facts.memory_limited);
  CHECK(facts.in_container);
  CHECK(facts.nearest == folder.path());
}

TEST_CASE("disks, names, localhost, clock") {
  Case made;
  made.facts.machine.disk_free = std::int64_t{512} << 20;
  CHECK(made.codes("machine.disk") == "SO-D522");
  made.facts.machine.file_system = "network";
  CHECK(made.codes("machine.lasting") == "SO-D524");
  made.facts.machine.localhost_resolved = false;
  CHECK(made.codes("machine.localhost") == "SO-D530");
  CHECK(made.codes("machine.clock") == "SO-D526");  // 1970
  made.targets.kafka.emplace();
  made.facts.kafka.bootstrap = {contact("broker-1", {{"10.0.0.1", 0}}, Speech::expected)};
  made.facts.kafka.bootstrap[0].dialled.name_took = Milliseconds{800};
  CHECK(made.codes("machine.names") == "SO-D527");
}

TEST_CASE("Spark: what is written where sc:// belongs") {
  for (const char* address : {"spark://master:7077", "http://master:8080", "local[2]", "master:7077"}) {
    Case made = spark_case("");
    made.targets.spark->address = address;
    CHECK(made.codes("spark.address") == "SO-D491");
  }
  CHECK(spark_case("").codes("spark.address") == "");
}

TEST_CASE("Spark: packages that do not go together") {
  const std::string kafka13 = "org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0";
  const std::string cassandra = "com.datastax.spark:spark-cassandra-connector_2.1";
  CHECK(spark_case(kafka13 + "," + cassandra + "2:3.5.1").codes("spark.scala") == "SO-D492");
  CHECK(spark_case(kafka13 + ", " + cassandra + "3:3.5.1").codes("spark.scala") == "");
  CHECK(spark_case(kafka13 + ",org.apache.spark:spark-avro_2.13:3.5.7").codes("spark.versions") == "SO-D493");
  CHECK(spark_case(kafka13).codes("spark.connectors") == "SO-D494");
  CHECK(spark_case(kafka13 + "," + cassandra + "3:3.4.1").codes("spark.connector_age") == "SO-D496");
  CHECK(spark_case(kafka13 + "," + cassandra + "3:3.5.1").codes("spark.connector_age") == "");
}

TEST_CASE("Spark: a checkpoint under /tmp is a warning") {
  Case made = spark_case("");
  made.targets.spark->checkpoint = "file:///tmp/checkpoint";
  CHECK(made.codes("spark.checkpoint") == "SO-D495");
  made.targets.spark->checkpoint = "s3a://bucket/checkpoint";
  CHECK(made.codes("spark.checkpoint") == "");
}

TEST_CASE("Spark: a closed port, a silent one, a web page") {
  Case made = spark_case("");
  made.facts.spark.connect = contact("spark", {{"10.0.0.5", ECONNREFUSED}}, Speech::unknown);
  CHECK(made.codes("spark.port") == "SO-D402");
  made.facts.spark.connect = contact("spark", {{"10.0.0.5", 0}}, Speech::silent);
  CHECK(made.codes("spark.answer") == "SO-D404");
  made.facts.spark.connect = contact("spark", {{"10.0.0.5", 0}}, Speech::http);
  CHECK(made.codes("spark.protocol") == "SO-D405");
  made.facts.spark.connect.dialled = {};
  made.facts.spark.connect.dialled.at = {"spark", 15002};
  CHECK(made.codes("spark.name") == "SO-D401");
}

WebFacts answer(int status, std::string body, std::string type = "application/json") {
  WebFacts web;
  web.url = "http://registry:8081/subjects";
  web.asked = true;
  web.status = status;
  web.body = std::move(body);
  web.content_type = std::move(type);
  return web;
}

TEST_CASE("a registry: what answers in its place, and what it says of our schemas") {
  Case made;
  RegistryTarget& target = made.targets.registry.emplace();
  target.url = "http://registry:8081";
  target.subjects.push_back({"users-value", true, "{}", {}});
  RegistryFacts& facts = made.facts.registry;
  facts.subjects = answer(200, "<html>Spark Worker</html>", "text/html");
  CHECK(made.codes("registry.api") == "SO-D481");
  facts.elsewhere = {answer(200, "[]")};
  CHECK(made.codes("registry.api") == "SO-D483");
  facts.elsewhere.clear();
  facts.subjects = answer(404, "{}");
  CHECK(made.codes("registry.api") == "SO-D488");
  facts.subjects = answer(401, "{}");
  CHECK(made.codes("registry.credentials") == "SO-D482");
  facts.subjects = answer(200, " [\"users-value\"]");
  CHECK(made.codes("registry.api") == "");
  facts.mode = answer(200, R"({"mode": "READONLY"})");
  CHECK(made.codes("registry.mode") == "SO-D487");
  facts.each.emplace_back().latest = answer(404, "{}");
  CHECK(made.codes("registry.subjects") == "SO-D484");
  facts.each[0].latest = answer(200, R"({"schemaType": "PROTOBUF"})");
  CHECK(made.codes("registry.avro") == "SO-D486");
  facts.each[0].latest = answer(200, R"({"schema": "{}"})");
  CHECK(made.codes("registry.avro") == "");
  facts.each[0].compatibility = answer(200, R"({"is_compatible": false})");
  CHECK(made.codes("registry.compatibility") == "SO-D485");
  facts.each[0].compatibility = answer(200, R"({"is_compatible": true})");
  CHECK(made.codes("registry.compatibility") == "");
}

TEST_CASE("which proxy a request takes") {
  const auto proxy = [](const char* url, std::map<std::string, std::string> environment) {
    return proxy_for(*parse_url(url), environment);
  };
  CHECK(proxy("http://api.example/", {{"http_proxy", "p:1"}}) == "p:1");
  CHECK(proxy("https://api.example/", {{"http_proxy", "p:1"}}) == "");
  CHECK(proxy("https://api.example/", {{"all_proxy", "p:1"}}) == "p:1");
  CHECK(proxy("http://a.api.example/", {{"http_proxy", "p:1"}, {"no_proxy", "x, .api.example"}}) == "");
  CHECK(proxy("http://localhost:9/", {{"http_proxy", "p:1"}, {"no_proxy", "*"}}) == "");
}

TEST_CASE("URLs are taken apart") {
  const auto url = parse_url("http://admin:s%3a@airflow:8080/base/");
  REQUIRE(url);
  CHECK(url->username == "admin");
  CHECK(url->password == "s%3a");
  CHECK(url->without_login() == "http://airflow:8080/base/");
  CHECK(parse_url("https://[::1]/x")->at == runtime::Endpoint{"::1", 443});
  CHECK_FALSE(parse_url("airflow:8080"));
}

TEST_CASE("SCRAM proves the password as RFC 7677 §3 has it") {
  SaslClient client("SCRAM-SHA-256", "user", "pencil", "rOprNGfwEbeRWgbNEkqO");
  CHECK(client.first() == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  CHECK(client.next("r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096") ==
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  SaslClient other("SCRAM-SHA-256", "user", "pencil", "abc");
  CHECK_FALSE(other.next("r=another,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"));
  SaslClient patient("SCRAM-SHA-256", "user", "pencil", "abc");
  CHECK_FALSE(patient.next("r=abcd,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=2000000000"));
}

TEST_CASE("probes: 40 at least, each with an id of its own") {
  std::set<std::string> ids;
  for (const Probe& probe : all_probes()) CHECK(ids.insert(probe.id).second);
  CHECK(ids.size() >= 40);
}

TEST_CASE("docs/reference/doctor.md is what the tables say") {
  const std::string path = std::string(STREAMOPS_SOURCE_DIR) + "/docs/reference/doctor.md";
  if (std::getenv("STREAMOPS_WRITE_DOCS") != nullptr) std::ofstream(path) << reference_page();
  std::ostringstream page;
  page << std::ifstream(path).rdbuf();
  CHECK(page.str() == reference_page());
}

}  // namespace
}  // namespace streamops::doctor
