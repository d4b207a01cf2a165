// Probes of this machine, and of what else of a project lies beside the pipeline file.
#include <algorithm>

#include "base/text.h"
#include "doctor/gather/proxy.h"
#include "doctor/probes/connection.h"
#include "errors/doctor.h"

namespace streamops::doctor {
namespace {

using namespace errors::doctor;

constexpr std::int64_t mebibyte = 1024 * 1024;
constexpr std::int64_t least_memory = 256 * mebibyte;
constexpr std::int64_t least_disk = 1024 * mebibyte;
constexpr std::int64_t no_disk = 64 * mebibyte;
constexpr std::int64_t least_files = 1024;
constexpr Microseconds slow_name = Milliseconds{500};
constexpr Microseconds most_skew = Seconds{60};       // of an HTTP date, which counts whole seconds and may be cached
constexpr WallTime earliest{Seconds{1'704'067'200}};  // 2024-01-01: before that nobody runs this program

std::string in_mebibytes(std::int64_t bytes) {
  return std::to_string(bytes / mebibyte) + " MiB";
}

Verdict memory(const Subject& subject) {
  const MachineFacts& facts = subject.facts.machine;
  if (facts.memory == 0) return Verdict::skip("the system does not tell");
  const char* whose = facts.memory_limited ? "the container's limit" : "this machine";
  if (facts.memory < least_memory) {
    return Verdict::found({Severity::problem, {}, Error(memory_small, "{} is {}", whose, in_mebibytes(facts.memory))});
  }
  if (facts.memory_available > 0 && facts.memory_available < least_memory) {
    return Verdict::found(
        {Severity::warning,
         {},
         Error(memory_small, "{} of {} are free", in_mebibytes(facts.memory_available), in_mebibytes(facts.memory))});
  }
  return Verdict::fine(in_mebibytes(facts.memory));
}

Verdict disk(const Subject& subject) {
  const MachineFacts& facts = subject.facts.machine;
  if (facts.disk_free < 0 || facts.read_only) return Verdict::skip("the system does not tell");
  if (facts.disk_free >= least_disk) return Verdict::fine(in_mebibytes(facts.disk_free) + " free");
  return Verdict::found({facts.disk_free < no_disk ? Severity::problem : Severity::warning, facts.directory,
                         Error(disk_small, "{} are free under {}", in_mebibytes(facts.disk_free), facts.nearest)});
}

Verdict writable(const Subject& subject) {
  const MachineFacts& facts = subject.facts.machine;
  if (facts.writable && !facts.read_only) return Verdict::fine(facts.directory);
  return Verdict::found({Severity::problem, facts.directory,
                         Error(directory_not_writable, "{} {}", facts.nearest,
                               facts.read_only ? "is read-only" : "cannot be written by this user")});
}

/// Not ours, of a newer version, or in use: the errors of opening it.
Verdict directory(const Subject& subject) {
  const MachineFacts& facts = subject.facts.machine;
  if (!facts.directory_refused) return Verdict::fine("free to take");
  return Verdict::found({Severity::problem, facts.directory, *facts.directory_refused});
}

Verdict lasting(const Subject& subject) {
  const MachineFacts& facts = subject.facts.machine;
  if (facts.file_system != "tmpfs" && facts.file_system != "network") return Verdict::fine("on a disk");
  return Verdict::found({Severity::warning, facts.directory,
                         Error(directory_volatile, "{} is on {}", facts.nearest,
                               facts.file_system == "tmpfs" ? "a file system in memory" : "a network file system")});
}

Verdict open_files(const Subject& subject) {
  const MachineFacts& facts = subject.facts.machine;
  // The soft limit is raised at start as far as the hard one allows.
  const std::int64_t most = std::max(facts.open_files, facts.open_files_hard);
  if (most == 0 || most >= least_files) return Verdict::fine(std::to_string(most));
  return Verdict::found({Severity::warning, {}, Error(few_open_files, "{} open files are allowed", most)});
}

Verdict ports(const Subject& subject) {
  const MachineFacts& facts = subject.facts.machine;
  if (facts.ports.empty()) return Verdict::skip("nothing listens here");
  Verdict verdict = Verdict::fine(fmt::format("{} ports are free", facts.ports.size()));
  for (const PortFacts& port : facts.ports) {
    if (port.taken) verdict.problem(*port.taken, port.setting);
  }
  return verdict;
}

/// Every name that was looked up.
std::vector<const Dialled*> all_dialled(const Facts& facts) {
  std::vector<const Dialled*> all{&facts.registry.subjects.dialled, &facts.airflow.health.dialled,
                                  &facts.spark.connect.dialled};
  for (const Contact& contact : facts.kafka.bootstrap) all.push_back(&contact.dialled);
  for (const BrokerFacts& broker : facts.kafka.brokers) all.push_back(&broker.advertised);
  for (const Contact& contact : facts.cassandra.contacts) all.push_back(&contact.dialled);
  for (const SourceFacts& source : facts.sources) all.push_back(&source.answer.dialled);
  return all;
}

Verdict names(const Subject& subject) {
  const Dialled* slowest = nullptr;
  for (const Dialled* dialled : all_dialled(subject.facts)) {
    if (slowest == nullptr || dialled->name_took > slowest->name_took) slowest = dialled;
  }
  if (slowest->at.host.empty()) return Verdict::skip("no name had to be looked up");
  if (slowest->name_took < slow_name) return Verdict::fine("names are found at once");
  return Verdict::found({Severity::warning, slowest->at.host,
                         Error(names_slow, "looking up {} took {}", slowest->at.host,
                               format_duration(std::chrono::round<Milliseconds>(slowest->name_took)))});
}

Verdict localhost(const Subject& subject) {
  const MachineFacts& facts = subject.facts.machine;
  if (facts.localhost_resolved) return Verdict::fine(join(std::span<const std::string>(facts.localhost), ", "));
  return Verdict::found({Severity::problem, {}, Error(localhost_unknown, "the name localhost does not resolve")});
}

/// An address that a proxy outside has no way to.
bool is_inside(const std::string& host) {
  return is_loopback(host) || host.starts_with("10.") || host.starts_with("192.168.") ||
         host.find('.') == std::string::npos;
}

Verdict proxies(const Subject& subject) {
  const auto& environment = subject.facts.machine.proxies;
  std::vector<std::pair<std::string, std::optional<Place>>> urls;
  urls.reserve(subject.targets.sources.size() + 2);
  for (const SourceTarget& source : subject.targets.sources) urls.emplace_back(source.url, source.place);
  if (subject.targets.registry) urls.emplace_back(subject.targets.registry->url, subject.targets.registry->place);
  if (subject.targets.airflow) urls.emplace_back(subject.targets.airflow->url, std::nullopt);
  Verdict verdict = Verdict::fine(environment.empty() ? "none" : "none for local addresses");
  for (const auto& [url, place] : urls) {
    const std::optional<UrlParts> parts = parse_url(url);
    if (!parts || !is_inside(parts->at.host)) continue;
    const std::string proxy = proxy_for(*parts, environment);
    if (proxy.empty()) continue;
    verdict.problem(
        placed(Error(proxy_catches_local, "requests to {} go to the proxy {}", parts->at.host, proxy), place),
        parts->at.host);
  }
  return verdict;
}

Verdict time_zone(const Subject& subject) {
  const MachineFacts& facts = subject.facts.machine;
  if (facts.time_zone_known) return Verdict::fine(facts.time_zone.empty() ? "the system's" : facts.time_zone);
  return Verdict::found({Severity::warning, "TZ", Error(time_zone_unknown, "TZ is {}", facts.time_zone)});
}

/// Compares with the Date of every HTTP answer.
Verdict clock(const Subject& subject) {
  if (subject.facts.machine.now < earliest) {
    return Verdict::found({Severity::problem,
                           {},
                           Error(clock_wrong, "this machine's clock says {}", to_iso8601(subject.facts.machine.now))});
  }
  std::vector<const WebFacts*> answers{&subject.facts.registry.subjects, &subject.facts.airflow.health};
  for (const SourceFacts& source : subject.facts.sources) answers.push_back(&source.answer);
  for (const WebFacts* answer : answers) {
    if (!answer->answered() || !answer->date) continue;
    const Microseconds ahead = answer->received - *answer->date;
    if (std::chrono::abs(ahead) <= most_skew) continue;
    return Verdict::found({Severity::warning, answer->url,
                           Error(clock_wrong, "this machine's clock is {} {} that of {}",
                                 format_duration(std::chrono::round<Seconds>(std::chrono::abs(ahead))),
                                 ahead.count() > 0 ? "ahead of" : "behind", answer->url)});
  }
  return Verdict::fine(to_iso8601(std::chrono::floor<Seconds>(subject.facts.machine.now)));
}

constexpr Probe probes[] = {
    {"machine.ports", "Machine", "the ports of the embedded servers and the console are free", "SO-R001",
     Proof::reproduced, ports},
    {"machine.memory", "Machine", "256 MiB of memory, also under a container's limit", "SO-D521", Proof::recorded,
     memory},
    {"machine.disk", "Machine", "1 GiB of room for data", "SO-D522", Proof::reproduced, disk},
    {"machine.writable", "Machine", "the data directory can be written", "SO-D523", Proof::reproduced, writable},
    {"machine.directory", "Machine", "the data directory is ours, of this version, and not in use",
     "SO-A102 SO-A103 SO-D003", Proof::reproduced, directory},
    {"machine.lasting", "Machine", "the data directory lasts", "SO-D524", Proof::reproduced, lasting},
    {"machine.open_files", "Machine", "enough open files are allowed", "SO-D525", Proof::reproduced, open_files},
    {"machine.clock", "Machine", "the clock agrees with servers elsewhere", "SO-D526", Proof::reproduced, clock},
    {"machine.names", "Machine", "the name service is fast", "SO-D527", Proof::recorded, names},
    {"machine.localhost", "Machine", "localhost resolves", "SO-D530", Proof::recorded, localhost},
    {"machine.proxies", "Machine", "no proxy catches local requests", "SO-D528", Proof::reproduced, proxies},
    {"machine.time_zone", "Machine", "TZ names a time zone", "SO-D529", Proof::reproduced, time_zone},
};

}  // namespace

std::span<const Probe> machine_probes() {
  return probes;
}

}  // namespace streamops::doctor
