// CREATE KEYSPACE, ALTER KEYSPACE and USE.
#include <algorithm>

#include "cql/store/statements/definition.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

using Change = SchemaChange::Change;
using Target = SchemaChange::Target;

constexpr std::string_view kLocator = "org.apache.cassandra.locator.";

Error wrong(std::string message) {
  return {errors::cql::bad_option, std::move(message)};
}

/// Replication as Cassandra keeps it: the class with its full name, factors by data center.
Result<PropertyMap> normalized_replication(PropertyMap map) {
  std::string strategy;
  for (auto& [key, value] : map) {
    if (key != "class") continue;
    if (value.find('.') == std::string::npos) value.insert(0, kLocator);
    strategy = value.substr(value.rfind('.') + 1);
  }
  if (strategy.empty()) return wrong("Missing replication strategy class");
  const bool known =
      strategy == "SimpleStrategy" || strategy == "NetworkTopologyStrategy" || strategy == "LocalStrategy";
  if (!known) return wrong("Unable to find replication strategy class '" + std::string(kLocator) + strategy + "'");
  const bool has_factor =
      std::any_of(map.begin(), map.end(), [](const auto& entry) { return entry.first == "replication_factor"; });
  if (strategy == "SimpleStrategy" && !has_factor) map.emplace_back("replication_factor", "1");
  for (auto& [key, value] : map) {
    if (key == "class") continue;
    if (value.empty() || value.find_first_not_of("0123456789/") != std::string::npos) {
      return wrong("Replication factor must be numeric; found " + value);
    }
    if (strategy == "NetworkTopologyStrategy" && key == "replication_factor") key = "datacenter1";
  }
  std::sort(map.begin(), map.end());
  return map;
}

Result<void> apply_properties(Keyspace& keyspace, const Properties& properties, bool need_replication) {
  for (const Property& property : properties) {
    if (property.name == "replication" && property.map() != nullptr) {
      STREAMOPS_ASSIGN(keyspace.replication, normalized_replication(*property.map()));
    } else if (property.name == "durable_writes" && property.text() != nullptr) {
      keyspace.durable_writes = *property.text() == "true";
    } else {
      return Error(errors::cql::bad_property, "Unknown property '{}'", property.name);
    }
  }
  if (need_replication && keyspace.replication.empty()) return wrong("Missing mandatory replication strategy class");
  return Ok();
}

class UsePlan final : public Plan {
 public:
  explicit UsePlan(std::string keyspace) : keyspace_(std::move(keyspace)) {}
  void execute(Engine& engine, const ExecuteRequest&, AnswerDone done) const override {
    if (engine.schema()->find(keyspace_) == nullptr) {
      return done(Error(errors::cql::invalid_request, "Keyspace '{}' does not exist", keyspace_));
    }
    done(Answer{UseAnswer{keyspace_}, {}});
  }

 private:
  std::string keyspace_;
};

}  // namespace

Result<PlanPtr> compile_create_keyspace(const CreateKeyspace& statement) {
  Keyspace keyspace;
  keyspace.name = statement.name;
  if (statement.name.size() > 48 ||
      statement.name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") !=
          std::string::npos) {
    return Error(errors::cql::invalid_request,
                 "Keyspace name must not be empty, more than 48 characters long, or contain "
                 "non-alphanumeric-underscore characters (got \"{}\")",
                 statement.name);
  }
  STREAMOPS_RETURN_IF_ERROR(apply_properties(keyspace, statement.properties, true));
  return make_definition_plan([keyspace, if_not_exists = statement.if_not_exists](
                                  Engine&, Schema& draft) -> Result<std::optional<SchemaChange>> {
    if (draft.find(keyspace.name) != nullptr) {
      if (if_not_exists) return std::optional<SchemaChange>();
      return already_exists(keyspace.name, "");
    }
    draft.keyspaces[keyspace.name] = std::make_shared<const Keyspace>(keyspace);
    return std::optional(change_of(Change::created, Target::keyspace, keyspace.name));
  });
}

Result<PlanPtr> compile_alter_keyspace(const AlterKeyspace& statement) {
  return make_definition_plan([statement](Engine&, Schema& draft) -> Result<std::optional<SchemaChange>> {
    if (draft.find(statement.name) == nullptr && statement.if_exists) return std::optional<SchemaChange>();
    STREAMOPS_ASSIGN(const std::shared_ptr<Keyspace> keyspace, edit_keyspace(draft, statement.name));
    STREAMOPS_RETURN_IF_ERROR(apply_properties(*keyspace, statement.properties, false));
    return std::optional(change_of(Change::updated, Target::keyspace, statement.name));
  });
}

Result<PlanPtr> compile_use(const Use& statement, const CompileContext&) {
  return PlanPtr(std::make_shared<UsePlan>(statement.keyspace));
}

}  // namespace streamops::cql::store
