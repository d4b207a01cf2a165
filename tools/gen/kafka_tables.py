"""The parts of the generated Kafka codec that know all APIs: their table, a visitor, and random values for tests."""
import pathlib

from kafka import Codec, Emitter, cpp_type, is_nullable, snake, write
from kafka_spec import LAST

NOTE = "// Generated from spec/kafka/*.api by tools/gen/kafka.py."

APIS_HEADER = NOTE + """
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace streamops::kafka {

/// One API of the protocol, as far as this codec knows it.
struct ApiInfo {
  std::int16_t key;
  std::string_view name;               // "Metadata"
  std::int16_t min_version;            // what can be decoded
  std::int16_t max_version;
  std::int16_t first_flexible_version;  // 32767 when there is none
  std::int16_t advertised_min_version;  // what ApiVersions should tell; lower than min_version for Produce
  bool flexible_response_header;       // false for ApiVersions, whose answer has header version 0 at every version

  bool is_flexible(std::int16_t version) const { return version >= first_flexible_version; }
};

/// All APIs, by key.
std::span<const ApiInfo> known_apis();
/// nullptr when unknown.
const ApiInfo* find_api(std::int16_t key);

}  // namespace streamops::kafka
"""


def emit_apis(folder, apis):
    folder = pathlib.Path(folder)
    apis = sorted(apis, key=lambda api: api.key)
    write(folder / "apis.h", APIS_HEADER)
    out = Emitter()
    for line in (NOTE, '#include "kafka/protocol/messages/apis.h"', "", "namespace streamops::kafka {", "",
                 "std::span<const ApiInfo> known_apis() {", "  static constexpr ApiInfo all[] = {"):
        out(line)
    for api in apis:
        flexible_header = "false" if api.response_header == 0 else "true"
        out(f'      {{{api.key}, "{api.name}", {api.versions[0]}, {api.versions[1]}, {api.flexible}, '
            f"{api.advertise_from}, {flexible_header}}},")
    for line in ("  };", "  return all;", "}", "", "const ApiInfo* find_api(std::int16_t key) {",
                 "  for (const ApiInfo& api : known_apis()) {", "    if (api.key == key) return &api;", "  }",
                 "  return nullptr;", "}", "", "}  // namespace streamops::kafka"):
        out(line)
    write(folder / "apis.cc", "\n".join(out.lines) + "\n")

    out = Emitter()
    out(NOTE)
    out("#pragma once")
    out()
    for api in sorted(apis, key=lambda api: api.file):
        out(f'#include "kafka/protocol/messages/{api.file}.h"')
    for line in ("", "namespace streamops::kafka {", "", "/// Calls visit.template operator()<Message>() for every request and response.",
                 "template <typename Visit>", "void for_each_message(Visit&& visit) {"):
        out(line)
    for api in apis:
        for message in (api.request, api.response):
            out(f"  visit.template operator()<{message.name}>();")
    out("}")
    out()
    out("}  // namespace streamops::kafka")
    write(folder / "all.h", "\n".join(out.lines) + "\n")


class Filler(Codec):
    """fill(message, random, version): sets what the version has, leaves the rest at its default."""

    def source(self):
        out = Emitter()
        for message in (self.api.request, self.api.response):
            for struct in message.structs:
                self.function(out, f"{message.name}::{struct.name}", struct.fields)
            self.function(out, message.name, message.fields)
        return "\n".join(out.lines)

    def function(self, out, name, fields):
        out.open(f"inline void fill({name}& value, RandomValues& random, [[maybe_unused]] std::int16_t version) {{")
        for field in fields:
            self.guarded(out, field.versions, lambda field=field: self.fill(out, field))
        out.close()

    def fill(self, out, field):
        target = f"value.{snake(field.name)}"
        if is_nullable(field):
            # Where null is not allowed the value must be there; elsewhere chance decides.
            null = self.condition(field.nullable) or "true"
            out.open(f"if (!({null}) || random.coin()) {{")
            out(f"{target} = typename std::decay_t<decltype({target})>::value_type{{}};")
            self.fill_value(out, field, f"(*{target})")
            out.close()
        else:
            self.fill_value(out, field, target)

    def fill_value(self, out, field, target):
        if field.is_array:
            out(f"{target}.resize(random.count());")
            item = "fill(item, random, version);" if field.struct else "random.set(item);"
            if field.type == "bool":
                item = ""
            out(f"for (auto& item : {target}) {item}")
        elif field.struct:
            out(f"fill({target}, random, version);")
        else:
            out(f"random.set({target});")


def emit_test(path, apis):
    out = [NOTE, "#pragma once", "", '#include "kafka/protocol/messages/all.h"', '#include "kafka/protocol/random_values_test.h"', "",
           "namespace streamops::kafka {", ""]
    out += [Filler(api).source() for api in apis]
    out += ["", "}  // namespace streamops::kafka", ""]
    write(path, "\n".join(out))
