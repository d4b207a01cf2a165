// kafka/client/testing/scripted_broker.h — for tests: a server on loopback that answers requests of the Kafka protocol
// as the test says.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "kafka/client/testing/mock_cluster.h"
#include "kafka/protocol/frame.h"
#include "kafka/protocol/messages/api_versions.h"
#include "runtime/network.h"

namespace streamops::kafka::testing {

class ScriptedBroker {
 public:
  explicit ScriptedBroker(Rig& rig) : rig_(rig) {
    rig_.on_loop([&] {
      network_ = runtime::make_network(rig_.thread->loop());
      listener_ = std::move(*network_->listen({"127.0.0.1", 0}, [this](runtime::ConnectionPtr connection) {
        peers_.push_back(std::make_unique<Peer>(*this, std::move(connection)));
      }));
      endpoint = listener_->local();
    });
    answer<ApiVersionsRequest>([this](const ApiVersionsRequest&, std::int16_t) { return versions_; });
  }
  ~ScriptedBroker() {
    rig_.on_loop([&] {
      peers_.clear();
      listener_.reset();
      network_.reset();
    });
  }
  ScriptedBroker(const ScriptedBroker&) = delete;
  ScriptedBroker& operator=(const ScriptedBroker&) = delete;

  runtime::Endpoint endpoint;
  std::vector<std::string> asked;  // "Metadata v10", without the word Request; read it on the loop or after the end

  std::string address() const { return runtime::to_string(endpoint); }
  ClientConfig config() const {
    ClientConfig config;
    config.bootstrap = address();
    return config;
  }

  /// `reply(request, version)` gives the response. A request without a reply gets the connection closed.
  template <typename Request, typename Reply>
  void answer(Reply reply) {
    answer_raw<Request>([reply](const RequestHeader& header, const Request& request) {
      return encode_response(header.api_version, header.correlation_id, reply(request, header.api_version));
    });
    versions_.api_keys.push_back({Request::api_key, Request::min_version, Request::max_version});
  }
  /// `reply(header, request)` gives the bytes on the wire, which may be none.
  template <typename Request, typename Reply>
  void answer_raw(Reply reply) {
    replies_[Request::api_key] = [this, reply](const RequestHeader& header, Reader& in) {
      std::string name(Request::message_name);
      asked.push_back(name.substr(0, name.size() - 7) + " v" + std::to_string(header.api_version));
      const Result<Request> request = Request::decode(in, header.api_version);
      CHECK(request.ok());
      return reply(header, *request);
    };
  }
  /// What the broker says it serves, for tests of versions.
  ApiVersionsResponse& versions() { return versions_; }

 private:
  struct Peer final : runtime::ConnectionHandler {
    Peer(ScriptedBroker& broker, runtime::ConnectionPtr connection) : of(broker), mine(std::move(connection)) {
      mine->set_handler(*this);
    }
    void on_data(BytesView bytes) override {
      CHECK(frames.feed(bytes).ok());
      while (const std::optional<Bytes> frame = frames.next()) {
        Reader in(*frame);
        const Result<RequestHeader> header = decode_request_header(in);
        const auto reply = header ? of.replies_.find(header->api_key) : of.replies_.end();
        if (reply == of.replies_.end()) return mine->close();
        for (Bytes& piece : reply->second(*header, in)) mine->write(std::move(piece));
      }
    }
    void on_closed(const std::optional<Error>& /*error*/) override {}
    ScriptedBroker& of;
    runtime::ConnectionPtr mine;
    FrameSplitter frames{1 << 20};
  };

  Rig& rig_;
  std::map<std::int16_t, std::function<std::vector<Bytes>(const RequestHeader&, Reader&)>> replies_;
  ApiVersionsResponse versions_;
  std::unique_ptr<runtime::Network> network_;
  std::unique_ptr<runtime::Listener> listener_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace streamops::kafka::testing
