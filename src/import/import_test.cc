// Every project in tests/import becomes the pipeline file beside it, with the report beside it, and the file passes the
// check. STREAMOPS_RENEW=1 writes both anew: read the change before committing it.
#include "import/import.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <filesystem>

#include "base/text.h"
#include "import/sql_text.h"
#include "import/write.h"
#include "pipeline/check.h"
#include "runtime/disk.h"

using namespace streamops;
using namespace streamops::importer;

namespace {

const std::string folder = std::string(STREAMOPS_SOURCE_DIR) + "/tests/import/";

std::string read(const std::string& path) {
  const Result<Bytes> bytes = runtime::system_disk().read_file(path);
  return bytes ? std::string(as_text(*bytes)) : std::string();
}

void compare_or_renew(const std::string& path, const std::string& text) {
  if (std::getenv("STREAMOPS_RENEW") != nullptr) {
    REQUIRE(runtime::system_disk().replace_file(path, as_bytes(text)).ok());
  } else {
    CHECK_MESSAGE(read(path) == text, path, "\n", text);
  }
}

/// A project of files given as path and text.
Imported import_texts(const std::vector<std::pair<std::string, std::string>>& files) {
  Project project;
  project.name = "made_up";
  for (const auto& [path, text] : files) {
    ProjectFile file{.path = path, .text = text};
    REQUIRE(kind_of(path.substr(path.rfind('/') + 1), file.kind));
    project.files.push_back(file);
  }
  return import_files(std::move(project), {});
}

bool has_trap(const Imported& imported, std::string_view code) {
  return std::any_of(imported.draft.traps.begin(), imported.draft.traps.end(),
                     [&](const Trap& each) { return each.error.code() == code; });
}

pipeline::Surroundings nothing_set() {
  return {[](const std::string& name) {
            return name == "USERS_API" ? std::nullopt : std::optional<std::string>("http://127.0.0.1/");
          },
          [](const std::string& path) -> Result<std::string> {
            return Error(*find_error("D002"), "{}: no such file", path);
          }};
}

}  // namespace

TEST_CASE("every project gives its pipeline file and its report, and the file passes the check") {
  const Result<std::vector<std::string>> names = runtime::system_disk().list(folder);
  REQUIRE(names.ok());
  CHECK(names->size() >= 7);
  for (const std::string& name : *names) {
    const Result<Imported> imported = import_project(folder + name + "/" + name, {});
    REQUIRE_MESSAGE(imported.ok(), name);
    compare_or_renew(folder + name + "/report.txt", report_text(*imported));
    if (imported->failure) {
      compare_or_renew(folder + name + "/failure.txt", imported->failure->to_report());
      CHECK(imported->text.empty());
      continue;
    }
    compare_or_renew(folder + name + "/pipeline.yaml", imported->text);
    for (const char* profile : {"embedded", "real"}) {
      const pipeline::Checking checking = pipeline::check_pipeline(imported->text, name, profile, nothing_set());
      for (const Error& error : checking.errors) FAIL_CHECK(error.to_report());
    }
  }
}

TEST_CASE("a folder that is not there is told") {
  const Result<Imported> imported = import_project("/nowhere/at/all", {});
  REQUIRE(!imported.ok());
  CHECK(imported.error().code() == "SO-I001");
}

TEST_CASE("links are not followed, and large files are left alone") {
  const auto root = std::filesystem::temp_directory_path() / fmt::format("streamops-import-{}", ::getpid());
  std::filesystem::create_directories(root / "inside");
  REQUIRE(
      runtime::system_disk().replace_file((root / "outside.py").string(), as_bytes(std::string_view("x = 1\n"))).ok());
  std::filesystem::create_symlink(root / "outside.py", root / "inside" / "link.py");
  std::filesystem::create_directory_symlink(root, root / "inside" / "all");
  REQUIRE(runtime::system_disk()
              .replace_file((root / "inside" / "big.py").string(), as_bytes(std::string(2 << 20, ' ')))
              .ok());
  const Result<Imported> imported = import_project((root / "inside").string(), {});
  std::filesystem::remove_all(root);
  REQUIRE(imported.ok());
  REQUIRE(imported->failure.has_value());
  CHECK(imported->failure->code() == "SO-I002");
  REQUIRE(imported->draft.traps.size() == 2);
  CHECK(has_trap(*imported, "SO-I004"));
}

TEST_CASE("durations and names are those of a pipeline file") {
  CHECK(to_duration(90) == "1m30s");
  CHECK(to_duration(0.25) == "250ms");
  CHECK(to_duration(86400) == "1d");
  CHECK(to_name("my-dag.v2") == "my_dag_v2");
  CHECK(to_name("3rd") == "p3rd");
}

TEST_CASE("secrets never get into the file") {
  const Imported imported = import_texts(
      {{"job.py",
        "import json, requests, time\n"
        "from kafka import KafkaProducer\n"
        "p = KafkaProducer(bootstrap_servers='k:9092', security_protocol='SASL_SSL', sasl_mechanism='PLAIN',\n"
        "                  sasl_plain_username='me', sasl_plain_password='hunter2')\n"
        "while True:\n"
        "    r = requests.get('https://api.example.com/v1?token=abc123', headers={'Authorization': 'Bearer "
        "xyz789'}).json()\n"
        "    p.send('t', json.dumps({'id': r['id']}).encode())\n"
        "    time.sleep(5)\n"}});
  REQUIRE_MESSAGE(!imported.text.empty(), report_text(imported));
  for (const char* secret : {"hunter2", "abc123", "xyz789"}) {
    CHECK(imported.text.find(secret) == std::string::npos);
    CHECK(report_text(imported).find(secret) == std::string::npos);
  }
  CHECK(imported.to_set == std::vector<std::string>{"AUTHORIZATION", "KAFKA_PASSWORD", "TOKEN"});
  CHECK(has_trap(imported, "SO-I111"));
}

TEST_CASE("what has no SQL says so") {
  SqlWriter writer;
  const Result<std::string> sql = writer.expression(*operation("call upper", {unknown("secret_sauce()")}));
  REQUIRE(!sql.ok());
  CHECK(sql.error().code() == "SO-I006");
  CHECK(sql.error().message().find("secret_sauce()") != std::string::npos);
}

TEST_CASE("what YAML cannot hold does not keep a file from passing the check") {
  const Imported imported =
      import_texts({{"dag.py",
                     "import json, requests\nfrom airflow import DAG\nfrom kafka import KafkaProducer\n"
                     "with DAG('d', description='a\\x80\\x07\\u2028b: # [', schedule='0 0 * * *'):\n"
                     "    r = requests.get('http://h/?q=a%20b&s=${x}').json()\n"
                     "    KafkaProducer().send('t', json.dumps({'select': r['or der']['`'], 'q': 'it\\'s\\n'}))\n"}});
  INFO(report_text(imported));
  // Otherwise it would be SO-I009.
  REQUIRE(!imported.failure.has_value());
  CHECK(imported.draft.tasks.size() == 1);
}
