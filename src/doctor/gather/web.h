// doctor/gather/web.h — HTTP questions through the product's own client, so proxies and certificates act as they will
// later; and the name and port behind a URL, knocked at.
#pragma once

#include <memory>

#include "doctor/doctor.h"
#include "doctor/gather/dial.h"
#include "runtime/http_client.h"

namespace streamops::doctor {

/// A client with a loop of its own. Threads: any; questions may be asked from several at once.
class Web {
 public:
  Web();
  ~Web();
  Web(const Web&) = delete;
  Web& operator=(const Web&) = delete;

  /// Waits for the answer. What fails is in the facts.
  WebFacts ask(runtime::HttpRequest request, Deadline until);
  /// The same, after dialling the URL's host where no proxy stands before it; without an open port nothing is asked.
  WebFacts dial_and_ask(runtime::HttpRequest request, Deadline until);

 private:
  std::unique_ptr<runtime::LoopThread> thread_;
  std::unique_ptr<runtime::HttpClient> client_;  // the loop's
};

/// "Basic dXNlcjpwYXNz" as a header; none without a name.
runtime::HttpHeaders basic_login(const std::string& username, const std::string& password);

RegistryFacts gather_registry(const RegistryTarget& target, Web& web, const Limits& limits);
AirflowFacts gather_airflow(const AirflowTarget& target, Web& web, const Limits& limits);
SparkFacts gather_spark(const SparkTarget& target, const Limits& limits);
SourceFacts gather_source(const SourceTarget& target, Web& web, const Limits& limits);

}  // namespace streamops::doctor
