#include "app/data_directory.h"
#include "app/spark_streams.h"
#include "app/verbs/verbs.h"
#include "base/text.h"
#include "errors/app.h"
#include "pipeline/redrive.h"

namespace streamops::app {
namespace {

constexpr std::string_view checkpoint_mark = ".checkpoint.";
constexpr std::string_view spark_mark = ".spark";
constexpr std::string_view state_mark = ".state";  // what the stream's query remembers

/// The streams that have a checkpoint below `room`, by their owner's name ("user_automation.created_users").
Result<std::vector<std::string>> streams_in(const std::string& room, const runtime::Disk& disk) {
  STREAMOPS_ASSIGN(const std::vector<std::string> files, disk.list(room));
  std::vector<std::string> owners;
  for (const std::string& file : files) {
    const std::size_t mark = file.ends_with(spark_mark) ? file.size() - spark_mark.size() : file.rfind(checkpoint_mark);
    if (mark != std::string::npos && file.substr(0, mark).ends_with(pipeline::redrive_owner(""))) continue;
    if (mark != std::string::npos && (owners.empty() || owners.back() != file.substr(0, mark))) {
      owners.push_back(file.substr(0, mark));
    }
  }
  return owners;
}

/// A stream on Spark gets a new folder for checkpoints; the next start stops what runs with the old one.
Result<void> reset_on_spark(const std::string& path, runtime::Disk& disk) {
  STREAMOPS_ASSIGN(std::optional<spark::QueryRecord> record, spark::load_query_record(disk, path));
  if (!record) return Ok();
  ++record->generation;
  return spark::save_query_record(disk, path, *record);
}

Result<void> remove_if_there(const std::string& path, runtime::Disk& disk) {
  return disk.exists(path) ? disk.remove(path) : Result<void>(Ok());
}

Result<void> reset_stream(const Arguments& arguments) {
  runtime::Disk& disk = runtime::system_disk();
  const std::string path = arguments.has("--data-dir") ? arguments.text("--data-dir") : default_data_directory();
  // Taking the lock proves that nobody reads or writes checkpoints meanwhile.
  STREAMOPS_ASSIGN(const std::unique_ptr<DataDirectory> directory, DataDirectory::open(path, disk));
  STREAMOPS_ASSIGN(const std::string room, directory->room("pipeline"));
  STREAMOPS_ASSIGN(const std::vector<std::string> owners, streams_in(room, disk));
  const std::string wanted = arguments.text("STREAM");
  std::vector<std::string> names;
  for (const std::string& owner : owners) {
    names.push_back(owner.substr(owner.rfind('.') + 1));
    if (owner != wanted && !owner.ends_with("." + wanted)) continue;
    for (const char slot : {'0', '1'}) {
      STREAMOPS_RETURN_IF_ERROR(remove_if_there(fmt::format("{}/{}{}{}", room, owner, checkpoint_mark, slot), disk));
    }
    STREAMOPS_RETURN_IF_ERROR(reset_on_spark(spark_record_path(room, owner), disk));
    const std::string state = fmt::format("{}/{}{}", room, owner, state_mark);
    if (disk.exists(state)) STREAMOPS_RETURN_IF_ERROR(disk.remove_tree(state));
    return disk.sync_directory(room);
  }
  return Error(errors::app::usage, "no stream {} has read anything in {}", wanted, path)
      .with_label(did_you_mean(wanted, names));
}

ExitCode reset(const Arguments& arguments, Terminal& terminal) {
  if (const Result<void> done = reset_stream(arguments); !done) {
    terminal.fail(done.error());
    return exit_code_for(done.error());
  }
  terminal.note(
      "The stream begins at the start of its topic with the next `streamops up`; what it writes then wins over what "
      "stands.");
  return ExitCode::success;
}

}  // namespace

VerbSpec reset_verb() {
  return {.name = "reset",
          .summary = "Make a stream read its topic from the start",
          .details =
              "Forgets how far the stream has read, and what its query remembers. Rows are written again with newer "
              "timestamps. Stop `streamops up` "
              "before.",
          .positionals = {{"STREAM", "its name, like created_users", true}},
          .options = {data_directory_option()},
          .examples = {{"streamops reset created_users", "then: streamops up"}},
          .run = reset};
}

}  // namespace streamops::app
