// Traps of Spark: packages that do not fit, checkpoints that do not last, streams that nobody waits for.
#include <algorithm>
#include <set>

#include "base/text.h"
#include "errors/doctor.h"
#include "errors/import.h"
#include "import/traps.h"

namespace streamops::importer {

namespace {

struct Package {
  std::string name;   // "spark-sql-kafka-0-10"
  std::string scala;  // "2.12"
  std::string version;
};

/// group:name_scala:version
std::vector<Package> packages_of(const std::string& text) {
  std::vector<Package> out;
  for (const std::string_view piece : split(text, ',')) {
    const std::vector<std::string_view> parts = split(trim(piece), ':');
    if (parts.size() != 3) continue;
    const std::size_t mark = parts[1].rfind('_');
    out.push_back({std::string(parts[1].substr(0, mark)),
                   mark == std::string_view::npos ? "" : std::string(parts[1].substr(mark + 1)),
                   std::string(parts[2])});
  }
  return out;
}

/// The Spark that the project runs, by image or requirements: "3.5.1", or nothing.
std::string spark_version(const Sources& sources) {
  const auto [file, service] = sources.service(Role::spark);
  if (service != nullptr) {
    const std::size_t colon = service->image.rfind(':');
    const std::string tag = colon == std::string::npos ? "" : service->image.substr(colon + 1);
    if (!tag.empty() && tag[0] >= '0' && tag[0] <= '9') return tag.substr(0, tag.find_first_not_of("0123456789."));
  }
  for (const ProjectFile* each : sources.project.of(FileKind::requirements)) {
    const std::size_t at = each->text.find("pyspark==");
    if (at == std::string::npos) continue;
    const std::string version = each->text.substr(at + 9, 12);
    return version.substr(0, version.find_first_not_of("0123456789."));
  }
  return {};
}

/// Whether a stream in `file` runs with a session's packages: those of its own file, or, where that has none, of any.
bool is_session_of(const Sources& sources, const SparkSetting& setting, const std::string& file) {
  const auto& all = sources.facts.spark_settings;
  return setting.where.file == file || std::none_of(all.begin(), all.end(), [&](const SparkSetting& each) {
           return each.name == setting.name && each.where.file == file;
         });
}

void packages(const Sources& sources, PipelineDraft& draft) {
  const std::string version = spark_version(sources);
  for (const SparkSetting& setting : sources.facts.spark_settings) {
    if (setting.name != "spark.jars.packages") continue;
    const std::vector<Package> all = packages_of(setting_text(setting.value.get()).value_or(""));
    std::set<std::string> scalas;
    bool cassandra = false;
    for (const Package& each : all) {
      if (!each.scala.empty()) scalas.insert(each.scala);
      cassandra = cassandra || each.name == "spark-cassandra-connector";
      if (each.name == "spark-sql-kafka-0-10" && !version.empty() &&
          !version.starts_with(each.version.substr(0, each.version.rfind('.'))))
        draft.trap(Error(errors::doctor::spark_package_version, "{} is of version {}, Spark of {}", each.name,
                         each.version, version),
                   setting.where);
    }
    const bool spark3 = version.starts_with('3') || version.empty();
    if (scalas.size() > 1) {
      draft.trap(Error(errors::doctor::scala_mismatch, "packages are for Scala {} and for Scala {}", *scalas.begin(),
                       *scalas.rbegin()),
                 setting.where);
    } else if (scalas.contains("2.13") && spark3) {
      const std::string of = version.empty() ? "PySpark 3" : "Spark " + version;
      draft.trap(Error(errors::doctor::scala_mismatch, "packages are for Scala 2.13; {} is built with 2.12", of)
                     .with_hint("use the packages that end in _2.12, or Spark 4"),
                 setting.where);
    } else if (scalas.contains("2.12") && version.starts_with('4')) {
      draft.trap(
          Error(errors::doctor::scala_mismatch, "packages are for Scala 2.12, Spark {} is built with 2.13", version),
          setting.where);
    }
    const bool writes =
        std::any_of(sources.facts.writes.begin(), sources.facts.writes.end(), [&](const WriteFact& write) {
          return write.format == "org.apache.spark.sql.cassandra" && is_session_of(sources, setting, write.where.file);
        });
    if (writes && !cassandra && !all.empty())
      draft.trap(Error(errors::doctor::connector_missing,
                       "the stream writes to Cassandra, and its connector is not among the packages"),
                 setting.where);
  }
}

void checkpoints(const Sources& sources, PipelineDraft& draft) {
  for (const WriteFact& write : sources.facts.writes) {
    if (!write.frame || !write.frame->streaming || write.by_batch || write.format == "console" ||
        write.format == "memory")
      continue;
    const auto found = std::find_if(write.options.begin(), write.options.end(), [](const auto& each) {
      return equals_ignore_case(each.first, "checkpointLocation");
    });
    if (found == write.options.end()) {
      const auto session =
          std::find_if(sources.facts.spark_settings.begin(), sources.facts.spark_settings.end(),
                       [](const SparkSetting& each) { return each.name == "spark.sql.streaming.checkpointLocation"; });
      if (session == sources.facts.spark_settings.end())
        draft.trap(Error(errors::import::no_checkpoint, "the stream has no checkpointLocation"), write.where);
      continue;
    }
    const std::string folder = setting_text(found->second.get()).value_or("");
    if (folder.starts_with("/tmp") || folder.starts_with("file:///tmp") || folder.starts_with("tmp"))
      draft.trap(
          Error(errors::doctor::checkpoint_temporary, "the checkpoint is in {}: it is lost with the container", folder)
              .with_hint("put it on a volume; here positions are kept in the data directory"),
          write.where);
  }
}

void waiting(const Sources& sources, PipelineDraft& draft) {
  std::set<std::string> told;
  for (const WriteFact& write : sources.facts.writes) {
    if (!write.frame || !write.frame->streaming || write.by_batch) continue;
    const bool waits = std::any_of(sources.facts.awaited.begin(), sources.facts.awaited.end(),
                                   [&](const NamedPlace& each) { return each.where.file == write.where.file; });
    if (!waits && told.insert(write.where.file).second)
      draft.trap(
          Error(errors::import::stream_not_awaited, "{} ends as soon as its stream has started", write.where.file),
          write.where);
  }
}

}  // namespace

void find_spark_traps(const Sources& sources, PipelineDraft& draft) {
  packages(sources, draft);
  checkpoints(sources, draft);
  waiting(sources, draft);
}

}  // namespace streamops::importer
