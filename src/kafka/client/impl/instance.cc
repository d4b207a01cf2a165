#include "kafka/client/impl/instance.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <array>

#include "errors/kafka_client.h"
#include "kafka/client/impl/failure.h"
#include "kafka/client/impl/scram_provider.h"

namespace streamops::kafka {
namespace {

struct ConfigOwner {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  ~ConfigOwner() {
    if (conf != nullptr) rd_kafka_conf_destroy(conf);
  }
  Result<void> set(const std::string& name, const std::string& value) {
    std::array<char, 512> text{};
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) == RD_KAFKA_CONF_OK) return Ok();
    return Error(errors::kafka_client::bad_client_setting, "Kafka client: {}", text.data());
  }
};

/// Ours for every client: quiet when idle, quick when not.
LibrarySettings common_settings(const ClientConfig& config) {
  LibrarySettings settings = {{"bootstrap.servers", config.bootstrap},
                              {"client.id", config.client_id},
                              {"socket.nagle.disable", "true"},
                              {"socket.keepalive.enable", "true"},
                              {"reconnect.backoff.ms", "50"},
                              {"reconnect.backoff.max.ms", "2000"},
                              {"api.version.request.timeout.ms", "5000"},
                              {"socket.connection.setup.timeout.ms", "10000"},
                              {"statistics.interval.ms", "0"},
                              {"allow.auto.create.topics", "false"},
                              {"log_level", "4"}};
  const bool sasl = !config.sasl_mechanism.empty();
  const std::string base = config.tls ? "ssl" : "plaintext";
  settings.emplace_back("security.protocol", sasl ? (config.tls ? "sasl_ssl" : "sasl_plaintext") : base);
  if (sasl) {
    settings.emplace_back("sasl.mechanisms", config.sasl_mechanism);
    settings.emplace_back("sasl.username", config.username);
    settings.emplace_back("sasl.password", config.password);
  }
  if (config.tls) {
    if (!config.ca_file.empty()) settings.emplace_back("ssl.ca.location", config.ca_file);
    if (!config.certificate.empty()) settings.emplace_back("ssl.certificate.location", config.certificate);
    if (!config.key.empty()) settings.emplace_back("ssl.key.location", config.key);
    settings.emplace_back("enable.ssl.certificate.verification", config.verify ? "true" : "false");
    settings.emplace_back("ssl.endpoint.identification.algorithm", config.verify ? "https" : "none");
  }
  return settings;
}

}  // namespace

struct Instance::Context {
  std::function<void(std::string_view)> log;
  std::string bootstrap;
  SaslLogin login;
};

Result<std::shared_ptr<Instance>> Instance::open(rd_kafka_type_t type, const ClientConfig& config,
                                                 const LibrarySettings& settings, int events, runtime::Loop& loop,
                                                 runtime::Pool& pool, std::function<void()> on_wake) {
  auto context = std::make_shared<Context>();
  context->log = config.log;
  context->bootstrap = config.bootstrap;
  context->login = {config.sasl_mechanism, config.username, config.password};
  ConfigOwner conf;
  for (const LibrarySettings& group : {common_settings(config), settings, LibrarySettings(config.extra)}) {
    for (const auto& [name, value] : group) STREAMOPS_RETURN_IF_ERROR(conf.set(name, value));
  }
  use_own_scram(conf.conf, context->login);
  rd_kafka_conf_set_opaque(conf.conf, context.get());
  rd_kafka_conf_set_log_cb(conf.conf, &Instance::on_log);
  rd_kafka_conf_set_events(conf.conf, events);

  std::shared_ptr<Instance> instance(new Instance(pool, std::move(context)));
  std::array<char, 512> text{};
  instance->handle_ = rd_kafka_new(type, conf.conf, text.data(), text.size());
  if (instance->handle_ == nullptr)
    return Error(errors::kafka_client::bad_client_setting, "Kafka client: {}", text.data());
  conf.conf = nullptr;  // the handle has it now

  // Full from the start: news that came before the queue was watched would wake nobody, nor would any after them.
  instance->wake_ = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
  instance->main_queue_ = rd_kafka_queue_get_main(instance->handle_);
  instance->queues_.push_back(instance->main_queue_);
  instance->watch(instance->main_queue_);
  instance->watch_ = loop.watch_readable(instance->wake_, [fd = instance->wake_, on_wake = std::move(on_wake)] {
    std::uint64_t count = 0;
    if (::read(fd, &count, sizeof(count)) == sizeof(count)) on_wake();
  });
  return instance;
}

Instance::~Instance() {
  if (handle_ == nullptr) return;
  pool_.run([handle = handle_, queues = queues_, wake = wake_, context = context_] {
    for (rd_kafka_queue_t* queue : queues) {
      rd_kafka_queue_io_event_enable(queue, -1, nullptr, 0);
      rd_kafka_queue_destroy(queue);
    }
    if (rd_kafka_type(handle) == RD_KAFKA_PRODUCER) {
      rd_kafka_purge(handle, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_NON_BLOCKING);
    }
    rd_kafka_destroy(handle);
    ::close(wake);
  });
}

const std::string& Instance::bootstrap() const {
  return context_->bootstrap;
}

Error Instance::event_error(rd_kafka_event_t* event, std::string_view doing) const {
  const Error error = to_error(rd_kafka_event_error(event), doing, rd_kafka_event_error_string(event));
  const std::string& user = context_->login.username;
  return error.is(errors::kafka_client::credentials_refused) && !user.empty() ? error.in("user " + user) : error;
}

rd_kafka_queue_t* Instance::add_queue() {
  queues_.push_back(rd_kafka_queue_new(handle_));
  watch(queues_.back());
  return queues_.back();
}

void Instance::release() {
  released_ = true;
  watch_.reset();
}

void Instance::watch(rd_kafka_queue_t* queue) const {
  const std::uint64_t one = 1;
  rd_kafka_queue_io_event_enable(queue, wake_, &one, sizeof(one));
}

void Instance::on_log(const rd_kafka_t* handle, int /*level*/, const char* facility, const char* text) {
  const auto* context = static_cast<const Context*>(rd_kafka_opaque(handle));
  if (context != nullptr && context->log) context->log(std::string(facility) + ": " + text);
}

}  // namespace streamops::kafka
