// connect/cassandra/row_encoder.h — one row of a batch to the values of a prepared INSERT or DELETE.
#pragma once

#include <optional>

#include "connect/cassandra/table.h"
#include "data/ports.h"

namespace streamops::connect {

class RowEncoder {
 public:
  struct Options {
    bool delete_nulls = false;        // a null deletes its cell; otherwise it leaves the cell alone
    std::optional<Microseconds> ttl;  // of a row, from its record's time
  };
  RowEncoder(const WritePlan& plan, Options options) : plan_(plan), options_(options) {}

  enum class Outcome : std::uint8_t { insert, erase, expired };

  /// Appends the [value]s of row `row` behind `out`. `expired`: its life is over already, nothing is to be sent.
  /// Errors: SO-X106 (a value does not fit), SO-X107 (a part of the key is null); both are the row's own.
  Result<Outcome> encode(const data::SinkBatch& batch, std::size_t row, WallTime now, Bytes& out) const;

 private:
  Result<void> column(const data::SinkBatch& batch, std::size_t row, const MappedColumn& column, Bytes& out) const;

  const WritePlan& plan_;
  Options options_;
};

}  // namespace streamops::connect
