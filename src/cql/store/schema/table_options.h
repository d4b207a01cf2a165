// cql/store/schema/table_options.h — what stands behind WITH of a table: one list of names, types, defaults and order.
//
// Options that only Cassandra's storage has (compaction, caching, …) are kept and described as they were given; the
// store itself obeys default_time_to_live and gc_grace_seconds.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "cql/grammar/properties.h"

namespace streamops::cql::store {

enum class OptionType : std::uint8_t { text, integer, floating, boolean, map };

struct OptionInfo {
  const char* name;
  OptionType type;
  const char* fallback;       // as DESCRIBE prints it
  bool null_in_system_table;  // Cassandra shows null there until it is set
};
/// In the order in which DESCRIBE prints them.
std::span<const OptionInfo> table_option_list();

/// The options of one table; defaults where nothing was given.
class TableOptions {
 public:
  using Value = std::variant<std::string, PropertyMap>;

  /// Takes what a statement gives. Errors: SO-C004 (unknown name, or a value that the option cannot take).
  Result<void> apply(const Properties& properties);
  /// Takes a value that was checked before.
  void restore(std::string name, Value value) { given_[std::move(name)] = std::move(value); }

  const std::map<std::string, Value, std::less<>>& given() const { return given_; }
  /// The text of a scalar option, the default where not given.
  std::string text(std::string_view name) const;
  /// A map option's entries, sorted by key.
  PropertyMap map(std::string_view name) const;
  std::int64_t integer(std::string_view name) const;
  /// As DESCRIBE prints it: quoted text, bare numbers, {'k': 'v'}.
  std::string described(const OptionInfo& info) const;

 private:
  std::map<std::string, Value, std::less<>> given_;
};

/// {'class': 'SimpleStrategy', 'replication_factor': '1'}
std::string to_cql(const PropertyMap& map);

}  // namespace streamops::cql::store
