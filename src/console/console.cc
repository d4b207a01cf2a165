#include "console/console.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "console/airflow/dispatch.h"
#include "console/impl/api.h"
#include "console/impl/bundle.h"
#include "console/impl/event_hub.h"

namespace streamops::console {

namespace {

class ConsoleImpl final : public Console {
 public:
  ConsoleImpl(runtime::Loop& loop, runtime::Network& network, auth::Accounts& accounts, Ports ports)
      : context_{loop, accounts, std::move(ports), "streamops", nullptr, alive_},
        hub_(context_),
        server_(runtime::make_http_server(
            loop, network, {}, [this](runtime::ServerRequest request, std::shared_ptr<runtime::Responder> responder) {
              handle(std::move(request), std::move(responder));
            })) {
    context_.events = &hub_;
  }

  Result<runtime::Endpoint> listen(const runtime::Endpoint& at) override {
    STREAMOPS_ASSIGN(const runtime::Endpoint local, server_->listen(at));
    // Cookies do not know ports: without the port in its name, two of us on one machine would end each other's
    // sessions.
    if (context_.cookie == "streamops") context_.cookie += "_" + std::to_string(local.port);
    return local;
  }

  Result<runtime::Endpoint> listen_topics(const runtime::Endpoint& at) override {
    STREAMOPS_ASSIGN(const runtime::Endpoint local, server_->listen(at));
    topics_ports_.push_back(local.port);
    return local;
  }

 private:
  void handle(runtime::ServerRequest request, std::shared_ptr<runtime::Responder> responder) {
    Call call{context_, std::move(request), {}, {}, std::move(responder)};
    const std::string& path = call.request.path;
    if (path.starts_with("/api/streamops/")) {
      dispatch(std::move(call));
    } else if (path == "/metrics") {
      serve_metrics(call);
    } else if (airflow::is_served(path)) {
      airflow::dispatch(std::move(call));
    } else if (call.request.method != "GET" && call.request.method != "HEAD") {
      call.respond(runtime::ServerResponse::text("Pages are read with GET.\n", 405));
    } else if (path == "/" && opens_at_topics(call.request)) {
      call.respond({302, {{"Location", "/topics"}}, ""});
    } else if (path.starts_with("/api/")) {
      call.respond(runtime::ServerResponse::text("There is no such API.\n", 404));
    } else {
      call.respond(serve_asset(call.request));
    }
  }

  bool opens_at_topics(const runtime::ServerRequest& request) const {
    return std::find(topics_ports_.begin(), topics_ports_.end(), request.local.port) != topics_ports_.end();
  }

  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
  Context context_;
  EventHub hub_;
  std::vector<std::uint16_t> topics_ports_;
  std::unique_ptr<runtime::HttpServer> server_;
};

}  // namespace

std::unique_ptr<Console> make_console(runtime::Loop& loop, runtime::Network& network, auth::Accounts& accounts,
                                      Ports ports) {
  return std::make_unique<ConsoleImpl>(loop, network, accounts, std::move(ports));
}

}  // namespace streamops::console
