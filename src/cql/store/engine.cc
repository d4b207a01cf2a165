#include "cql/store/engine.h"

#include <algorithm>
#include <set>

#include "cql/store/schema/journal.h"
#include "cql/store/system/system_tables.h"
#include "errors/cql.h"

namespace streamops::cql::store {
namespace {

std::set<TableId> table_ids(const Schema& schema) {
  std::set<TableId> out;
  for (const auto& [name, keyspace] : schema.keyspaces) {
    for (const auto& [table_name, table] : keyspace->tables) {
      if (!table->is_virtual()) out.insert(table->id);
    }
  }
  return out;
}

void set_grace(GraceTable& grace, const Schema& schema) {
  for (const auto& [name, keyspace] : schema.keyspaces) {
    for (const auto& [table_name, table] : keyspace->tables) {
      if (!table->is_virtual())
        grace.set(table->id, static_cast<std::uint32_t>(table->options.integer("gc_grace_seconds")));
    }
  }
}

}  // namespace

Engine::Engine(Parts parts, std::unique_ptr<SystemTables> system)
    : parts_(std::move(parts)), system_(std::move(system)) {}
Engine::~Engine() = default;

Result<std::unique_ptr<Engine>> Engine::open(Parts parts, std::unique_ptr<SystemTables> system) {
  std::unique_ptr<Engine> engine(new Engine(std::move(parts), std::move(system)));
  STREAMOPS_RETURN_IF_ERROR(engine->load());
  return engine;
}

Result<void> Engine::load() {
  Schema schema;
  schema.keyspaces = SystemTables::keyspaces();
  STREAMOPS_ASSIGN(const std::optional<std::string> meta, rocks().get(meta_record_key()));
  if (meta) {
    STREAMOPS_ASSIGN(const SchemaMeta known, decode_meta(*meta));
    next_table_ = known.next_table;
    host_id_ = known.host_id;
    schema.version = known.version;
  } else {
    host_id_ = loop().random().uuid();
    schema.version = loop().random().uuid();
    storage::WriteBatch batch;
    batch.put(meta_record_key(), encode_meta({next_table_, host_id_, schema.version}));
    STREAMOPS_RETURN_IF_ERROR(rocks().write(batch, false));
  }
  const std::string first = keyspace_record_key("");
  const std::unique_ptr<storage::Iterator> walk = rocks().iterate(first, after_prefix(first));
  for (walk->seek(first); walk->valid(); walk->next()) {
    STREAMOPS_ASSIGN(Keyspace keyspace, decode_keyspace(walk->value()));
    std::string name = keyspace.name;
    schema.keyspaces[std::move(name)] = std::make_shared<const Keyspace>(std::move(keyspace));
  }
  STREAMOPS_RETURN_IF_ERROR(walk->status());
  adopt(std::move(schema));
  return Ok();
}

void Engine::adopt(Schema draft) {
  set_grace(*parts_.grace, draft);
  schema_ = std::make_shared<const Schema>(std::move(draft));
}

std::int64_t Engine::next_timestamp() {
  last_timestamp_ = std::max(to_micros(loop().clock().wall()), last_timestamp_ + 1);
  return last_timestamp_;
}

std::uint32_t Engine::now_seconds() const {
  return static_cast<std::uint32_t>(to_micros(loop().clock().wall()) / 1'000'000);
}

void Engine::exclusively(std::function<void(std::function<void()> release)> work) {
  exclusive_.push_back(std::move(work));
  if (!exclusive_running_) next_exclusive();
}

void Engine::next_exclusive() {
  if (exclusive_.empty()) {
    exclusive_running_ = false;
    return;
  }
  exclusive_running_ = true;
  auto work = std::move(exclusive_.front());
  exclusive_.pop_front();
  const std::weak_ptr<int> alive = alive_;
  commits().when_settled([this, alive, work = std::move(work)] {
    if (alive.expired()) return;
    work([this, alive] {
      if (!alive.expired()) next_exclusive();
    });
  });
}

storage::WriteBatch Engine::journal_of(const Schema& draft) const {
  storage::WriteBatch batch;
  batch.put(meta_record_key(), encode_meta({next_table_, host_id_, draft.version}));
  for (const auto& [name, keyspace] : draft.keyspaces) {
    const auto before = schema_->keyspaces.find(name);
    const bool same = before != schema_->keyspaces.end() && before->second == keyspace;
    if (!same && !keyspace->is_system) batch.put(keyspace_record_key(name), encode_keyspace(*keyspace));
  }
  for (const auto& [name, keyspace] : schema_->keyspaces) {
    if (draft.find(name) == nullptr) batch.remove(keyspace_record_key(name));
  }
  const std::set<TableId> kept = table_ids(draft);
  for (const TableId table : table_ids(*schema_)) {
    if (kept.contains(table)) continue;
    batch.remove_range(table_prefix(table), table_prefix(table + 1));
    parts_.grace->forget(table);
  }
  return batch;
}

void Engine::change_schema(Edit edit, AnswerDone done) {
  exclusively([this, edit = std::move(edit), done = std::move(done)](const std::function<void()>& release) {
    Schema draft = *schema_;
    const Result<std::optional<SchemaChange>> change = edit(draft);
    if (!change || !*change) {
      release();
      return change ? done(Answer{}) : done(change.error());
    }
    draft.version = loop().random().uuid();
    auto next = std::make_shared<Schema>(std::move(draft));
    commits().commit(journal_of(*next), [this, next, announced = **change, release, done](const Result<void>& written) {
      if (!written) {
        release();
        return done(written.error());
      }
      adopt(std::move(*next));
      if (on_schema_change) on_schema_change(announced);
      release();
      done(Answer{announced, {}});
    });
  });
}

void Engine::truncate(TablePtr table, AnswerDone done) {
  exclusively([this, table = std::move(table), done = std::move(done)](std::function<void()> release) {
    storage::WriteBatch batch;
    batch.remove_range(table_prefix(table->id), table_prefix(table->id + 1));
    commits().commit(std::move(batch), [release = std::move(release), done](const Result<void>& written) {
      release();
      if (!written) return done(written.error());
      done(Answer{});
    });
  });
}

}  // namespace streamops::cql::store
