// connect/kafka/schema_gate.h — a source of Avro records that hands on only what can be decoded at once.
//
//   inner source ─▶ parked: the records of one poll ─▶ schemas of all their ids known? ─▶ poll() hands them on
//                            ▲                                │ no: the registry is asked, on_ready comes when it told
//                            └────────────────────────────────┘
//
// So decoding, further on, needs no waiting: it asks the client for what it knows. While the registry is away records
// stay parked (at most one poll's), the inner source runs full, and nothing is lost. An id that the registry does not
// know passes: its records are then poison. What concerns every record (no right to ask, no registry there) ends the
// source. Threads: one loop.
#pragma once

#include <memory>

#include "data/ports.h"
#include "registry/client/client.h"

namespace streamops::connect {

/// `registry` outlives the source. Errors of poll() beside those of `inner`: SO-G102, SO-G104, SO-R012, SO-R015.
std::unique_ptr<data::Source> make_schema_gate(std::unique_ptr<data::Source> inner, registry::Client& registry);

}  // namespace streamops::connect
