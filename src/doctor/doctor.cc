#include "doctor/doctor.h"

#include "doctor/gather/cassandra.h"
#include "doctor/gather/kafka.h"
#include "doctor/gather/machine.h"
#include "doctor/gather/web.h"

namespace streamops::doctor {

std::string_view to_string(Severity severity) {
  return severity == Severity::problem ? "problem" : "warning";
}

Verdict& Verdict::problem(Error error, std::string where) {
  findings.push_back({Severity::problem, std::move(where), std::move(error)});
  return *this;
}

Verdict& Verdict::warning(Error error, std::string where) {
  findings.push_back({Severity::warning, std::move(where), std::move(error)});
  return *this;
}

std::vector<Probe> all_probes() {
  std::vector<Probe> all;
  for (const std::span<const Probe> probes :
       {file_probes(), machine_probes(), project_probes(), source_probes(), kafka_probes(), topic_probes(),
        registry_probes(), cassandra_probes(), table_probes(), spark_probes(), airflow_probes()}) {
    all.insert(all.end(), probes.begin(), probes.end());
  }
  return all;
}

std::size_t Report::count(Severity severity) const {
  std::size_t count = 0;
  for (const ProbeReport& report : probes) {
    for (const Finding& finding : report.verdict.findings) count += finding.severity == severity ? 1 : 0;
  }
  return count;
}

Facts gather(const Targets& targets, const Limits& limits) {
  Facts facts;
  Web web;
  facts.sources.resize(targets.sources.size());
  std::vector<std::function<void()>> work;
  work.emplace_back([&] { facts.machine = gather_machine(targets.machine); });
  work.emplace_back([&] { facts.project = gather_project(targets.folder); });
  if (targets.kafka) work.emplace_back([&] { facts.kafka = gather_kafka(*targets.kafka, limits); });
  if (targets.cassandra) work.emplace_back([&] { facts.cassandra = gather_cassandra(*targets.cassandra, limits); });
  if (targets.registry) work.emplace_back([&] { facts.registry = gather_registry(*targets.registry, web, limits); });
  if (targets.spark) work.emplace_back([&] { facts.spark = gather_spark(*targets.spark, limits); });
  if (targets.airflow) work.emplace_back([&] { facts.airflow = gather_airflow(*targets.airflow, web, limits); });
  for (std::size_t i = 0; i < targets.sources.size(); ++i)
    work.emplace_back([&, i] { facts.sources[i] = gather_source(targets.sources[i], web, limits); });
  in_parallel(std::move(work));
  return facts;
}

Report judge(const Targets& targets, const Facts& facts) {
  Report report;
  const Subject subject{targets, facts};
  for (const Probe& probe : all_probes()) report.probes.push_back({probe, probe.judge(subject)});
  return report;
}

Report examine(const Targets& targets, const Limits& limits) {
  const runtime::MonotonicTime begin = runtime::system_clock().monotonic();
  Report report = judge(targets, gather(targets, limits));
  report.took = runtime::system_clock().monotonic() - begin;
  return report;
}

std::string reference_page() {
  const std::vector<Probe> probes = all_probes();
  std::string page = fmt::format(
      "# What `streamops doctor` looks at\n\n"
      "{} probes. Each finding has a code (`streamops explain CODE`), a place and a fix. Made from the tables in\n"
      "`src/doctor/probes`.\n\n"
      "- **reproduced**: a test sets the trap up, with the real system or a server that behaves like it, and the "
      "command finds it.\n"
      "- **recorded**: tested on facts written down, because the state cannot be had without the system in it.\n",
      probes.size());
  std::string_view system;
  for (const Probe& probe : probes) {
    if (system != probe.system) {
      system = probe.system;
      page +=
          fmt::format("\n## {}\n\n| probe | what must hold | codes | tested |\n| --- | --- | --- | --- |\n", system);
    }
    page += fmt::format("| `{}` | {} | {} | {} |\n", probe.id, probe.title, probe.codes,
                        probe.proof == Proof::reproduced ? "reproduced" : "recorded");
  }
  return page;
}

}  // namespace streamops::doctor
