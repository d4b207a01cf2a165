#include "runtime/impl/asio_connection.h"

#include <array>
#include <asio/buffer.hpp>
#include <asio/post.hpp>
#include <asio/ssl/host_name_verification.hpp>
#include <asio/ssl/stream.hpp>
#include <deque>

#include "errors/runtime.h"
#include "runtime/impl/callback_watch.h"

namespace streamops::runtime {
namespace {

using TlsStream = asio::ssl::stream<Socket>;
constexpr std::size_t max_gathered =
    64;  // buffers a system call; the kernel takes 1024 (IOV_MAX), 64 fill any socket buffer

/// What plain and TLS connections share: the queue of writes, the handler, and how they end.
template <typename Stream>
class State : public std::enable_shared_from_this<State<Stream>> {
 public:
  explicit State(Stream stream) : stream_(std::move(stream)) {
    std::error_code ignored;
    socket().set_option(asio::ip::tcp::no_delay(true), ignored);
    local_ = to_endpoint(socket().local_endpoint(ignored));
    peer_ = to_endpoint(socket().remote_endpoint(ignored));
  }

  void set_handler(ConnectionHandler& handler) {
    handler_ = &handler;
    read();
  }

  void write(Bytes bytes) {
    if (closed_ || closing_ || bytes.empty()) return;
    unsent_ += bytes.size();
    queue_.push_back(std::move(bytes));
    if (writing_) return;
    writing_ = true;
    // Not at once: what else is written in this turn of the loop leaves with the same system call.
    asio::post(stream_.get_executor(), [self = this->shared_from_this()] { self->flush(); });
  }

  void pause_reading() { paused_ = true; }
  void resume_reading() {
    paused_ = false;
    read();
  }

  void close() {
    if (closed_ || closing_) return;
    closing_ = true;
    if (!writing_) finish_soon(std::nullopt);
  }

  /// The handle is gone: no callback any more.
  void detach() {
    handler_ = nullptr;
    closed_ = true;
    std::error_code ignored;
    socket().close(ignored);
  }

  std::size_t unsent() const { return unsent_; }
  const Endpoint& local() const { return local_; }
  const Endpoint& peer() const { return peer_; }

 private:
  Socket& socket() {
    if constexpr (std::is_same_v<Stream, Socket>) {
      return stream_;
    } else {
      return stream_.next_layer();
    }
  }

  void read() {
    if (reading_ || paused_ || closed_ || handler_ == nullptr) return;
    reading_ = true;
    if constexpr (std::is_same_v<Stream, Socket>) {
      // Waiting without a buffer: an idle connection costs no memory.
      stream_.async_wait(Socket::wait_read,
                         [self = this->shared_from_this()](const std::error_code& code) { self->read_plain(code); });
    } else {
      buffer_.resize(16 * 1024 + 512);  // one TLS record
      stream_.async_read_some(asio::buffer(buffer_),
                              [self = this->shared_from_this()](const std::error_code& code, std::size_t count) {
                                self->reading_ = false;
                                self->received(code, BytesView(self->buffer_).first(count));
                                self->read();
                              });
    }
  }

  void read_plain(std::error_code code) {
    static thread_local std::array<std::uint8_t, 256 * 1024> shared_buffer;
    reading_ = false;
    if (closed_) return;
    std::span<std::uint8_t> into = shared_buffer;
    if (handler_ != nullptr) {
      if (const std::span<std::uint8_t> room = handler_->room(); !room.empty()) into = room;
    }
    std::size_t count = 0;
    if (!code) {
      if (!stream_.non_blocking()) stream_.non_blocking(true, code);  // a system call, so once
      count = stream_.read_some(asio::buffer(into.data(), into.size()), code);
      if (code == asio::error::would_block) return read();
    }
    received(code, BytesView(into).first(count));
    read();
  }

  void received(const std::error_code& code, BytesView bytes) {
    if (closed_ || handler_ == nullptr) return;
    const CallbackWatch watch;
    if (!bytes.empty()) handler_->on_data(bytes);
    if (code) finish(code);
  }

  void flush() {
    if (closed_ || queue_.empty()) {
      writing_ = false;
      return;
    }
    std::vector<asio::const_buffer> buffers;
    for (const Bytes& bytes : queue_) {
      const std::size_t skip = buffers.empty() ? sent_of_first_ : 0;
      buffers.emplace_back(bytes.data() + skip, bytes.size() - skip);
      if (buffers.size() == max_gathered) break;
    }
    stream_.async_write_some(buffers, [self = this->shared_from_this()](
                                          const std::error_code& code, std::size_t count) { self->sent(code, count); });
  }

  void sent(const std::error_code& code, std::size_t count) {
    if (closed_) return;
    if (code) {
      writing_ = false;
      return finish(code);
    }
    unsent_ -= count;
    for (count += sent_of_first_; !queue_.empty() && count >= queue_.front().size(); queue_.pop_front()) {
      count -= queue_.front().size();
    }
    sent_of_first_ = count;
    if (!queue_.empty()) return flush();
    writing_ = false;
    if (closing_) return finish_soon(std::nullopt);
    const CallbackWatch watch;
    if (handler_ != nullptr) handler_->on_drained();
  }

  void finish(const std::error_code& code) {
    const bool orderly = code == asio::error::eof || code == asio::ssl::error::stream_truncated;
    finish_soon(orderly ? std::nullopt
                        : std::optional(Error(errors::runtime::connection_broken, "connection to {} broke: {}",
                                              to_string(peer_), code.message())));
  }

  /// Tells the handler from a fresh turn of the loop, never from inside of a call of its own.
  void finish_soon(std::optional<Error> error) {
    if (closed_) return;
    closed_ = true;
    std::error_code ignored;
    socket().shutdown(Socket::shutdown_both, ignored);
    socket().close(ignored);
    asio::post(stream_.get_executor(), [self = this->shared_from_this(), error = std::move(error)] {
      const CallbackWatch watch;
      if (ConnectionHandler* handler = std::exchange(self->handler_, nullptr)) handler->on_closed(error);
    });
  }

  Stream stream_;
  Endpoint local_;
  Endpoint peer_;
  ConnectionHandler* handler_ = nullptr;
  std::deque<Bytes> queue_;
  std::size_t sent_of_first_ = 0;
  std::size_t unsent_ = 0;
  Bytes buffer_;
  bool reading_ = false;
  bool paused_ = false;
  bool writing_ = false;
  bool closing_ = false;
  bool closed_ = false;
};

template <typename Stream>
class Handle final : public Connection {
 public:
  explicit Handle(Stream stream) : state_(std::make_shared<State<Stream>>(std::move(stream))) {}
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() override { state_->detach(); }

  void set_handler(ConnectionHandler& handler) override { state_->set_handler(handler); }
  void write(Bytes bytes) override { state_->write(std::move(bytes)); }
  std::size_t unsent() const override { return state_->unsent(); }
  void pause_reading() override { state_->pause_reading(); }
  void resume_reading() override { state_->resume_reading(); }
  void close() override { state_->close(); }
  Endpoint peer() const override { return state_->peer(); }
  Endpoint local() const override { return state_->local(); }

 private:
  std::shared_ptr<State<Stream>> state_;
};

}  // namespace

Endpoint to_endpoint(const asio::ip::tcp::endpoint& from) {
  return {from.address().to_string(), from.port()};
}

ConnectionPtr make_plain_connection(Socket socket) {
  return std::make_unique<Handle<Socket>>(std::move(socket));
}

void make_tls_connection(Socket socket, const std::shared_ptr<asio::ssl::context>& context, bool is_server,
                         const std::string& server_name, bool verify, std::function<void(Result<ConnectionPtr>)> done) {
  auto stream = std::make_shared<TlsStream>(std::move(socket), *context);
  if (!is_server && !server_name.empty()) {
    // The macro SSL_set_tlsext_host_name, spelled out: it has an old-style cast inside.
    SSL_ctrl(stream->native_handle(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(server_name.c_str()));
    if (verify) stream->set_verify_callback(asio::ssl::host_name_verification(server_name));
  }
  const auto side = is_server ? TlsStream::server : TlsStream::client;
  stream->async_handshake(side, [stream, context, server_name, done = std::move(done)](const std::error_code& code) {
    const CallbackWatch watch;
    if (code) {
      done(Error(errors::runtime::cannot_connect, "TLS handshake with {} failed: {}",
                 server_name.empty() ? "the peer" : server_name, code.message()));
    } else {
      done(ConnectionPtr(std::make_unique<Handle<TlsStream>>(std::move(*stream))));
    }
  });
}

Result<std::shared_ptr<asio::ssl::context>> make_tls_context(const TlsOptions& options, bool is_server) {
  using Context = asio::ssl::context;
  auto context = std::make_shared<Context>(is_server ? Context::tls_server : Context::tls_client);
  context->set_options(Context::default_workarounds | Context::no_sslv2 | Context::no_sslv3 | Context::no_tlsv1 |
                       Context::no_tlsv1_1);
  std::error_code code;
  const auto refuse = [&](const std::string& file) {
    return Error(errors::runtime::cannot_connect, "cannot use {}: {}", file, code.message());
  };
  if (!options.certificate.empty()) {
    if (context->use_certificate_chain_file(options.certificate, code)) return refuse(options.certificate);
    if (context->use_private_key_file(options.key, Context::pem, code)) return refuse(options.key);
  }
  if (!is_server) {
    context->set_verify_mode(options.verify ? asio::ssl::verify_peer : asio::ssl::verify_none);
    if (options.ca_file.empty()) {
      if (context->set_default_verify_paths(code)) return refuse("the system's certificates");
    } else if (context->load_verify_file(options.ca_file, code)) {
      return refuse(options.ca_file);
    }
  }
  return context;
}

}  // namespace streamops::runtime
