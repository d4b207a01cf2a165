// registry/client/catalogue.h — what a registry holds, for people to look at: subjects, their versions, levels.
//
// Unlike Client it asks once: each of the bases in turn, until one answers.
//
// Threads: one loop. Destroying the catalogue drops what is under way; no callback comes after that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "registry/client/client.h"

namespace streamops::registry {

struct ListedSubjects {
  std::vector<std::string> names;  // in order
  std::string level;               // compatibility of the registry: "BACKWARD"; empty where it does not say
};

struct ListedVersion {
  int version = 0;
  std::int32_t id = 0;
  std::string type;  // "AVRO", "JSON", "PROTOBUF"
  std::string text;
};

struct ListedSubject {
  std::string level;                    // its own, or the registry's; empty where it does not say
  std::vector<ListedVersion> versions;  // the newest first; at most `most_versions`
  int older = 0;                        // versions beyond those
};

class Catalogue {
 public:
  static constexpr std::size_t most_versions = 50;

  Catalogue(ClientOptions options, runtime::Loop& loop, runtime::HttpClient& http);
  ~Catalogue();

  /// Errors: SO-G101 (no base answers), SO-G102, SO-G104, SO-G107.
  void subjects(std::function<void(Result<ListedSubjects>)> done);
  /// Errors: SO-G108 (no such subject) and as subjects().
  void subject(const std::string& name, std::function<void(Result<ListedSubject>)> done);

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace streamops::registry
