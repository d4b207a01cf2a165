#include "app/ports/metrics_text.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include "app/ports/system_port.h"
#include "app/version.h"

namespace streamops::app {
namespace {

double seconds_of(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
}

}  // namespace

std::string metrics_text(const observe::Metrics& metrics) {
  std::string text = metrics.to_prometheus();
  text += fmt::format(
      "# HELP process_cpu_seconds_total Time of processors that the process has used.\n"
      "# TYPE process_cpu_seconds_total counter\n"
      "process_cpu_seconds_total {:.3f}\n",
      cpu_seconds());
  text += fmt::format(
      "# HELP process_resident_memory_bytes Memory that the process holds.\n"
      "# TYPE process_resident_memory_bytes gauge\n"
      "process_resident_memory_bytes {}\n",
      resident_bytes());
  text += fmt::format(
      "# HELP streamops_build_info The version, as a label.\n"
      "# TYPE streamops_build_info gauge\n"
      "streamops_build_info{{version=\"{}\"}} 1\n",
      version);
  return text;
}

}  // namespace streamops::app
