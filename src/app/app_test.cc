#include "errors/app.h"

#include <doctest/doctest.h>

#include "app/data_directory.h"
#include "app/pipeline_text.h"
#include "app/settings_of.h"
#include "app/terminal.h"
#include "pipeline/check.h"
#include "temporary_folder.h"

using namespace streamops;
using namespace streamops::app;

TEST_CASE("a data directory is made, found again, and told to others while its process lives") {
  const TemporaryFolder folder;
  runtime::Disk& disk = runtime::system_disk();
  const std::string path = folder.path() + "/new/data";
  {
    const auto directory = DataDirectory::open(path, disk).value();
    CHECK(DataDirectory::open(path, disk).error().code() == "SO-D003");
    REQUIRE(directory->publish_endpoints({{"kafka", "127.0.0.1:9092"}}).ok());
    CHECK(read_endpoints(path, disk).value().at("kafka") == "127.0.0.1:9092");
    directory->withdraw_endpoints();
    CHECK(read_endpoints(path, disk).error().is(errors::app::not_running));  // SO-A104
  }
  CHECK(DataDirectory::open(path, disk).ok());
}

TEST_CASE("endpoints of a process that is gone are not believed") {
  const TemporaryFolder folder;
  REQUIRE(runtime::system_disk()
              .replace_file(folder.path() + "/endpoints.json", as_bytes(R"({"kafka":"x","pid":999999999})"))
              .ok());
  CHECK(read_endpoints(folder.path(), runtime::system_disk()).error().is(errors::app::not_running));
}

TEST_CASE("a directory of others, or of a newer version, is left as it is") {
  const TemporaryFolder folder;
  runtime::Disk& disk = runtime::system_disk();
  REQUIRE(disk.replace_file(folder.path() + "/thesis.txt", as_bytes("mine")).ok());
  CHECK(DataDirectory::open(folder.path(), disk).error().is(errors::app::not_our_directory));  // SO-A102
  CHECK(disk.list(folder.path()).value() == std::vector<std::string>{"thesis.txt"});
  REQUIRE(disk.replace_file(folder.path() + "/format", as_bytes("streamops data 99\n")).ok());
  CHECK(DataDirectory::open(folder.path(), disk).error().is(errors::app::newer_directory));  // SO-A103
}

TEST_CASE("settings come from --set, and --ports auto gives way to it") {
  Arguments arguments;
  arguments.set_fallback("--ports", "default");
  arguments.add("--ports", "auto");
  arguments.add("--set", "server.cql_port=1234");
  SettingValues values = settings_of(arguments).value();
  REQUIRE(choose_ports(arguments, values).ok());
  CHECK(values.integer("server.kafka_port") == 0);
  CHECK(values.integer("server.cql_port") == 1234);

  Arguments wrong;
  wrong.add("--set", "kafka.fsync");
  CHECK(settings_of(wrong).error().is(errors::app::usage));  // SO-A101
}

TEST_CASE("the reference pipeline in the binary is the one of the example, and checks") {
  const PipelineText text = load_pipeline_text("").value();
  CHECK(text.text == load_pipeline_text(STREAMOPS_SOURCE_DIR "/examples/users_created/pipeline.yaml").value().text);
  const pipeline::Checking checking =
      pipeline::check_pipeline(text.text, text.name, "embedded", pipeline::Surroundings::of_process(text.name));
  for (const Error& error : checking.errors) MESSAGE(error.to_report());
  CHECK(checking.pipeline != nullptr);
  CHECK(load_pipeline_text("/nowhere/pipeline.yaml").error().is(errors::app::no_such_file));  // SO-A107
}

TEST_CASE("columns of a table are counted as a terminal shows them") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("é") == 1);
  CHECK(display_width("日本") == 4);
}
