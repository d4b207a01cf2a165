#include "kafka/client/impl/scram_provider.h"

#if RD_KAFKA_VERSION >= 0x020601ff

namespace streamops::kafka {

void use_own_scram(rd_kafka_conf_t* /*conf*/, const SaslLogin& /*login*/) {}

}  // namespace streamops::kafka

#else

#include <openssl/rand.h>

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>

#include "base/bytes.h"
#include "kafka/client/scram.h"

// What the library's own sources say of its mechanisms (rdkafka_sasl_int.h, the same from 1.9 to 2.6).
struct rd_kafka_transport_s;
extern "C" {
int rd_kafka_sasl_send(rd_kafka_transport_s* transport, const void* payload, int size, char* text,
                       std::size_t text_size);
void rd_kafka_sasl_auth_done(rd_kafka_transport_s* transport);

struct rd_kafka_sasl_provider {
  const char* name;
  int (*init)(rd_kafka_t* client, char* text, std::size_t text_size);
  void (*term)(rd_kafka_t* client);
  int (*ready)(rd_kafka_t* client);
  int (*client_new)(rd_kafka_transport_s* transport, const char* host, char* text, std::size_t text_size);
  int (*recv)(rd_kafka_transport_s* transport, const void* bytes, std::size_t size, char* text, std::size_t text_size);
  void (*close)(rd_kafka_transport_s* transport);
  void (*broker_init)(void* broker);
  void (*broker_term)(void* broker);
  int (*conf_validate)(rd_kafka_t* client, char* text, std::size_t text_size);
};
}

namespace streamops::kafka {
namespace {

constexpr std::size_t nonce_bytes = 18;

/// Of the client to which this thread belongs: the library hands a mechanism nothing else to know it by.
thread_local const SaslLogin* login_of_thread = nullptr;

struct Exchange {
  ScramExchange scram;
  bool answered = false;
};

/// The logins under way, by connection. Every connection belongs to a thread of the library.
class Exchanges {
 public:
  void begin(const void* connection, ScramExchange scram) {
    const std::lock_guard lock(mutex_);
    exchanges_.insert_or_assign(connection, std::make_shared<Exchange>(Exchange{std::move(scram)}));
  }
  std::shared_ptr<Exchange> find(const void* connection) {
    const std::lock_guard lock(mutex_);
    const auto found = exchanges_.find(connection);
    return found == exchanges_.end() ? nullptr : found->second;
  }
  void end(const void* connection) {
    const std::lock_guard lock(mutex_);
    exchanges_.erase(connection);
  }

 private:
  std::mutex mutex_;
  std::map<const void*, std::shared_ptr<Exchange>> exchanges_;
};

Exchanges& exchanges() {
  static Exchanges all;
  return all;
}

int fail(std::string_view why, char* text, std::size_t text_size) {
  const std::size_t size = std::min(why.size(), text_size - 1);
  std::memcpy(text, why.data(), size);
  text[size] = '\0';
  return -1;
}

int send(rd_kafka_transport_s* connection, const std::string& message, char* text, std::size_t text_size) {
  return rd_kafka_sasl_send(connection, message.data(), static_cast<int>(message.size()), text, text_size);
}

int begin(rd_kafka_transport_s* connection, const char* /*host*/, char* text, std::size_t text_size) {
  if (login_of_thread == nullptr) return fail("no login is known to this thread", text, text_size);
  std::array<std::uint8_t, nonce_bytes> random{};
  if (RAND_bytes(random.data(), static_cast<int>(random.size())) != 1)
    return fail("the system gives no random numbers", text, text_size);
  const ScramHash hash = login_of_thread->mechanism == "SCRAM-SHA-256" ? ScramHash::sha256 : ScramHash::sha512;
  ScramExchange scram(hash, login_of_thread->username, login_of_thread->password, to_hex(random));
  const std::string first = scram.first();
  exchanges().begin(connection, std::move(scram));
  return send(connection, first, text, text_size);
}

int receive(rd_kafka_transport_s* connection, const void* bytes, std::size_t size, char* text, std::size_t text_size) {
  const std::shared_ptr<Exchange> exchange = exchanges().find(connection);
  if (exchange == nullptr) return fail("no login is under way", text, text_size);
  const std::string_view message(static_cast<const char*>(bytes), size);
  if (!std::exchange(exchange->answered, true)) {
    const Result<std::string> answer = exchange->scram.answer(message);
    return answer ? send(connection, *answer, text, text_size) : fail(answer.error().message(), text, text_size);
  }
  if (const Result<void> proven = exchange->scram.verify(message); !proven)
    return fail(proven.error().message(), text, text_size);
  exchanges().end(connection);
  rd_kafka_sasl_auth_done(connection);
  return 0;
}

void end(rd_kafka_transport_s* connection) {
  exchanges().end(connection);
}

int validate(rd_kafka_t* /*client*/, char* text, std::size_t text_size) {
  (void)text;
  (void)text_size;
  return 0;
}

rd_kafka_resp_err_t on_thread_start(rd_kafka_t* /*client*/, rd_kafka_thread_type_t /*type*/, const char* /*name*/,
                                    void* login) {
  login_of_thread = static_cast<const SaslLogin*>(login);
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

rd_kafka_resp_err_t on_new(rd_kafka_t* client, const rd_kafka_conf_t* /*conf*/, void* login, char* /*text*/,
                           std::size_t /*text_size*/) {
  return rd_kafka_interceptor_add_on_thread_start(client, "streamops", on_thread_start, login);
}

}  // namespace

void use_own_scram(rd_kafka_conf_t* conf, const SaslLogin& login) {
  if (!login.mechanism.starts_with("SCRAM-SHA-")) return;
  // The library only hands the pointer back.
  rd_kafka_conf_interceptor_add_on_new(conf, "streamops", on_new, const_cast<SaslLogin*>(&login));
}

}  // namespace streamops::kafka

extern "C" {

extern const rd_kafka_sasl_provider rd_kafka_sasl_scram_provider;
const rd_kafka_sasl_provider rd_kafka_sasl_scram_provider = {"SCRAM (streamops)",
                                                             nullptr,
                                                             nullptr,
                                                             nullptr,
                                                             streamops::kafka::begin,
                                                             streamops::kafka::receive,
                                                             streamops::kafka::end,
                                                             nullptr,
                                                             nullptr,
                                                             streamops::kafka::validate};

/// The library's test of the object that this one replaces; its own self-test refers to it.
int unittest_scram();
int unittest_scram() {
  return 0;
}
}

#endif
