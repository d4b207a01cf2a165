#include "cql/client/impl/cluster_map.h"

#include <algorithm>
#include <charconv>

#include "cql/protocol/value.h"
#include "errors/cql_protocol.h"

namespace streamops::cql {
namespace {

using Cells = std::vector<std::optional<BytesView>>;

CqlTypePtr texts() {
  return CqlType::set(CqlType::scalar(TypeId::text));
}

std::string text_of(const std::optional<BytesView>& cell) {
  return cell ? std::string(as_text(*cell)) : std::string();
}

std::vector<std::int64_t> tokens_of(const std::optional<BytesView>& cell) {
  std::vector<std::int64_t> out;
  if (!cell || !validate(*texts(), *cell).ok()) return out;
  for (const BytesView item : split_collection(*texts(), *cell)) {
    const std::string_view text = as_text(item);
    std::int64_t token = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), token);
    // Another partitioner's tokens are no numbers: such a ring cannot be walked by ours.
    if (failure == std::errc{} && end == text.data() + text.size()) out.push_back(token);
  }
  return out;
}

/// The first four columns of both tables.
ClusterHost host_of(const Cells& cells) {
  ClusterHost host;
  host.ring = {text_of(cells[0]), text_of(cells[1]), tokens_of(cells[2])};
  host.release_version = text_of(cells[3]);
  return host;
}

Error too_few_columns() {
  return Error(errors::cql_protocol::bad_message, "a system table was answered with too few columns");
}

}  // namespace

std::string address_text(BytesView bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) return {};
  if (std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; })) return {};
  return to_plain_text(*CqlType::scalar(TypeId::inet), bytes);
}

Result<ClusterHost> read_local(const Rows& rows, const runtime::Endpoint& asked) {
  RowReader reader(rows);
  Cells cells;
  if (rows.metadata.column_count < 4 || !reader.next(cells)) {
    STREAMOPS_RETURN_IF_ERROR(reader.status());
    return too_few_columns();
  }
  ClusterHost host = host_of(cells);
  host.at = asked;
  return host;
}

Result<std::vector<ClusterHost>> read_peers(const Rows& rows, bool is_v2, std::uint16_t default_port) {
  const std::int32_t expected = is_v2 ? 7 : 6;
  if (rows.metadata.column_count < expected) return too_few_columns();
  std::vector<ClusterHost> out;
  RowReader reader(rows);
  Cells cells;
  while (reader.next(cells)) {
    ClusterHost host = host_of(cells);
    const std::optional<BytesView>& peer = cells[is_v2 ? 6 : 5];
    host.at.host = address_text(cells[4].value_or(BytesView()));
    if (host.at.host.empty() && cells[4]) host.at.host = address_text(peer.value_or(BytesView()));
    host.at.port = default_port;
    if (is_v2 && cells[5] && cells[5]->size() == 4)
      host.at.port = static_cast<std::uint16_t>(load_big_endian<std::int32_t>(cells[5]->data()));
    if (!host.at.host.empty() && !host.ring.datacenter.empty()) out.push_back(std::move(host));
  }
  STREAMOPS_RETURN_IF_ERROR(reader.status());
  return out;
}

Result<std::map<std::string, Replication, std::less<>>> read_keyspaces(const Rows& rows) {
  const CqlTypePtr type = CqlType::map(CqlType::scalar(TypeId::text), CqlType::scalar(TypeId::text));
  if (rows.metadata.column_count < 2) return too_few_columns();
  std::map<std::string, Replication, std::less<>> out;
  RowReader reader(rows);
  Cells cells;
  while (reader.next(cells)) {
    if (!cells[1] || !validate(*type, *cells[1]).ok()) continue;
    const std::vector<BytesView> parts = split_collection(*type, *cells[1]);
    std::vector<std::pair<std::string, std::string>> options;
    for (std::size_t i = 0; i + 1 < parts.size(); i += 2)
      options.emplace_back(as_text(parts[i]), as_text(parts[i + 1]));
    out.emplace(text_of(cells[0]), Replication::from_options(options));
  }
  STREAMOPS_RETURN_IF_ERROR(reader.status());
  return out;
}

}  // namespace streamops::cql
