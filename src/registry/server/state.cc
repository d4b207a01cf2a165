#include "registry/server/state.h"

#include <algorithm>

#include "base/json_writer.h"
#include "errors/registry.h"
#include "schema/json.h"

namespace streamops::registry {
namespace {

Error bad_state(std::string_view event, std::string_view why) {
  return Error(errors::registry::bad_state, "a record of the registry's file says `{}`: {}", event.substr(0, 100), why);
}

}  // namespace

const SchemaVersion* Subject::find(int version) const {
  for (const SchemaVersion& each : versions) {
    if (each.version == version) return &each;
  }
  return nullptr;
}

const SchemaVersion* Subject::latest() const {
  for (auto each = versions.rbegin(); each != versions.rend(); ++each) {
    if (!each->deleted) return &*each;
  }
  return nullptr;
}

Result<Schema> read_schema(std::string_view type, std::string_view text) {
  Schema out;
  out.type = type;
  out.text = text;
  out.identity = std::string(type) + "\n";
  if (type == "AVRO") {
    STREAMOPS_ASSIGN(out.avro, schema::AvroSchema::parse(text));
    out.text = out.avro->text();
    out.identity += out.avro->identity();
  } else if (type == "JSON") {
    STREAMOPS_ASSIGN(const schema::Json json, schema::parse_json(text));
    JsonWriter compact;
    schema::write_json(json, compact);
    out.identity += compact.text();
  } else {
    out.identity += text;
  }
  return out;
}

const Subject* State::subject(const std::string& name) const {
  const auto found = subjects_.find(name);
  return found == subjects_.end() || found->second.versions.empty() ? nullptr : &found->second;
}

const Schema* State::schema(std::int32_t id) const {
  const auto found = schemas_.find(id);
  return found == schemas_.end() ? nullptr : &found->second;
}

const Schema* State::same(const Schema& candidate) const {
  const auto found = by_identity_.find(candidate.identity);
  return found == by_identity_.end() ? nullptr : schema(found->second);
}

schema::Compatibility State::level_of(const std::string& subject) const {
  const auto found = subjects_.find(subject);
  return found == subjects_.end() ? level_ : found->second.level.value_or(level_);
}

const std::string& State::mode_of(const std::string& subject) const {
  const auto found = subjects_.find(subject);
  return found == subjects_.end() || found->second.mode.empty() ? mode_ : found->second.mode;
}

std::string State::add_event(const std::string& subject, int version, const Schema& schema) {
  JsonWriter json;
  json.begin_object().field("kind", "add").field("subject", subject).field("version", version).field("id", schema.id);
  json.field("type", schema.type).field("schema", schema.text).end_object();
  return std::move(json).text();
}

std::string State::delete_event(const std::string& subject, int version, bool permanent) {
  JsonWriter json;
  json.begin_object().field("kind", "delete").field("subject", subject).field("version", version);
  json.field("permanent", permanent).end_object();
  return std::move(json).text();
}

std::string State::level_event(const std::string& subject, std::string_view level) {
  JsonWriter json;
  json.begin_object().field("kind", "level").field("subject", subject).field("level", level).end_object();
  return std::move(json).text();
}

std::string State::mode_event(const std::string& subject, std::string_view mode) {
  JsonWriter json;
  json.begin_object().field("kind", "mode").field("subject", subject).field("mode", mode).end_object();
  return std::move(json).text();
}

Result<void> State::apply(std::string_view event) {
  constexpr std::size_t max_event_bytes = 64 * 1024 * 1024;
  const Result<schema::Json> parsed = schema::parse_json(event, {max_event_bytes, 8});
  if (!parsed) return bad_state(event, parsed.error().message());
  const std::string_view kind = parsed->text_of("kind");
  const std::string subject(parsed->text_of("subject"));
  if (kind == "add") {
    const Result<void> added = add(*parsed);
    return added ? added : bad_state(event, added.error().message());
  }
  if (kind == "delete") {
    remove(*parsed);
  } else if (kind == "level") {
    const std::optional<schema::Compatibility> level = schema::parse_compatibility(parsed->text_of("level"));
    if (subject.empty()) {
      level_ = level.value_or(default_level_);
    } else {
      subjects_[subject].level = level;
    }
  } else if (kind == "mode") {
    (subject.empty() ? mode_ : subjects_[subject].mode) = parsed->text_of("mode");
    if (mode_.empty()) mode_ = "READWRITE";
  } else if (kind == "next") {
    next_id_ = std::max(next_id_, static_cast<std::int32_t>(parsed->integer_of("id", 1)));
  } else {
    return bad_state(event, "unknown kind");
  }
  return Ok();
}

Result<void> State::add(const schema::Json& event) {
  const auto id = static_cast<std::int32_t>(event.integer_of("id", 0));
  if (!schemas_.contains(id)) {
    STREAMOPS_ASSIGN(Schema schema, read_schema(event.text_of("type"), event.text_of("schema")));
    schema.id = id;
    by_identity_[schema.identity] = id;
    schemas_.emplace(id, std::move(schema));
  }
  next_id_ = std::max(next_id_, id + 1);
  subjects_[std::string(event.text_of("subject"))].versions.push_back(
      {static_cast<int>(event.integer_of("version", 0)), id, false});
  return Ok();
}

void State::remove(const schema::Json& event) {
  const auto subject = subjects_.find(std::string(event.text_of("subject")));
  if (subject == subjects_.end()) return;
  std::vector<SchemaVersion>& versions = subject->second.versions;
  const auto found = std::find_if(versions.begin(), versions.end(), [&](const SchemaVersion& each) {
    return each.version == event.integer_of("version", 0);
  });
  if (found == versions.end()) return;
  const schema::Json* permanent = event.find("permanent");
  if (permanent == nullptr || !permanent->boolean) {
    found->deleted = true;
    return;
  }
  const std::int32_t id = found->id;
  versions.erase(found);
  if (versions.empty()) subjects_.erase(subject);
  forget_unused(id);
}

void State::forget_unused(std::int32_t id) {
  for (const auto& [name, subject] : subjects_) {
    for (const SchemaVersion& version : subject.versions) {
      if (version.id == id) return;
    }
  }
  const auto found = schemas_.find(id);
  if (found == schemas_.end()) return;
  by_identity_.erase(found->second.identity);
  schemas_.erase(found);
}

void State::replay(const std::function<void(std::string_view event)>& emit) const {
  JsonWriter next;
  next.begin_object().field("kind", "next").field("id", next_id_).end_object();
  emit(next.text());
  emit(level_event("", to_string(level_)));
  emit(mode_event("", mode_));
  for (const auto& [name, subject] : subjects_) {
    for (const SchemaVersion& version : subject.versions) {
      emit(add_event(name, version.version, schemas_.at(version.id)));
      if (version.deleted) emit(delete_event(name, version.version, false));
    }
    if (subject.level) emit(level_event(name, to_string(*subject.level)));
    if (!subject.mode.empty()) emit(mode_event(name, subject.mode));
  }
}

}  // namespace streamops::registry
