// registry/client/client.h — a schema registry by Confluent's REST API, asked from a loop.
//
//   schema(7) ─┐                                    GET /schemas/ids/7
//   schema(7) ─┴─ one request under way an id ───▶  200 {"schema":"..."}      kept for ever: an id never changes
//                        ▲        │                 404 {"error_code":40403}  an error, kept for half a minute
//                        └─ pause ┴─ no answer, 429, 5xx: asked again, without end; trouble() tells meanwhile
//
// Threads: one loop. Destroying the client drops what is under way; no callback comes after that.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "runtime/http_client.h"
#include "runtime/loop.h"
#include "schema/avro.h"

namespace streamops::registry {

struct ClientOptions {
  std::string url;       // one or more bases, separated by commas; the next one is tried when one is away
  std::string username;  // basic authentication; empty: none
  std::string password;
  std::string token;  // sent as a bearer token; not beside a username
  std::optional<runtime::TlsOptions> tls;
  Microseconds timeout = Seconds{10};
  Microseconds max_pause = Seconds{10};
};

/// A version of a subject.
struct SubjectVersion {
  std::string subject;
  int version = 0;
  std::int32_t id = 0;
  schema::AvroSchemaPtr schema;
};

/// How a schema's subject is called.
enum class SubjectNaming : std::uint8_t {
  topic,        // "users-value"
  record,       // "shop.User"
  topic_record  // "users-shop.User"
};
enum class RecordPart : std::uint8_t { key, value };
std::string subject_name(SubjectNaming naming, std::string_view topic, std::string_view record_name, RecordPart part);

class Client {
 public:
  Client(ClientOptions options, runtime::Loop& loop, runtime::HttpClient& http);
  ~Client();

  /// Whether the schema of `id`, or that there is none, is known without asking.
  bool knows(std::int32_t id) const;
  /// What is known of `id`. Errors: SO-G103 (the registry has no such id, or was not asked), SO-G106.
  Result<schema::AvroSchemaPtr> known(std::int32_t id) const;
  /// Asks unless it is known; `done` comes once, later. Errors: SO-G103, SO-G106 (they concern this id); SO-G102,
  /// SO-G104, SO-R012, SO-R015 (nothing will ever be answered).
  void schema(std::int32_t id, std::function<void(Result<schema::AvroSchemaPtr>)> done);

  /// Makes sure that the subject has the schema; `done` gets its id, once. Errors: SO-G105 (incompatible), SO-G107,
  /// SO-G102, SO-G104, SO-R012, SO-R015.
  void add(const std::string& subject, const schema::AvroSchema& schema,
           std::function<void(Result<std::int32_t>)> done);
  /// The newest version of a subject. Errors: SO-G108 (no such subject), SO-G106, SO-G107 and as schema().
  void latest(const std::string& subject, std::function<void(Result<SubjectVersion>)> done);

  /// Why requests do not go through right now, though they are tried again.
  const std::optional<Error>& trouble() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace streamops::registry
