// cql/protocol/type.h — the types of CQL: what a column can hold, how the wire names them and how people write them.
//
//   wire option:  | u16 id | id 0x00: [string] Java class name (vector; and, before v4 or v5, the younger scalars)
//                          | id 0x20 list, 0x22 set: one option;  0x21 map: two options
//                          | id 0x30 udt: [string] keyspace, [string] name, u16 n, n × ([string] field, option)
//                          | id 0x31 tuple: u16 n, n × option
//
// A CqlType is immutable and shared; scalars are singletons. Compare with ==, which goes deep (frozen-ness included).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace streamops::cql {

/// The option ids of the native protocol (v5 §4.2.5.2). `vector` has none (it travels as a custom class) and a number
/// of ours.
enum class TypeId : std::uint16_t {
  custom = 0x0000,  // a Java class that we do not know; values are opaque bytes
  ascii = 0x0001,
  bigint = 0x0002,
  blob = 0x0003,
  boolean = 0x0004,
  counter = 0x0005,
  decimal = 0x0006,
  double_ = 0x0007,
  float_ = 0x0008,
  int_ = 0x0009,
  timestamp = 0x000B,
  uuid = 0x000C,
  text = 0x000D,  // "varchar" on the wire's side of the house
  varint = 0x000E,
  timeuuid = 0x000F,
  inet = 0x0010,
  date = 0x0011,
  time = 0x0012,
  smallint = 0x0013,
  tinyint = 0x0014,
  duration = 0x0015,
  list = 0x0020,
  map = 0x0021,
  set = 0x0022,
  udt = 0x0030,
  tuple = 0x0031,
  vector = 0x8001
};

class CqlType;
using CqlTypePtr = std::shared_ptr<const CqlType>;

struct UdtField {
  std::string name;
  CqlTypePtr type;
};

class CqlType {
 public:
  /// A scalar; the same pointer at each call.
  static CqlTypePtr scalar(TypeId id);
  static CqlTypePtr list(CqlTypePtr element, bool frozen = false);
  static CqlTypePtr set(CqlTypePtr element, bool frozen = false);
  static CqlTypePtr map(CqlTypePtr key, CqlTypePtr value, bool frozen = false);
  /// Tuples are always frozen.
  static CqlTypePtr tuple(std::vector<CqlTypePtr> members);
  static CqlTypePtr vector(const CqlTypePtr& element, std::uint32_t dimension);
  static CqlTypePtr udt(std::string keyspace, std::string name, std::vector<UdtField> fields, bool frozen = false);
  static CqlTypePtr custom(std::string java_class);

  /// The same type, frozen or not. Freezing reaches all nested collections and UDTs, as Cassandra does it.
  static CqlTypePtr freeze(const CqlTypePtr& type);

  TypeId id() const { return id_; }
  bool frozen() const { return frozen_; }
  /// list, set, vector: one; map: key, value; tuple: its members; udt: its fields' types.
  const std::vector<CqlTypePtr>& children() const { return children_; }
  const CqlTypePtr& element() const { return children_[0]; }
  /// udt: one name a child.
  const std::vector<std::string>& field_names() const { return field_names_; }
  const std::string& keyspace() const { return keyspace_; }  // udt
  const std::string& name() const { return name_; }          // udt: its name; custom: the Java class
  std::uint32_t dimension() const { return dimension_; }     // vector

  bool is_scalar() const { return children_.empty() && id_ != TypeId::udt; }
  bool is_collection() const { return id_ == TypeId::list || id_ == TypeId::set || id_ == TypeId::map; }
  /// A collection or UDT whose cells are stored one by one (not frozen).
  bool is_multi_cell() const { return !frozen_ && (is_collection() || id_ == TypeId::udt); }
  /// Bytes of every value of the type, or -1 where values differ in length. Counts only inside of vectors and keys.
  int fixed_length() const;

  /// As Cassandra writes it in system_schema.columns: "map<text, frozen<list<int>>>", "vector<float, 3>".
  std::string to_cql() const;
  /// The Java class: "org.apache.cassandra.db.marshal.Int32Type"; what the custom option and DESCRIBE of old say.
  std::string to_java_class() const;

  friend bool operator==(const CqlType& a, const CqlType& b);

 private:
  CqlType() = default;
  static std::shared_ptr<CqlType> make(TypeId id, std::vector<CqlTypePtr> children, bool frozen);

  TypeId id_ = TypeId::custom;
  bool frozen_ = false;
  std::uint32_t dimension_ = 0;
  std::vector<CqlTypePtr> children_;
  std::vector<std::string> field_names_;
  std::string keyspace_;
  std::string name_;
};

inline bool same_type(const CqlTypePtr& a, const CqlTypePtr& b) {
  return a == b || *a == *b;
}

/// The scalar called `name` ("int", "varchar" for text, …; in any case); nullptr when there is none.
CqlTypePtr scalar_by_name(std::string_view name);
/// The scalar's CQL name: "int", "text".
std::string_view scalar_name(TypeId id);
/// `name` with double quotes where CQL asks for them (upper case, odd letters, reserved words).
std::string quote_identifier(std::string_view name);

}  // namespace streamops::cql
