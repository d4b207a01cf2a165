#include "cql/store/server/prepared.h"

#include <openssl/evp.h>

namespace streamops::cql::store {
namespace {

/// The id of a result's columns; that of nothing for statements without rows.
std::string metadata_id(const ColumnSpecs& columns) {
  Bytes text;
  if (columns) {
    for (const ColumnSpec& column : *columns) {
      for (const std::string& part : {column.keyspace, column.table, column.name, column.type->to_cql()}) {
        append_text(text, part);
        text.push_back(0);
      }
    }
  }
  return std::string(as_text(md5(text)));
}

}  // namespace

Bytes md5(BytesView bytes) {
  Bytes out(16);
  unsigned size = 0;
  const int done = EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_md5(), nullptr);
  STREAMOPS_CHECK(done == 1 && size == out.size(), "MD5 is missing in the crypto library");
  return out;
}

std::string PreparedStatements::id_of(std::string_view keyspace, std::string_view text) {
  const std::string whole = std::string(keyspace) + std::string(text);
  return std::string(as_text(md5(as_bytes(whole))));
}

const PreparedStatement* PreparedStatements::find(BytesView id) {
  const auto found = by_id_.find(std::string(as_text(id)));
  if (found == by_id_.end()) return nullptr;
  used_.splice(used_.begin(), used_, found->second);
  return &*found->second;
}

const PreparedStatement& PreparedStatements::add(std::string_view keyspace, std::string_view text,
                                                 const PlanPtr& plan) {
  PreparedStatement made{id_of(keyspace, text), std::string(text), std::string(keyspace), plan,
                         metadata_id(plan->result_columns)};
  const auto old = by_id_.find(made.id);
  if (old != by_id_.end()) {
    used_.erase(old->second);
    by_id_.erase(old);
  }
  used_.push_front(std::move(made));
  by_id_[used_.front().id] = used_.begin();
  if (used_.size() > capacity_) {
    by_id_.erase(used_.back().id);
    used_.pop_back();
  }
  return used_.front();
}

void PreparedStatements::forget(const SchemaChange& change) {
  for (auto it = used_.begin(); it != used_.end();) {
    const TablePtr& table = it->plan->table;
    const bool same_keyspace = table && table->keyspace == change.keyspace;
    const bool hit = same_keyspace && (change.target != SchemaChange::Target::table || table->name == change.name);
    if (hit) by_id_.erase(it->id);
    it = hit ? used_.erase(it) : std::next(it);
  }
}

}  // namespace streamops::cql::store
