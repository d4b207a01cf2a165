// Probes of a Spark Connect server and of the packages that a job asks for.
#include <algorithm>
#include <array>

#include "base/text.h"
#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

constexpr const char* packages_setting = "spark.jars.packages";

bool is_connect(const std::string& address) {
  return address.starts_with("sc://");
}

Contacts contacts_of(const Subject& subject) {
  Contacts contacts;
  contacts.configured = subject.targets.spark.has_value();
  contacts.service = "a Spark Connect server";
  if (!contacts.configured) return contacts;
  if (is_connect(subject.targets.spark->address)) contacts.each = {subject.facts.spark.connect};
  contacts.place = subject.targets.spark->place;
  contacts.in_container = subject.facts.machine.in_container;
  return contacts;
}

Verdict address(const Subject& subject) {
  if (!subject.targets.spark) return Verdict::skip("not in this profile");
  const std::string& text = subject.targets.spark->address;
  if (is_connect(text)) return Verdict::fine(text);
  const char* what = text.starts_with("spark://") ? "the address of a master, for workers and spark-submit"
                     : text.starts_with("http")   ? "a web page's address"
                     : text.starts_with("local")  ? "Spark inside of one process"
                                                  : "not an address of Spark Connect";
  return Verdict::found(
      {Severity::problem, text, placed(Error(spark_address, "{} is {}", text, what), subject.targets.spark->place)});
}

/// One Maven coordinate, "org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0".
struct Package {
  std::string group;
  std::string name;   // without the Scala version
  std::string scala;  // "2.13"; empty for Java packages
  std::string version;
};

std::vector<Package> packages_of(const Subject& subject) {
  std::vector<Package> packages;
  const auto found = subject.targets.spark->settings.find(packages_setting);
  if (found == subject.targets.spark->settings.end()) return packages;
  for (const std::string_view coordinate : split(found->second, ',')) {
    const std::vector<std::string_view> parts = split(trim(coordinate), ':');
    if (parts.size() < 3) continue;
    Package package{std::string(parts[0]), std::string(parts[1]), {}, std::string(parts[2])};
    const std::size_t suffix = package.name.rfind("_2.");
    if (suffix != std::string::npos) {
      package.scala = package.name.substr(suffix + 1);
      package.name.resize(suffix);
    }
    packages.push_back(std::move(package));
  }
  return packages;
}

std::optional<Place> packages_place(const Subject& subject) {
  const auto& places = subject.targets.spark->setting_places;
  const auto found = places.find(packages_setting);
  return found == places.end() ? subject.targets.spark->place : std::optional(found->second);
}

/// Spark's version as the packages of Spark itself tell it, "4.0.0"; empty when none does.
std::string spark_version(const std::vector<Package>& packages) {
  for (const Package& package : packages) {
    if (package.group == "org.apache.spark") return package.version;
  }
  return {};
}

Verdict scala(const Subject& subject) {
  if (!subject.targets.spark) return Verdict::skip("not in this profile");
  const std::vector<Package> packages = packages_of(subject);
  if (packages.empty()) return Verdict::skip("no packages are named");
  const std::string version = spark_version(packages);
  std::string wanted = version.empty() ? "" : version.starts_with("4") ? "2.13" : "";
  Verdict verdict = Verdict::fine("one Scala version");
  for (const Package& package : packages) {
    if (package.scala.empty()) continue;
    if (wanted.empty()) wanted = package.scala;
    if (package.scala == wanted) continue;
    verdict.problem(
        placed(Error(scala_mismatch, "{} is for Scala {}, the rest for {}", package.name, package.scala, wanted),
               packages_place(subject)),
        packages_setting);
  }
  return verdict;
}

Verdict versions(const Subject& subject) {
  if (!subject.targets.spark) return Verdict::skip("not in this profile");
  const std::vector<Package> packages = packages_of(subject);
  const std::string version = spark_version(packages);
  if (version.empty()) return Verdict::skip("no package of Spark itself is named");
  Verdict verdict = Verdict::fine("Spark " + version);
  for (const Package& package : packages) {
    if (package.group != "org.apache.spark" || package.version == version) continue;
    verdict.problem(placed(Error(spark_package_version, "{} is of {}, another package of {}", package.name,
                                 package.version, version),
                           packages_place(subject)),
                    packages_setting);
  }
  return verdict;
}

Verdict connectors(const Subject& subject) {
  if (!subject.targets.spark) return Verdict::skip("not in this profile");
  const SparkTarget& target = *subject.targets.spark;
  const std::vector<Package> packages = packages_of(subject);
  if (packages.empty()) return Verdict::skip("no packages are named");
  const auto has = [&](std::string_view name) {
    return std::any_of(packages.begin(), packages.end(),
                       [&](const Package& package) { return package.name.find(name) != std::string::npos; });
  };
  Verdict verdict = Verdict::fine("all that the stream needs");
  for (const auto& [needed, name] : {std::pair(target.reads_kafka, "spark-sql-kafka-0-10"),
                                     std::pair(target.writes_cassandra, "spark-cassandra-connector")}) {
    if (!needed || has(name)) continue;
    verdict.problem(placed(Error(connector_missing, "spark.jars.packages lacks {}", name), packages_place(subject)),
                    packages_setting);
  }
  return verdict;
}

Verdict connector_age(const Subject& subject) {
  if (!subject.targets.spark) return Verdict::skip("not in this profile");
  const std::vector<Package> packages = packages_of(subject);
  const std::string version = spark_version(packages);
  for (const Package& package : packages) {
    if (package.name != "spark-cassandra-connector") continue;
    const bool young_spark = version.starts_with("4") || version.starts_with("3.5");
    if (!young_spark || package.version.starts_with("3.5")) return Verdict::fine("connector " + package.version);
    return Verdict::found({Severity::problem, packages_setting,
                           placed(Error(connector_too_old, "the connector is {}, Spark {}", package.version, version),
                                  packages_place(subject))});
  }
  return Verdict::skip("the packages name no connector");
}

Verdict checkpoint(const Subject& subject) {
  if (!subject.targets.spark) return Verdict::skip("not in this profile");
  const std::string& path = subject.targets.spark->checkpoint;
  if (path.empty()) return Verdict::skip("no checkpoint is named");
  if (!path.starts_with("/tmp") && !path.starts_with("file:/tmp") && !path.starts_with("file:///tmp"))
    return Verdict::fine(path);
  return Verdict::found(
      {Severity::warning, path,
       placed(Error(checkpoint_temporary, "the checkpoint is under /tmp"), subject.targets.spark->place)});
}

constexpr Probe probes[] = {
    {"spark.address", "Spark", "the address is one of Spark Connect", "SO-D491", Proof::recorded, address},
    {"spark.name", "Spark", "its name resolves", "SO-D401", Proof::recorded, on_contacts<contacts_of, judge_names>},
    {"spark.port", "Spark", "its port is open", "SO-D402 SO-D403 SO-D413", Proof::reproduced,
     on_contacts<contacts_of, judge_ports>},
    {"spark.answer", "Spark", "it answers", "SO-D404", Proof::reproduced, on_contacts<contacts_of, judge_answers>},
    {"spark.protocol", "Spark", "it speaks gRPC", "SO-D405", Proof::reproduced,
     on_contacts<contacts_of, judge_protocol>},
    {"spark.scala", "Spark", "packages are for one Scala version, Spark's", "SO-D492", Proof::recorded, scala},
    {"spark.versions", "Spark", "Spark's own packages are of one version", "SO-D493", Proof::recorded, versions},
    {"spark.connectors", "Spark", "packages hold the connectors that the stream needs", "SO-D494", Proof::recorded,
     connectors},
    {"spark.connector_age", "Spark", "the Cassandra connector is young enough", "SO-D496", Proof::recorded,
     connector_age},
    {"spark.checkpoint", "Spark", "the checkpoint is where it lasts", "SO-D495", Proof::recorded, checkpoint},
};

}  // namespace

std::span<const Probe> spark_probes() {
  return probes;
}

}  // namespace streamops::doctor
