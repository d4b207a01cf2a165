#include "kafka/client/impl/failure.h"

#include <fmt/format.h>

#include <string>

#include "errors/kafka_client.h"

namespace streamops::kafka {
namespace {

/// The library has one code for all that goes wrong with TLS; its words tell a certificate from a broken connection.
const ErrorInfo& classify_tls(std::string_view detail) {
  const bool certificate =
      detail.find("certificate") != std::string_view::npos || detail.find("verif") != std::string_view::npos;
  return certificate ? errors::kafka_client::tls_refused : errors::kafka_client::handshake_broken;
}

const ErrorInfo& classify_transport(std::string_view detail) {
  const bool first_words = detail.find("security.protocol") != std::string_view::npos;
  return first_words ? errors::kafka_client::handshake_broken : errors::kafka_client::broker_unreachable;
}

const ErrorInfo& classify(rd_kafka_resp_err_t code, std::string_view detail) {
  switch (code) {
    case RD_KAFKA_RESP_ERR__SSL:
      return classify_tls(detail);
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR__WAIT_COORD:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
    case RD_KAFKA_RESP_ERR_NOT_COORDINATOR:
    case RD_KAFKA_RESP_ERR_NOT_CONTROLLER:
    case RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT:
      return classify_transport(detail);
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_UNSUPPORTED_SASL_MECHANISM:
    case RD_KAFKA_RESP_ERR_ILLEGAL_SASL_STATE:
      return errors::kafka_client::credentials_refused;
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return errors::kafka_client::not_allowed;
    case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET:
    case RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE:
      return errors::kafka_client::offset_gone;
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return errors::kafka_client::record_too_large;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return errors::kafka_client::topic_missing;
    default:
      return errors::kafka_client::request_refused;
  }
}

/// The library's words without how long it took this time: "... refused (after 3ms in state CONNECT)". What stays the
/// same is told once.
std::string_view without_timing(std::string_view detail) {
  return detail.substr(0, detail.rfind(" (after "));
}

/// What to do, where the words tell more than the code; empty otherwise.
std::string_view hint_for(const Error& error, std::string_view words) {
  const auto says = [&](std::string_view part) { return words.find(part) != std::string_view::npos; };
  if (says("require SASL"))
    return "the listener asks for a login: set `sasl`, `username` and `password` in the profile's `kafka` section";
  if (error.is(errors::kafka_client::credentials_refused) && says("mechanism handshake failed"))
    return "the listener does not offer this mechanism, or asks for no login: change `sasl` in the profile's `kafka` "
           "section, or remove it with `username` and `password`";
  if (error.is(errors::kafka_client::broker_unreachable) && says("Disconnected"))
    return "the broker hung up: it is stopping, or the listener asks for a login (`sasl`) or for TLS (`tls: {}`)";
  if (error.is(errors::kafka_client::broker_unreachable) && says("ApiVersionRequest failed: Local: Timed out"))
    return "the port is open and nobody answers: the broker is still starting, hangs, or it is something else";
  return {};
}

}  // namespace

Error to_error(rd_kafka_resp_err_t code, std::string_view doing, const char* detail) {
  const std::string_view words = detail == nullptr ? std::string_view() : without_timing(detail);
  const Error error(classify(code, words), "{}: {} ({})", doing, words.empty() ? rd_kafka_err2str(code) : words,
                    rd_kafka_err2name(code));
  const std::string_view hint = hint_for(error, words);
  return hint.empty() ? error : error.with_hint(std::string(hint));
}

bool is_final(const Error& error) {
  return error.is(errors::kafka_client::credentials_refused) || error.is(errors::kafka_client::not_allowed) ||
         error.is(errors::kafka_client::tls_refused) || error.is(errors::kafka_client::bad_client_setting) ||
         error.is(errors::kafka_client::offset_gone) || error.is(errors::kafka_client::fenced) ||
         error.is(errors::kafka_client::topic_limit);
}

bool starts_over(const Error& error) {
  return error.is(errors::kafka_client::transaction_lost);
}

void ConnectionNews::note(const Error& error) {
  // "1 of 1 brokers are down" follows each time and says less than the news before it.
  const bool is_sum = error.message().find("brokers are down") != std::string::npos;
  if (news_ && (is_sum || (is_final(*news_) && !is_final(error)))) return;
  news_ = error;
}

std::optional<Error> ConnectionNews::refusal() const {
  return news_ && is_final(*news_) ? news_ : std::nullopt;
}

Error ConnectionNews::explain(const Error& failed) const {
  if (const std::optional<Error> refused = refusal()) return *refused;
  if (!failed.is(errors::kafka_client::broker_unreachable)) return failed;
  if (news_) return *news_;
  return cluster_.empty() ? failed : failed.in(cluster_);
}

}  // namespace streamops::kafka
