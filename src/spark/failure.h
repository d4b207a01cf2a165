// spark/failure.h — what Spark says about a failure, as an error of ours: which one it is, in Spark's own words.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "spark/grpc.h"

namespace streamops::spark {

/// A failed call, taken apart.
struct Refusal {
  GrpcStatus status;
  std::string error_class;  // "UNRESOLVED_COLUMN.WITH_SUGGESTION"; empty when Spark gives none
  std::string sql_state;    // "42703"
  std::string exception;    // "org.apache.spark.sql.AnalysisException"; empty when Spark gives none
};
Refusal read_refusal(const GrpcStatus& status);

/// The error of a failed call. One about SQL has its place in the text that was sent (line and column from 1, no file).
/// Errors: SO-E001 to SO-E005, SO-E010, SO-E012, SO-E013.
Error to_error(const Refusal& refusal, const Remote& remote);

/// Why a streaming query ended. `message` is what its exception says. Errors: SO-E011, SO-E013, SO-E014.
Error query_error(std::string_view query, std::string_view message);

/// True when the Cassandra connector does not know the table of a sink, or not yet.
bool lacks_table(const Error& error);

/// True for errors that pass by themselves: try again later.
bool passes(const Error& error);

/// The part of a message that says what happened, in one line: without plans, traces and repetitions.
std::string first_words(std::string_view message);
/// "… line 1 pos 7" or "(line 1, pos 7)" at the end of a message of Spark.
std::optional<Place> place_in_message(std::string_view message);

}  // namespace streamops::spark
