#include "registry/server/api.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/json_writer.h"
#include "base/text.h"
#include "schema/json.h"

namespace streamops::registry {
namespace {

using runtime::ServerRequest;
using runtime::ServerResponse;
using Path = std::vector<std::string_view>;

constexpr const char* media_type = "application/vnd.schemaregistry.v1+json";
constexpr std::string_view schema_types[] = {"AVRO", "JSON", "PROTOBUF"};

ServerResponse json(std::string body, int status = 200) {
  ServerResponse response = ServerResponse::json(std::move(body), status);
  response.headers = {{"Content-Type", media_type}};
  return response;
}

ServerResponse no_subject(const std::string& subject) {
  return refusal(40401, fmt::format("Subject '{}' not found.", subject));
}

ServerResponse no_schema(std::string_view id) {
  return refusal(40403, fmt::format("Schema {} not found", id));
}

bool asks(const ServerRequest& request, const char* name) {
  const auto found = request.query.find(name);
  return found != request.query.end() && equals_ignore_case(found->second, "true");
}

std::string_view query(const ServerRequest& request, const char* name) {
  const auto found = request.query.find(name);
  return found == request.query.end() ? std::string_view() : std::string_view(found->second);
}

std::optional<int> number(std::string_view text) {
  int value = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

void write_version(JsonWriter& out, const std::string& subject, const SchemaVersion& version, const Schema& schema) {
  out.begin_object().field("subject", subject).field("version", version.version).field("id", schema.id);
  if (schema.type != "AVRO") out.field("schemaType", schema.type);
  out.field("schema", schema.text).end_object();
}

/// One request on its way through the table of routes.
class Handler {
 public:
  Handler(const State& state, const ServerRequest& request) : state_(state), request_(request) {
    for (const std::string_view piece : split(request.path, '/')) {
      if (!piece.empty()) path_.push_back(piece);
    }
  }

  Outcome run() {
    if (path_.empty()) return done(json("{}"));
    const std::string_view room = path_[0];
    if (room == "subjects") return subjects();
    if (room == "schemas") return done(is("GET") ? schemas() : wrong_method());
    if (room == "config") return config();
    if (room == "mode") return mode();
    if (room == "compatibility") return done(is("POST") ? compatibility() : wrong_method());
    if (room == "contexts" && path_.size() == 1 && is("GET")) return done(json("[\".\"]"));
    if (request_.path == "/v1/metadata/id" && is("GET"))
      return done(json(R"({"scope":{"path":[],"clusters":{}},"id":"streamops"})"));
    return done(nothing_here());
  }

 private:
  static Outcome done(ServerResponse response) { return {std::move(response), {}}; }
  bool is(std::string_view method) const { return request_.method == method; }
  static ServerResponse nothing_here() { return refusal(404, "HTTP 404 Not Found"); }
  static ServerResponse wrong_method() { return refusal(405, "HTTP 405 Method Not Allowed"); }
  std::string subject_at(std::size_t index) const { return std::string(path_[index]); }

  // --- /subjects -----------------------------------------------------------------------------------------------------

  Outcome subjects() {
    if (path_.size() == 1) return done(is("GET") ? list_subjects() : wrong_method());
    const std::string subject = subject_at(1);
    if (path_.size() == 2) {
      if (is("POST")) return done(look_up(subject));
      return is("DELETE") ? delete_subject(subject) : done(wrong_method());
    }
    if (path_[2] != "versions") return done(nothing_here());
    if (path_.size() == 3) {
      if (is("POST")) return add(subject);
      return done(is("GET") ? list_versions(subject) : wrong_method());
    }
    return one_version(subject);
  }

  ServerResponse list_subjects() const {
    JsonWriter out;
    out.begin_array();
    for (const auto& [name, subject] : state_.subjects()) {
      const bool shown = subject.latest() != nullptr || (asks(request_, "deleted") && !subject.versions.empty());
      if (shown && name.starts_with(query(request_, "subjectPrefix"))) out.string(name);
    }
    out.end_array();
    return json(std::move(out).text());
  }

  /// The subject, if it has anything to show.
  const Subject* visible(const std::string& name) const {
    const Subject* subject = state_.subject(name);
    return subject == nullptr || (subject->latest() == nullptr && !asks(request_, "deleted")) ? nullptr : subject;
  }

  ServerResponse list_versions(const std::string& name) const {
    const Subject* subject = visible(name);
    if (subject == nullptr) return no_subject(name);
    JsonWriter out;
    out.begin_array();
    for (const SchemaVersion& version : subject->versions) {
      if (!version.deleted || asks(request_, "deleted")) out.number(version.version);
    }
    out.end_array();
    return json(std::move(out).text());
  }

  Outcome one_version(const std::string& name) {
    std::optional<ServerResponse> problem;
    const bool with_deleted = asks(request_, "deleted") || is("DELETE");
    const SchemaVersion* version = find_version(name, path_[3], with_deleted, problem);
    if (version == nullptr) return done(*problem);
    if (path_.size() == 4 && is("DELETE")) return delete_version(name, *version);
    if (!is("GET")) return done(wrong_method());
    const Schema& schema = *state_.schema(version->id);
    if (path_.size() == 5 && path_[4] == "schema") return done(json(schema.text));
    if (path_.size() == 5 && path_[4] == "referencedby") return done(json("[]"));
    if (path_.size() != 4) return done(nothing_here());
    JsonWriter out;
    write_version(out, name, *version, schema);
    return done(json(std::move(out).text()));
  }

  /// The version that a path names; nullptr with the answer why not.
  const SchemaVersion* find_version(const std::string& name, std::string_view which, bool with_deleted,
                                    std::optional<ServerResponse>& problem) const {
    const bool latest = which == "latest" || which == "-1";
    const std::optional<int> wanted = number(which);
    if (!latest && (!wanted || *wanted < 1)) {
      problem = refusal(42202, fmt::format("The specified version '{}' is not a valid version id. Allowed values are "
                                           "between [1, 2^31-1] and the string \"latest\"",
                                           which));
      return nullptr;
    }
    const Subject* subject = state_.subject(name);
    if (subject == nullptr || (subject->latest() == nullptr && !with_deleted)) {
      problem = no_subject(name);
      return nullptr;
    }
    const SchemaVersion* found = latest ? subject->latest() : subject->find(*wanted);
    if (found != nullptr && (with_deleted || !found->deleted)) return found;
    problem = refusal(40402, fmt::format("Version {} not found.", which));
    return nullptr;
  }

  /// The schema of a request's body; nothing with the answer why not.
  std::optional<Schema> schema_of_body(std::optional<ServerResponse>& problem) const {
    const Result<schema::Json> body = schema::parse_json(request_.body, {request_.body.size() + 1, 64});
    if (!body || !body->is(schema::Json::Kind::object)) {
      problem = refusal(400, body ? "the body is no JSON object" : body.error().message());
      return std::nullopt;
    }
    const std::string_view given = body->text_of("schemaType");
    const std::string_view type = given.empty() ? "AVRO" : given;
    const schema::Json* references = body->find("references");
    if (references != nullptr && !references->items.empty()) {
      problem = refusal(42201,
                        "Invalid schema: references to other subjects are not served here; put all types into "
                        "one schema");
      return std::nullopt;
    }
    if (std::find(std::begin(schema_types), std::end(schema_types), type) == std::end(schema_types)) {
      problem = refusal(42201, fmt::format("Invalid schema type {}: AVRO, JSON or PROTOBUF", type));
      return std::nullopt;
    }
    const std::string_view text = body->text_of("schema");
    if (trim(text).empty()) {
      problem = refusal(42201, "Empty schema");
      return std::nullopt;
    }
    Result<Schema> schema = read_schema(type, text);
    if (schema) return std::move(*schema);
    problem = refusal(42201, fmt::format("Invalid schema of type {}, details: {}", type, schema.error().message()));
    return std::nullopt;
  }

  /// The version of the subject that has this very schema, or nullptr.
  const SchemaVersion* same_in(const Subject* subject, const Schema& candidate, bool with_deleted) const {
    const Schema* same = state_.same(candidate);
    if (subject == nullptr || same == nullptr) return nullptr;
    for (const SchemaVersion& version : subject->versions) {
      if (version.id == same->id && (with_deleted || !version.deleted)) return &version;
    }
    return nullptr;
  }

  ServerResponse look_up(const std::string& name) const {
    std::optional<ServerResponse> problem;
    const std::optional<Schema> candidate = schema_of_body(problem);
    if (!candidate) return *problem;
    const Subject* subject = visible(name);
    if (subject == nullptr) return no_subject(name);
    const SchemaVersion* version = same_in(subject, *candidate, asks(request_, "deleted"));
    if (version == nullptr) return refusal(40403, "Schema not found");
    JsonWriter out;
    write_version(out, name, *version, *state_.schema(version->id));
    return json(std::move(out).text());
  }

  Outcome add(const std::string& name) {
    std::optional<ServerResponse> problem;
    std::optional<Schema> candidate = schema_of_body(problem);
    if (!candidate) return done(*problem);
    const Subject* subject = state_.subject(name);
    if (const SchemaVersion* version = same_in(subject, *candidate, false)) return done(id_answer(version->id));
    if (state_.mode_of(name) != "READWRITE")
      return done(refusal(42205, fmt::format("Subject {} is in read-only mode", name)));
    const std::vector<std::string> reasons = against(subject, *candidate, state_.level_of(name), nullptr);
    if (!reasons.empty()) {
      return done(refusal(409, fmt::format("Schema being registered is incompatible with an earlier schema for subject "
                                           "\"{}\", details: [{}], compatibility: '{}'",
                                           name, join(reasons, "; "), to_string(state_.level_of(name)))));
    }
    const Schema* same = state_.same(*candidate);
    candidate->id = same == nullptr ? state_.next_id() : same->id;
    const int version = subject == nullptr ? 1 : subject->versions.back().version + 1;
    return {id_answer(candidate->id), {State::add_event(name, version, *candidate)}};
  }

  static ServerResponse id_answer(std::int32_t id) {
    JsonWriter out;
    out.begin_object().field("id", id).end_object();
    return json(std::move(out).text());
  }

  /// What stands against a schema as the next version; beside `only` when that is given.
  std::vector<std::string> against(const Subject* subject, const Schema& candidate, schema::Compatibility level,
                                   const SchemaVersion* only) const {
    std::vector<std::string> out;
    if (subject == nullptr || subject->latest() == nullptr || level == schema::Compatibility::none) return out;
    std::vector<schema::AvroSchemaPtr> versions;
    for (const SchemaVersion& version : subject->versions) {
      if (version.deleted || (only != nullptr && only != &version)) continue;
      const Schema& older = *state_.schema(version.id);
      if (older.identity == candidate.identity) continue;
      if (older.type != candidate.type) return {"the type of the schema is not that of the versions before"};
      if (candidate.type != "AVRO")
        return {fmt::format("{} schemas are not compared here: set the subject's compatibility to NONE", older.type)};
      versions.push_back(older.avro);
    }
    for (const schema::Incompatibility& each : check_compatibility(level, *candidate.avro, versions))
      out.push_back(fmt::format("{{errorType:'{}', path:'{}', description:'{}'}}", each.kind, each.path, each.message));
    return out;
  }

  Outcome delete_subject(const std::string& name) {
    const Subject* subject = state_.subject(name);
    if (subject == nullptr) return done(no_subject(name));
    const bool permanent = asks(request_, "permanent");
    if (subject->latest() == nullptr && !permanent) {
      return done(
          refusal(40404, fmt::format("Subject '{}' was soft deleted. Set permanent=true to delete permanently", name)));
    }
    if (subject->latest() != nullptr && permanent) {
      return done(
          refusal(40405, fmt::format("Subject '{}' was not deleted first before being permanently deleted", name)));
    }
    Outcome out;
    JsonWriter versions;
    versions.begin_array();
    for (const SchemaVersion& version : subject->versions) {
      if (version.deleted && !permanent) continue;
      versions.number(version.version);
      out.events.push_back(State::delete_event(name, version.version, permanent));
    }
    versions.end_array();
    out.response = json(std::move(versions).text());
    return out;
  }

  Outcome delete_version(const std::string& name, const SchemaVersion& version) {
    const bool permanent = asks(request_, "permanent");
    if (version.deleted && !permanent) {
      return done(refusal(40406, fmt::format("Subject '{}' Version {} was soft deleted. Set permanent=true to delete "
                                             "permanently",
                                             name, version.version)));
    }
    if (!version.deleted && permanent) {
      return done(refusal(40407, fmt::format("Subject '{}' Version {} was not deleted first before being permanently "
                                             "deleted",
                                             name, version.version)));
    }
    return {json(std::to_string(version.version)), {State::delete_event(name, version.version, permanent)}};
  }

  // --- /schemas ------------------------------------------------------------------------------------------------------

  ServerResponse schemas() const {
    if (path_.size() == 1) return list_schemas();
    if (path_.size() == 2 && path_[1] == "types") return json(R"(["AVRO","JSON","PROTOBUF"])");
    if (path_.size() < 3 || path_.size() > 4 || path_[1] != "ids") return nothing_here();
    const std::optional<int> id = number(path_[2]);
    const Schema* schema = id ? state_.schema(*id) : nullptr;
    if (schema == nullptr) return id ? no_schema(path_[2]) : nothing_here();
    if (path_.size() == 4) return about_schema(*schema);
    JsonWriter out;
    out.begin_object();
    if (schema->type != "AVRO") out.field("schemaType", schema->type);
    out.field("schema", schema->text).end_object();
    return json(std::move(out).text());
  }

  ServerResponse about_schema(const Schema& schema) const {
    if (path_[3] == "schema") return json(schema.text);
    if (path_[3] != "subjects" && path_[3] != "versions") return nothing_here();
    const bool names_only = path_[3] == "subjects";
    JsonWriter out;
    out.begin_array();
    for (const auto& [name, subject] : state_.subjects()) {
      for (const SchemaVersion& version : subject.versions) {
        if (version.id != schema.id || (version.deleted && !asks(request_, "deleted"))) continue;
        if (names_only) {
          out.string(name);
          break;
        }
        out.begin_object().field("subject", name).field("version", version.version).end_object();
      }
    }
    out.end_array();
    return json(std::move(out).text());
  }

  ServerResponse list_schemas() const {
    JsonWriter out;
    out.begin_array();
    for (const auto& [name, subject] : state_.subjects()) {
      if (!name.starts_with(query(request_, "subjectPrefix"))) continue;
      for (const SchemaVersion& version : subject.versions) {
        const bool shown = (!version.deleted || asks(request_, "deleted")) &&
                           (!asks(request_, "latestOnly") || &version == subject.latest());
        if (shown) write_version(out, name, version, *state_.schema(version.id));
      }
    }
    out.end_array();
    return json(std::move(out).text());
  }

  // --- /config, /mode ------------------------------------------------------------------------------------------------

  std::string word_of_body(const char* member) const {
    const Result<schema::Json> body = schema::parse_json(request_.body, {request_.body.size() + 1, 16});
    return body ? std::string(body->text_of(member)) : std::string();
  }

  static ServerResponse word(const char* member, std::string_view value) {
    JsonWriter out;
    out.begin_object().field(member, value).end_object();
    return json(std::move(out).text());
  }

  Outcome config() {
    if (path_.size() > 2) return done(nothing_here());
    const std::string subject = path_.size() == 2 ? subject_at(1) : std::string();
    if (is("GET")) return done(level_answer(subject));
    if (is("DELETE")) {
      const std::string_view level = to_string(subject.empty() ? state_.level() : state_.level_of(subject));
      return {word("compatibilityLevel", level), {State::level_event(subject, "")}};
    }
    if (!is("PUT")) return done(wrong_method());
    const std::string given = word_of_body("compatibility");
    const std::optional<schema::Compatibility> level = schema::parse_compatibility(given);
    if (!level) {
      return done(
          refusal(42203, fmt::format("Invalid compatibility level `{}`. Valid values are none, backward, forward, "
                                     "full, backward_transitive, forward_transitive, and full_transitive",
                                     given)));
    }
    return {word("compatibility", to_string(*level)), {State::level_event(subject, to_string(*level))}};
  }

  ServerResponse level_answer(const std::string& subject) const {
    if (subject.empty()) return word("compatibilityLevel", to_string(state_.level()));
    const auto found = state_.subjects().find(subject);
    const bool own = found != state_.subjects().end() && found->second.level.has_value();
    if (own || asks(request_, "defaultToGlobal"))
      return word("compatibilityLevel", to_string(state_.level_of(subject)));
    return refusal(40408, fmt::format("Subject '{}' does not have subject-level compatibility configured", subject));
  }

  Outcome mode() {
    if (path_.size() > 2) return done(nothing_here());
    const std::string subject = path_.size() == 2 ? subject_at(1) : std::string();
    if (is("GET")) return done(mode_answer(subject));
    if (is("DELETE") && !subject.empty())
      return {word("mode", state_.mode_of(subject)), {State::mode_event(subject, "")}};
    if (!is("PUT")) return done(wrong_method());
    const std::string mode = to_upper(word_of_body("mode"));
    if (mode != "READWRITE" && mode != "READONLY")
      return done(refusal(42204, "Invalid mode. Valid values are READWRITE and READONLY"));
    return {word("mode", mode), {State::mode_event(subject, mode)}};
  }

  ServerResponse mode_answer(const std::string& subject) const {
    if (subject.empty()) return word("mode", state_.mode());
    const auto found = state_.subjects().find(subject);
    const bool own = found != state_.subjects().end() && !found->second.mode.empty();
    if (own || asks(request_, "defaultToGlobal")) return word("mode", state_.mode_of(subject));
    return refusal(40409, fmt::format("Subject '{}' does not have subject-level mode configured", subject));
  }

  // --- /compatibility ------------------------------------------------------------------------------------------------

  ServerResponse compatibility() const {
    const bool shape = path_.size() >= 4 && path_.size() <= 5 && path_[1] == "subjects" && path_[3] == "versions";
    if (!shape) return nothing_here();
    const std::string name = subject_at(2);
    std::optional<ServerResponse> problem;
    const std::optional<Schema> candidate = schema_of_body(problem);
    if (!candidate) return *problem;
    const SchemaVersion* only = nullptr;
    if (path_.size() == 5) only = find_version(name, path_[4], false, problem);
    if (path_.size() == 5 && only == nullptr) return *problem;
    const std::vector<std::string> reasons = against(state_.subject(name), *candidate, state_.level_of(name), only);
    JsonWriter out;
    out.begin_object().field("is_compatible", reasons.empty());
    if (asks(request_, "verbose")) {
      out.key("messages").begin_array();
      for (const std::string& reason : reasons) out.string(reason);
      out.end_array();
    }
    out.end_object();
    return json(std::move(out).text());
  }

  const State& state_;
  const ServerRequest& request_;
  Path path_;
};

/// A page of another site can make a browser send simple requests here; it cannot hide where it is from.
bool from_elsewhere(const ServerRequest& request) {
  const std::string* origin = request.header("origin");
  const std::string* host = request.header("host");
  if (origin == nullptr || request.method == "GET") return false;
  return host == nullptr || !origin->ends_with("//" + *host);
}

}  // namespace

ServerResponse refusal(int code, std::string_view message) {
  JsonWriter out;
  out.begin_object().field("error_code", code).field("message", message).end_object();
  return json(std::move(out).text(), code > 999 ? code / 100 : code);
}

bool is_change(const ServerRequest& request) {
  if (request.method == "PUT" || request.method == "DELETE") return true;
  return request.method == "POST" && request.path.starts_with("/subjects/") &&
         request.path.find("/versions") != std::string::npos;
}

Outcome answer(const State& state, const ServerRequest& request) {
  if (from_elsewhere(request)) return {refusal(403, "requests of pages of other sites are not taken"), {}};
  return Handler(state, request).run();
}

}  // namespace streamops::registry
