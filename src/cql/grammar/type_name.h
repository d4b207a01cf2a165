// cql/grammar/type_name.h — types as text writes them ("map<text, frozen<list<int>>>"), and their resolution to a
// CqlType.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cql/protocol/type.h"

namespace streamops::cql {

/// One node of a written type. "frozen" is a node of its own with one argument; vector<float, 3> has one argument and
/// dimension 3.
struct TypeName {
  std::string keyspace;  // of a user-defined type, where it was given
  std::string name;      // lower case unless quoted: "int", "map", "frozen", "addr"; or a Java class when custom
  bool custom = false;   // 'org.apache…' in quotes
  bool quoted = false;   // "Name": never a native type
  std::vector<TypeName> arguments;
  std::uint32_t dimension = 0;

  friend bool operator==(const TypeName&, const TypeName&) = default;
};
std::string to_cql(const TypeName& type);

/// Reads a whole text as one type. Errors: SO-C110, SO-C111 (nested too deeply).
Result<TypeName> parse_type_name(std::string_view text);

/// Finds a user-defined type (not frozen) by keyspace (empty: the statement's) and name; nullptr when there is none.
using UdtLookup = std::function<CqlTypePtr(std::string_view keyspace, std::string_view name)>;

/// The type itself. Errors: SO-C113 (unknown name), SO-C112 (wrong parameters, non-frozen nesting, counters inside of
/// collections).
Result<CqlTypePtr> resolve_type(const TypeName& name, const UdtLookup& udts = nullptr);
/// parse_type_name and resolve_type in one.
Result<CqlTypePtr> parse_type(std::string_view text, const UdtLookup& udts = nullptr);

}  // namespace streamops::cql
