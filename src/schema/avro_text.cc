#include <set>

#include "schema/avro.h"

namespace streamops::schema {
namespace {

std::string_view logical_name(AvroLogical logical) {
  switch (logical) {
    case AvroLogical::none:
      return "";
    case AvroLogical::decimal:
      return "decimal";
    case AvroLogical::date:
      return "date";
    case AvroLogical::time_millis:
      return "time-millis";
    case AvroLogical::time_micros:
      return "time-micros";
    case AvroLogical::timestamp_millis:
      return "timestamp-millis";
    case AvroLogical::timestamp_micros:
      return "timestamp-micros";
    case AvroLogical::local_timestamp_millis:
      return "local-timestamp-millis";
    case AvroLogical::local_timestamp_micros:
      return "local-timestamp-micros";
    case AvroLogical::uuid:
      return "uuid";
    case AvroLogical::duration:
      return "duration";
  }
  return "";
}

/// Writes types; a named one in full the first time and by its name after that.
class TextWriter {
 public:
  explicit TextWriter(bool everything) : everything_(everything) {}

  std::string write(const AvroType& root) {
    type(root);
    return std::move(json_).text();
  }

 private:
  void type(const AvroType& of) {
    switch (of.kind) {
      case AvroKind::choice:
        json_.begin_array();
        for (const AvroType* branch : of.branches) type(*branch);
        json_.end_array();
        return;
      case AvroKind::array:
      case AvroKind::map:
        json_.begin_object().field("type", to_string(of.kind));
        json_.key(of.kind == AvroKind::array ? "items" : "values");
        type(*of.branches[0]);
        json_.end_object();
        return;
      default:
        return of.is_named() ? named(of) : primitive(of);
    }
  }

  void primitive(const AvroType& of) {
    if (!everything_ || of.logical == AvroLogical::none) {
      json_.string(to_string(of.kind));
      return;
    }
    json_.begin_object().field("type", to_string(of.kind));
    logical(of);
    json_.end_object();
  }

  void named(const AvroType& of) {
    if (!seen_.insert(&of).second) {
      json_.string(of.name);
      return;
    }
    json_.begin_object().field("name", of.name).field("type", to_string(of.kind));
    if (of.kind == AvroKind::record) fields(of);
    if (of.kind == AvroKind::fixed) json_.field("size", of.size);
    if (of.kind == AvroKind::enumeration) texts("symbols", of.symbols);
    if (everything_) {
      if (of.fallback_symbol) json_.field("default", *of.fallback_symbol);
      if (!of.aliases.empty()) texts("aliases", of.aliases);
      if (!of.doc.empty()) json_.field("doc", of.doc);
      logical(of);
    }
    json_.end_object();
  }

  void fields(const AvroType& of) {
    json_.key("fields").begin_array();
    for (const AvroField& field : of.fields) {
      json_.begin_object().field("name", field.name).key("type");
      type(*field.type);
      if (everything_) {
        if (field.fallback) write_json(*field.fallback, json_.key("default"));
        if (!field.aliases.empty()) texts("aliases", field.aliases);
        if (!field.doc.empty()) json_.field("doc", field.doc);
      }
      json_.end_object();
    }
    json_.end_array();
  }

  void logical(const AvroType& of) {
    if (of.logical == AvroLogical::none) return;
    json_.field("logicalType", logical_name(of.logical));
    if (of.logical == AvroLogical::decimal) json_.field("precision", of.precision).field("scale", of.scale);
  }

  void texts(std::string_view name, const std::vector<std::string>& values) {
    json_.key(name).begin_array();
    for (const std::string& value : values) json_.string(value);
    json_.end_array();
  }

  bool everything_;
  JsonWriter json_;
  std::set<const AvroType*> seen_;
};

}  // namespace

std::string AvroSchema::canonical() const {
  return TextWriter(false).write(*root_);
}

std::string AvroSchema::identity() const {
  return TextWriter(true).write(*root_);
}

}  // namespace streamops::schema
