#include "spark/remote.h"

#include "base/text.h"
#include "errors/spark.h"
#include "runtime/network.h"

namespace streamops::spark {

namespace {

constexpr std::uint16_t default_port = 15002;

Error bad(std::string_view text, std::string_view why) {
  return Error(errors::spark::bad_remote, "`{}` is not an address of Spark Connect: {}", text, why);
}

/// One "name=value" behind the path. False when the name is unknown.
bool set_parameter(Remote& remote, std::string_view name, std::string_view value) {
  if (name == "use_ssl") {
    remote.tls = equals_ignore_case(value, "true");
  } else if (name == "token") {
    remote.token = value;
  } else if (name == "user_id") {
    remote.user_id = value;
  } else {
    return false;
  }
  return true;
}

}  // namespace

std::string Remote::url() const {
  return (tls ? "https://" : "http://") + runtime::to_string({host, port});
}

std::string Remote::text() const {
  return "sc://" + runtime::to_string({host, port});
}

Result<Remote> parse_remote(std::string_view text) {
  constexpr std::string_view scheme = "sc://";
  if (!text.starts_with(scheme)) return bad(text, "it must begin with sc://");
  const std::string_view rest = text.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  const auto endpoint = runtime::parse_endpoint(rest.substr(0, slash), default_port);
  if (!endpoint || endpoint->host.empty()) return bad(rest.substr(0, slash), "host:port is expected behind sc://");
  Remote remote{endpoint->host, endpoint->port, false, {}, {}};
  if (slash == std::string_view::npos || slash + 1 == rest.size()) return remote;
  const std::string_view parameters = rest.substr(slash + 1);
  if (!parameters.starts_with(';')) return bad(remote.text(), "behind the port only /;name=value may follow");
  for (const std::string_view parameter : split(parameters.substr(1), ';')) {
    if (parameter.empty()) continue;
    const std::size_t equal = parameter.find('=');
    const std::string_view name = parameter.substr(0, equal);
    if (equal == std::string_view::npos || !set_parameter(remote, name, parameter.substr(equal + 1))) {
      return bad(remote.text(), fmt::format("there is no parameter `{}`: there are use_ssl, token and user_id", name));
    }
  }
  return remote;
}

}  // namespace streamops::spark
