#include <doctest/doctest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "cql/protocol/value.h"
#include "cql/store/rows/clustering.h"
#include "cql/store/rows/key.h"
#include "cql/store/rows/row.h"
#include "cql/store/rows/rules.h"
#include "cql/store/rows/tombstones.h"
#include "runtime/virtual_loop.h"

using namespace streamops;
using namespace streamops::cql;
using namespace streamops::cql::store;

namespace {

std::string any_text(std::mt19937& random, std::size_t longest) {
  std::string out(random() % (longest + 1), ' ');
  for (char& byte : out) byte = "\0\x01z\xfe\xff"[random() % 5];
  return out;
}

/// A write as clients make them: a few cells, now and then a marker, a deletion, an expiry.
std::string any_write(std::mt19937& random, std::vector<std::string>& kept) {
  Row row;
  const auto timestamp = static_cast<std::int64_t>(random() % 4);
  if (random() % 3 == 0)
    row.marker = {timestamp, random() % 2 == 0 ? 0U : 10U, 50U + static_cast<std::uint32_t>(random() % 3)};
  if (random() % 4 == 0) row.deletion = {timestamp, static_cast<std::uint32_t>(random() % 3)};
  for (std::size_t i = random() % 3; i > 0; --i) {
    Cell cell;
    cell.column = static_cast<ColumnId>(i);
    cell.timestamp = timestamp;
    const auto kind = random() % 4;
    cell.tombstone = kind == 0;
    cell.collection_deletion = kind == 1;
    if (kind == 2) cell.ttl = 5 + static_cast<std::uint32_t>(random() % 2);
    if (kind < 3) cell.time = 50 + static_cast<std::uint32_t>(random() % 3);
    kept.push_back(any_text(random, 2));
    if (kind > 1) cell.value = kept.back();
    if (kind != 1 && random() % 2 == 0) cell.path = "p";
    row.cells.push_back(cell);
  }
  std::string out;
  append_row(out, row);
  return out;
}

std::string merged(const storage::MergeRule& rule, const std::string& key, const std::vector<std::string>& parts) {
  const std::vector<std::string_view> views(parts.begin(), parts.end());
  std::string out;
  REQUIRE(rule.merge(key, views, out));
  return out;
}

/// What a reader sees of a stored row, so that equal rows compare equal however they were put together.
std::string settled(const storage::MergeRule& rule, const std::string& key, const std::string& row) {
  return merged(rule, key, {row, row});
}

}  // namespace

TEST_CASE("keys keep their parts and the order of tokens, partitions and kinds") {
  std::mt19937 random(1);
  for (int round = 0; round < 500; ++round) {
    const auto token = static_cast<std::int64_t>((static_cast<std::uint64_t>(random()) << 32U) ^ random());
    const std::string partition = any_text(random, 6);
    const std::string clustering = any_text(random, 6);
    const std::string key = row_key(partition_prefix(7, token, partition), RowKind::row, clustering);
    const std::optional<RowKey> parsed = parse_row_key(key);
    REQUIRE(parsed.has_value());
    CHECK(parsed->table == 7);
    CHECK(parsed->token == token);
    CHECK(parsed->partition == partition);
    CHECK(parsed->clustering == clustering);
    CHECK(partition_prefix_size(key) + 1 + clustering.size() == key.size());
    const std::string other = any_text(random, 6);
    const std::string other_key = partition_prefix(7, token, other);
    CHECK((partition < other) == (partition_prefix(7, token, partition) < other_key));
  }
  CHECK(token_prefix(1, -5) < token_prefix(1, 3));
  CHECK_FALSE(parse_row_key("short").has_value());
  CHECK(after_prefix("a\xff\xff") == "b");
  CHECK(after_prefix("\xff").empty());
}

TEST_CASE("clustering bytes compare as Cassandra compares the values, and give the values back") {
  struct Sample {
    const char* type;
    ConstantKind kind;
    std::vector<const char*> texts;
  };
  const std::vector<Sample> samples = {
      {"int", ConstantKind::integer, {"-2147483648", "-1", "0", "1", "255", "256", "2147483647"}},
      {"bigint", ConstantKind::integer, {"-9223372036854775808", "-1", "0", "9223372036854775807"}},
      {"tinyint", ConstantKind::integer, {"-128", "-1", "0", "127"}},
      {"double", ConstantKind::floating, {"-1e300", "-1.5", "0", "1e-300", "1.5"}},
      {"float", ConstantKind::floating, {"-1.5", "0", "1.5"}},
      {"varint",
       ConstantKind::integer,
       {"-123456789012345678901234567890", "-256", "-129", "-128", "-1", "0", "127", "128", "255", "256",
        "123456789012345678901234567890"}},
      {"decimal",
       ConstantKind::floating,
       {"-1e10", "-12.5", "-12", "-0.001", "0", "0.001", "1.5", "12.34", "12.340001", "100", "1e10"}},
      {"text", ConstantKind::string, {"", "A", "a", "a b", "ab", "b", "é"}},
      {"timestamp", ConstantKind::string, {"1969-12-31", "2024-01-01", "2030-05-05"}},
      {"date", ConstantKind::string, {"1969-12-31", "1970-01-01", "2024-01-01"}},
      {"inet", ConstantKind::string, {"10.0.0.1", "127.0.0.1", "255.255.255.255"}},
      {"timeuuid",
       ConstantKind::uuid,
       {"f50e8400-e29b-11d4-a716-446655440000", "050e8400-e29b-11d5-a716-446655440000",
        "050e8400-e29b-11d5-2716-446655440000"}},
      {"uuid",
       ConstantKind::uuid,
       {"f50e8400-e29b-11d4-a716-446655440000", "050e8400-e29b-11d5-2716-446655440000",
        "550e8400-e29b-41d4-a716-446655440000", "650e8400-e29b-41d4-a716-446655440000"}},
  };
  for (const Sample& sample : samples) {
    CAPTURE(sample.type);
    const CqlTypePtr type = scalar_by_name(sample.type);
    std::vector<Bytes> values;
    for (const char* text : sample.texts) {
      Result<Bytes> value = encode_constant(sample.kind, text, *type);
      REQUIRE_MESSAGE(value.ok(), text);
      values.push_back(*value);
    }
    for (const Bytes& a : values) {
      for (const Bytes& b : values) {
        std::string ascending_a, ascending_b, descending_a, descending_b;
        append_clustering(ascending_a, *type, false, a);
        append_clustering(ascending_b, *type, false, b);
        append_clustering(descending_a, *type, true, a);
        append_clustering(descending_b, *type, true, b);
        const std::strong_ordering wanted = compare_values(*type, a, b);
        CHECK((ascending_a < ascending_b) == (wanted < 0));
        CHECK((descending_a < descending_b) == (wanted > 0));
      }
      for (const bool descending : {false, true}) {
        std::string stored = "before";
        append_clustering(stored, *type, descending, a);
        stored += "behind";
        std::size_t at = 6;
        const std::optional<Bytes> back = read_clustering(stored, at, *type, descending);
        REQUIRE(back.has_value());
        CHECK(compare_values(*type, *back, a) == 0);
        CHECK(stored.substr(at) == "behind");
      }
    }
  }
  CHECK_FALSE(can_cluster(*scalar_by_name("duration")));
}

TEST_CASE("merging is associative and does not care for the order of writes") {
  std::mt19937 random(7);
  const auto rule = make_row_merge_rule();
  const std::string key = row_key(partition_prefix(1, 1, "k"), RowKind::row);
  for (int round = 0; round < 3000; ++round) {
    std::vector<std::string> kept;
    kept.reserve(64);
    std::vector<std::string> writes;
    for (int i = 0; i < 4; ++i) writes.push_back(any_write(random, kept));
    const std::string together = settled(*rule, key, merged(*rule, key, writes));
    const std::string in_halves =
        merged(*rule, key, {merged(*rule, key, {writes[0], writes[1]}), merged(*rule, key, {writes[2], writes[3]})});
    CHECK(together == settled(*rule, key, in_halves));
    std::shuffle(writes.begin(), writes.end(), random);
    CHECK(together == settled(*rule, key, merged(*rule, key, writes)));
    CHECK(together == merged(*rule, key, {together, writes[0]}));
  }
}

TEST_CASE("damaged rows are refused at every length") {
  Row row;
  row.marker = {5, 10, 50};
  row.deletion = {3, 40};
  Cell cell;
  cell.column = 300;
  cell.timestamp = 7;
  cell.path = "path";
  cell.value = "value";
  row.cells.push_back(cell);
  std::string whole;
  append_row(whole, row);
  Row back;
  REQUIRE(parse_row(whole, back));
  CHECK(back.cells.at(0).value == "value");
  CHECK(back.marker.expiry == 50);
  for (std::size_t size = 0; size < whole.size(); ++size) {
    Row cut;
    const bool ok = parse_row(std::string_view(whole).substr(0, size), cut);
    CHECK((!ok || cut.cells.empty()));
  }
}

TEST_CASE("deletions of ranges hide what lies in them; covered ones are dropped") {
  Tombstones all;
  all.ranges = {{"b", "d", {10, 1}}, {"c", "d", {9, 1}}, {"e", "", {5, 1}}};
  resolve(all);
  CHECK(all.ranges.size() == 2);
  std::string stored;
  append_tombstones(stored, all);
  Tombstones back;
  REQUIRE(parse_tombstones(stored, back));
  CHECK(back.over("c").timestamp == 10);
  CHECK_FALSE(back.over("d").any());
  CHECK(back.over("zzz").timestamp == 5);
  CHECK_FALSE(parse_tombstones(std::string_view(stored).substr(0, stored.size() - 1), back));
}

TEST_CASE("compaction drops tombstones and expired cells when their grace is over, not before") {
  runtime::VirtualLoop loop(from_micros(1'000'000'000'000));  // second 1,000,000
  const auto grace = std::make_shared<GraceTable>();
  grace->set(3, 100);
  const auto rule = make_row_purge_rule(grace, loop.clock());
  const std::string key = row_key(partition_prefix(3, 1, "k"), RowKind::row);
  Row row;
  Cell gone;
  gone.column = 1;
  gone.timestamp = 1;
  gone.tombstone = true;
  gone.time = 999'950;
  Cell kept;
  kept.column = 2;
  kept.timestamp = 1;
  kept.value = "v";
  row.cells = {gone, kept};
  std::string stored, replacement;
  append_row(stored, row);
  CHECK(rule->judge(key, stored, replacement) == storage::PurgeRule::Verdict::keep);
  loop.advance(Seconds{51});
  REQUIRE(rule->judge(key, stored, replacement) == storage::PurgeRule::Verdict::replace);
  Row after;
  REQUIRE(parse_row(replacement, after));
  CHECK(after.cells.size() == 1);
  row.cells = {gone};
  stored.clear();
  append_row(stored, row);
  CHECK(rule->judge(key, stored, replacement) == storage::PurgeRule::Verdict::remove);
  CHECK(rule->judge(row_key(partition_prefix(3, 1, "k"), RowKind::deletions), stored, replacement) ==
        storage::PurgeRule::Verdict::keep);
}
