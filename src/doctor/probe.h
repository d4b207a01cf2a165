// doctor/probe.h — one probe: a question about Facts, and its verdict. The tables of all probes stand in
// probes/<system>.cc.
//
// A probe is a pure function: no sockets, no files, no clock. What it needs was gathered before (gather/), so each is
// tested on facts written down by hand, and every gatherer on endpoints that are started for the test.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "doctor/facts.h"
#include "doctor/targets.h"

namespace streamops::doctor {

enum class Severity : std::uint8_t {
  problem,  // the pipeline will not start, or will not do its work
  warning   // it will, until something happens
};
std::string_view to_string(Severity severity);

struct Finding {
  Severity severity = Severity::problem;
  std::string where;  // an endpoint, a path, a setting; may be empty
  Error error;        // code, message, fix and, when the file is the cause, place
};

struct Verdict {
  bool skipped = false;
  std::string note;  // a few words: what is fine, or why it was skipped
  std::vector<Finding> findings;

  static Verdict fine(std::string note = {}) { return {false, std::move(note), {}}; }
  static Verdict skip(std::string note) { return {true, std::move(note), {}}; }
  static Verdict found(Finding finding) { return {false, {}, {std::move(finding)}}; }

  Verdict& problem(Error error, std::string where = {});
  Verdict& warning(Error error, std::string where = {});
};

struct Subject {
  const Targets& targets;
  const Facts& facts;
};

/// How the tests show that a probe works.
enum class Proof : std::uint8_t {
  reproduced,  // the trap is set up for real, or by a server that behaves like it, and the command finds it
  recorded     // judged on facts written down: this cannot be had on a machine without the system in that state
};

struct Probe {
  const char* id;      // "kafka.advertised"
  const char* system;  // "Kafka"
  const char* title;   // "brokers advertise addresses that can be reached"
  const char* codes;   // what it may find: "SO-D423 SO-D424"
  Proof proof;
  Verdict (*judge)(const Subject&);
};

std::span<const Probe> file_probes();
std::span<const Probe> machine_probes();
std::span<const Probe> kafka_probes();
std::span<const Probe> topic_probes();
std::span<const Probe> cassandra_probes();
std::span<const Probe> table_probes();
std::span<const Probe> registry_probes();
std::span<const Probe> spark_probes();
std::span<const Probe> airflow_probes();
std::span<const Probe> source_probes();
std::span<const Probe> project_probes();

/// All of them, system by system, in the order in which they are shown.
std::vector<Probe> all_probes();

}  // namespace streamops::doctor
