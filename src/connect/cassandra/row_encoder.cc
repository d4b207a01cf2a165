#include "connect/cassandra/row_encoder.h"

#include "errors/cassandra.h"

namespace streamops::connect {

namespace {

void append_long_value(Bytes& out, std::int64_t value) {
  append_big_endian(out, std::int32_t{8});
  append_big_endian(out, value);
}

/// Seconds of life that a row still has, rounded up; 0 or less: none.
std::int64_t seconds_left(Microseconds ttl, std::int64_t record_ms, WallTime now) {
  const std::int64_t left = record_ms + ttl.count() / 1000 - to_millis(now);
  return left <= 0 ? 0 : (left + 999) / 1000;
}

}  // namespace

// Hot path: once per row. One growing buffer, no allocation a value.
Result<RowEncoder::Outcome> RowEncoder::encode(const data::SinkBatch& batch, std::size_t row, WallTime now,
                                               Bytes& out) const {
  const std::int64_t timestamp = batch.write_timestamps[row];
  if (!batch.deletes.empty() && batch.deletes[row] != 0) {
    append_long_value(out, timestamp);
    for (const std::size_t index : plan_.key_order)
      STREAMOPS_RETURN_IF_ERROR(column(batch, row, plan_.columns[index], out));
    return Outcome::erase;
  }
  std::int64_t seconds = 0;
  if (options_.ttl) {
    const std::int64_t record_ms =
        batch.record_timestamps_ms.empty() ? to_millis(now) : batch.record_timestamps_ms[row];
    // Twenty years are the most that a TTL can be.
    seconds = std::min<std::int64_t>(seconds_left(*options_.ttl, record_ms, now), 630'720'000);
    if (seconds == 0) return Outcome::expired;
  }
  for (const MappedColumn& mapped : plan_.columns) STREAMOPS_RETURN_IF_ERROR(column(batch, row, mapped, out));
  append_long_value(out, timestamp);
  if (options_.ttl) {
    append_big_endian(out, std::int32_t{4});
    append_big_endian(out, static_cast<std::int32_t>(seconds));
  }
  return Outcome::insert;
}

Result<void> RowEncoder::column(const data::SinkBatch& batch, std::size_t row, const MappedColumn& column,
                                Bytes& out) const {
  const data::Column& from = *batch.batch.columns[column.source];
  if (from.is_null(row) || from.type()->id() == data::TypeId::null) {
    if (column.is_key)
      return Error(errors::cassandra::null_key, "`{}` is null, and it is part of the primary key", column.name);
    append_big_endian(out, options_.delete_nulls ? std::int32_t{-1} : std::int32_t{-2});
    return Ok();
  }
  std::string problem;
  if (column.writer.write(from, row, out, problem)) return Ok();
  return Error(errors::cassandra::bad_value, "column `{}`, which is {}: {}", column.name,
               column.writer.type()->to_cql(), problem);
}

}  // namespace streamops::connect
