#include "spark/failure.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/text.h"
#include "errors/spark.h"
#include "spark/messages.h"

namespace streamops::spark {

namespace {

constexpr std::size_t longest_words = 600;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

template <std::size_t N>
bool contains_any(std::string_view text, const std::array<std::string_view, N>& parts) {
  return std::any_of(parts.begin(), parts.end(), [&](std::string_view part) { return contains(text, part); });
}

/// The first of a JSON list of texts; enough for class names, which need no escapes.
std::string first_of_list(std::string_view json) {
  const std::size_t begin = json.find('"');
  const std::size_t end = begin == std::string_view::npos ? begin : json.find('"', begin + 1);
  return end == std::string_view::npos ? std::string() : std::string(json.substr(begin + 1, end - begin - 1));
}

/// A number at `at`, which moves behind it.
std::optional<std::uint32_t> number_at(std::string_view text, std::size_t& at) {
  std::uint32_t value = 0;
  const auto [end, problem] = std::from_chars(text.data() + at, text.data() + text.size(), value);
  if (problem != std::errc{}) return std::nullopt;
  at = static_cast<std::size_t>(end - text.data());
  return value;
}

/// Parts of messages about a data source whose classes are missing.
constexpr std::array<std::string_view, 4> missing_source = {"DATA_SOURCE_NOT_FOUND", "Failed to find data source",
                                                            "Failed to find the data source", "ClassNotFoundException"};

/// Parts of messages about a system that Spark's executors cannot reach.
constexpr std::array<std::string_view, 10> outages = {
    "Timed out waiting for a node assignment",
    "TimeoutException",
    "No resolvable bootstrap urls",
    "Failed to open native connection to Cassandra",
    "AllNodesFailedException",
    "NoNodeAvailableException",
    "Could not reach any contact point",
    "All host(s) tried for query failed",
    "DisconnectException",
    "Failed to construct kafka consumer",
};

/// What the connector says of a table that it does not find; in Spark 4 it lacks the very class of the exception.
constexpr std::array<std::string_view, 3> unknown_table = {"NoSuchTableException", "Couldn't find table",
                                                           "Couldn't find keyspace"};

bool is_about_sql(const Refusal& refusal) {
  return refusal.exception.ends_with("AnalysisException") || refusal.exception.ends_with("ParseException") ||
         refusal.sql_state.starts_with("42") || refusal.error_class.starts_with("PARSE_");
}

}  // namespace

Refusal read_refusal(const GrpcStatus& status) {
  Refusal refusal{status, {}, {}, {}};
  const Result<RpcStatus> details = decode<RpcStatus>(status.details);
  if (!details) return refusal;
  if (refusal.status.message.empty()) refusal.status.message = details->message;
  for (const Any& any : details->details) {
    if (!any.type_url.ends_with("google.rpc.ErrorInfo")) continue;
    const Result<RpcErrorInfo> info = decode<RpcErrorInfo>(any.value);
    if (!info) continue;
    const auto text = [&](const char* name) {
      const auto found = info->metadata.find(name);
      return found == info->metadata.end() ? std::string() : found->second;
    };
    refusal.error_class = text("errorClass");
    refusal.sql_state = text("sqlState");
    refusal.exception = text("classes").empty() ? info->reason : first_of_list(text("classes"));
  }
  return refusal;
}

Error to_error(const Refusal& refusal, const Remote& remote) {
  const GrpcStatus& status = refusal.status;
  const std::string words = first_words(status.message);
  if (status.is(GrpcCode::unauthenticated) || status.is(GrpcCode::permission_denied)) {
    return Error(errors::spark::login_refused, "{} refuses the login: {}", remote.text(), words);
  }
  if (status.is(GrpcCode::unavailable)) {
    return Error(errors::spark::unreachable, "{} is not ready: {}", remote.text(), words);
  }
  if (status.is(GrpcCode::deadline_exceeded)) {
    return Error(errors::spark::timeout, "{} did not answer in time: {}", remote.text(), words);
  }
  if (status.is(GrpcCode::unimplemented)) {
    return Error(errors::spark::not_connect, "{} does not know the call: {}", remote.text(), words);
  }
  if (contains(status.message, "INVALID_HANDLE.SESSION")) {
    return Error(errors::spark::session_closed, "{} has closed the session: {}", remote.text(), words);
  }
  if (contains_any(status.message, missing_source)) {
    return Error(errors::spark::no_data_source, "Spark has no connector for this stream: {}", words);
  }
  if (!is_about_sql(refusal)) {
    return Error(errors::spark::call_failed, "Spark at {} refuses: {}", remote.text(), words);
  }
  const Error error(errors::spark::sql_refused, "Spark refuses the SQL: {}", words);
  const std::optional<Place> place = place_in_message(status.message);
  return place ? error.with_place(*place) : error;
}

Error query_error(std::string_view query, std::string_view message) {
  const std::string words = first_words(message);
  if (contains_any(message, outages)) {
    return Error(errors::spark::unreachable_from_spark, "{} ended, as Spark cannot connect: {}", query, words);
  }
  if (contains_any(message, missing_source)) {
    return Error(errors::spark::no_data_source, "{} ended, as Spark lacks a connector: {}", query, words);
  }
  return Error(errors::spark::query_failed, "{} failed on Spark: {}", query, words);
}

bool lacks_table(const Error& error) {
  return contains_any(error.message(), unknown_table);
}

bool passes(const Error& error) {
  return error.is(errors::spark::unreachable) || error.is(errors::spark::timeout) ||
         error.is(errors::spark::session_closed) || error.is(errors::spark::query_gone) ||
         error.is(errors::spark::unreachable_from_spark);
}

std::string first_words(std::string_view message) {
  std::string_view text = message;
  for (const std::string_view end :
       {"; line ", " (line ", "\n== SQL", "\n'", ";\n", "\n\tat ", "\n  at ", "=== Streaming Query", "\n\n"}) {
    text = text.substr(0, text.find(end));
  }
  std::string out;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view words = trim(line);
    if (words.empty()) continue;
    if (!out.empty()) out += ' ';
    out += words;
  }
  if (out.empty()) return "it gives no reason";
  if (out.size() > longest_words) {
    std::size_t cut = longest_words;
    while (cut > 0 && (static_cast<unsigned char>(out[cut]) & 0xc0) == 0x80) --cut;  // not within a letter
    out = out.substr(0, cut) + " …";
  }
  return out;
}

std::optional<Place> place_in_message(std::string_view message) {
  std::size_t at = message.find("line ");
  for (; at != std::string_view::npos; at = message.find("line ", at)) {
    at += std::string_view("line ").size();
    const std::optional<std::uint32_t> line = number_at(message, at);
    if (!line || *line == 0) continue;
    std::string_view rest = message.substr(at);
    if (rest.starts_with(',')) rest.remove_prefix(1);
    if (!rest.starts_with(" pos ")) continue;
    std::size_t column_at = static_cast<std::size_t>(rest.data() - message.data()) + 5;
    const std::optional<std::uint32_t> column = number_at(message, column_at);
    if (column) return Place{"", *line, *column + 1, {}, 1};  // Spark counts columns from 0
  }
  return std::nullopt;
}

}  // namespace streamops::spark
