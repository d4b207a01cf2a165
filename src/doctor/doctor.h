// doctor/doctor.h — finds, before a start, what would trip it.
//
//   targets_of(file, profile) -> Targets -> gather (all systems at once, each step at most a second) -> Facts
//                             -> probes, one after the other -> Report
//
// Nothing is written anywhere: no topic, no table, no file is made. Threads: examine() blocks its caller; inside, every
// system is gathered on a thread of its own.
#pragma once

#include <string>
#include <vector>

#include "doctor/probe.h"

namespace streamops::doctor {

struct Limits {
  Microseconds step = Seconds{1};   // one connect, one question and its answer
  Microseconds whole = Seconds{4};  // all questions to one system; what is not known by then stays unknown
};

struct ProbeReport {
  Probe probe;
  Verdict verdict;
};

struct Report {
  std::vector<ProbeReport> probes;
  Microseconds took{0};

  std::size_t count(Severity severity) const;
  bool hinders() const { return count(Severity::problem) > 0; }
};

/// Asks and judges.
Report examine(const Targets& targets, const Limits& limits = {});
/// Only asks; only judges.
Facts gather(const Targets& targets, const Limits& limits);
Report judge(const Targets& targets, const Facts& facts);

/// docs/reference/doctor.md, from the tables of probes.
std::string reference_page();

}  // namespace streamops::doctor
