#include "doctor/gather/line.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/text.h"

namespace streamops::doctor {
namespace {

template <typename T, void (*release)(T*)>
struct Releases {
  void operator()(T* what) const { release(what); }
};
using Context = std::unique_ptr<SSL_CTX, Releases<SSL_CTX, SSL_CTX_free>>;
using Session = std::unique_ptr<SSL, Releases<SSL, SSL_free>>;
using Certificate = std::unique_ptr<X509, Releases<X509, X509_free>>;

/// True when the descriptor became ready for `events` before the deadline.
bool ready(int descriptor, short events, Deadline until) {
  pollfd waiting{descriptor, events, 0};
  return ::poll(&waiting, 1, milliseconds_to(until)) > 0;
}

std::string library_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  return reason == nullptr ? "the connection was closed" : reason;
}

std::string names_of(X509* certificate) {
  std::string names;
  const auto add = [&](std::string_view name) {
    if (!names.empty()) names += ", ";
    names += name;
  };
  auto* all = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(all); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(all, i);
    const ASN1_STRING* text = name->type == GEN_DNS ? name->d.dNSName : nullptr;
    if (text != nullptr) {
      add({reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
           static_cast<std::size_t>(ASN1_STRING_length(text))});
    } else if (name->type == GEN_IPADD) {
      char address[INET6_ADDRSTRLEN] = {};
      const bool is_v6 = ASN1_STRING_length(name->d.iPAddress) == 16;
      ::inet_ntop(is_v6 ? AF_INET6 : AF_INET, ASN1_STRING_get0_data(name->d.iPAddress), address, sizeof(address));
      add(address);
    }
  }
  GENERAL_NAMES_free(all);
  if (!names.empty()) return names;
  char common[256] = {};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, common, sizeof(common));
  return common;
}

std::string issuer_of(X509* certificate) {
  char common[256] = {};
  X509_NAME_get_text_by_NID(X509_get_issuer_name(certificate), NID_commonName, common, sizeof(common));
  return common;
}

std::string end_of(X509* certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1) return {};
  return to_iso8601(WallTime{Seconds{::timegm(&end)}});
}

/// Goes on behind a bad certificate; its first fault stays readable in the session.
int accept_all(int /*fine*/, X509_STORE_CTX* /*store*/) {
  return 1;
}

/// Called when the other side asks for a certificate of ours; notes it, and has none.
int note_request(SSL* session, X509** /*certificate*/, EVP_PKEY** /*key*/) {
  *static_cast<bool*>(SSL_get_ex_data(session, 0)) = true;
  return 0;
}

TlsOutcome outcome_of(long verified, X509* certificate, const std::string& host) {
  if (verified == X509_V_ERR_CERT_HAS_EXPIRED || verified == X509_V_ERR_CERT_NOT_YET_VALID) return TlsOutcome::expired;
  if (X509_cmp_current_time(X509_get0_notAfter(certificate)) < 0) return TlsOutcome::expired;
  if (verified != X509_V_OK) return TlsOutcome::untrusted;
  const bool fits = X509_check_host(certificate, host.data(), host.size(), 0, nullptr) == 1 ||
                    X509_check_ip_asc(certificate, host.c_str(), 0) == 1;
  return fits ? TlsOutcome::fine : TlsOutcome::other_name;
}

class SocketLine final : public Line {
 public:
  explicit SocketLine(int descriptor) : descriptor_(descriptor) {}
  SocketLine(const SocketLine&) = delete;
  SocketLine& operator=(const SocketLine&) = delete;
  ~SocketLine() override {
    session_.reset();
    ::close(descriptor_);
  }

  TlsFacts start_tls(const pipeline::TlsSpec& tls, const std::string& host, Deadline until) override {
    TlsFacts facts;
    ERR_clear_error();
    if (!prepare(tls, host)) {
      facts.outcome = TlsOutcome::bad_files;
      facts.detail = library_error();
      return facts;
    }
    const int done = repeat(until, [this] { return SSL_connect(session_.get()); });
    if (done != 1) {
      facts.detail = library_error();
      facts.outcome = failed_outcome();
      session_.reset();
      return facts;
    }
    const Certificate certificate(SSL_get1_peer_certificate(session_.get()));
    if (!certificate) {
      facts.outcome = TlsOutcome::failed;
      facts.detail = "the server shows no certificate";
      return facts;
    }
    facts.names = names_of(certificate.get());
    facts.issuer = issuer_of(certificate.get());
    facts.until = end_of(certificate.get());
    const long verified = SSL_get_verify_result(session_.get());
    facts.detail = X509_verify_cert_error_string(verified);
    facts.outcome = tls.verify ? outcome_of(verified, certificate.get(), host) : TlsOutcome::fine;
    return facts;
  }

  bool write(BytesView bytes, Deadline until) override {
    while (!bytes.empty()) {
      const int count =
          session_
              ? repeat(until, [&] { return SSL_write(session_.get(), bytes.data(), static_cast<int>(bytes.size())); })
              : send_plain(bytes, until);
      if (count <= 0) return false;
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return true;
  }

  Read read(Bytes& into, Deadline until) override {
    std::array<std::uint8_t, 64 * 1024> buffer;
    ERR_clear_error();
    late_ = false;
    const int count =
        session_
            ? repeat(until, [&] { return SSL_read(session_.get(), buffer.data(), static_cast<int>(buffer.size())); })
            : receive_plain(buffer, until);
    if (count > 0) {
      append_bytes(into, BytesView(buffer).first(static_cast<std::size_t>(count)));
      return Read::data;
    }
    if (late_) return Read::late;
    // Since TLS 1.3 a server refuses whoever brings no certificate after the handshake, and some just hang up.
    return wants_certificate() || asked_ ? Read::certificate_wanted : Read::closed;
  }

 private:
  bool prepare(const pipeline::TlsSpec& tls, const std::string& host) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, accept_all);
    const bool has_authorities = tls.ca_file.empty()
                                     ? SSL_CTX_set_default_verify_paths(context_.get()) == 1
                                     : SSL_CTX_load_verify_locations(context_.get(), tls.ca_file.c_str(), nullptr) == 1;
    if (!has_authorities) return false;
    if (!tls.certificate.empty() &&
        (SSL_CTX_use_certificate_chain_file(context_.get(), tls.certificate.c_str()) != 1 ||
         SSL_CTX_use_PrivateKey_file(context_.get(), tls.key.c_str(), SSL_FILETYPE_PEM) != 1)) {
      return false;
    }
    if (tls.certificate.empty()) SSL_CTX_set_client_cert_cb(context_.get(), note_request);
    session_.reset(SSL_new(context_.get()));
    SSL_set_ex_data(session_.get(), 0, &asked_);
    SSL_set_fd(session_.get(), descriptor_);
    // The macro SSL_set_tlsext_host_name, spelled out: it has an old-style cast inside.
    SSL_ctrl(session_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
    return true;
  }

  static bool wants_certificate() {
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    return reason == SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED || reason == SSL_R_SSLV3_ALERT_BAD_CERTIFICATE ||
           reason == SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE;
  }

  TlsOutcome failed_outcome() const {
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_RECORD_LENGTH_MISMATCH) return TlsOutcome::plain;
    return wants_certificate() ? TlsOutcome::wants_certificate : TlsOutcome::failed;
  }

  /// Repeats an operation of OpenSSL until it is done, has failed, or time is up.
  template <typename Operation>
  int repeat(Deadline until, Operation operation) {
    late_ = false;
    while (true) {
      const int count = operation();
      if (count > 0) return count;
      const int why = SSL_get_error(session_.get(), count);
      const bool wants_more = why == SSL_ERROR_WANT_READ || why == SSL_ERROR_WANT_WRITE;
      if (!wants_more) return -1;
      if (!ready(descriptor_, why == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, until)) {
        late_ = true;
        return -1;
      }
    }
  }

  int send_plain(BytesView bytes, Deadline until) {
    if (!ready(descriptor_, POLLOUT, until)) return -1;
    return static_cast<int>(::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }

  int receive_plain(std::span<std::uint8_t> buffer, Deadline until) {
    if (!ready(descriptor_, POLLIN, until)) {
      late_ = true;
      return -1;
    }
    return static_cast<int>(::recv(descriptor_, buffer.data(), buffer.size(), 0));
  }

  int descriptor_;
  Context context_;
  Session session_;
  bool late_ = false;
  bool asked_ = false;  // for a certificate, which we do not have
};

/// What comes back for `question`, on a line of its own.
Bytes answer_to(const std::string& address, std::uint16_t port, std::string_view question, Deadline until) {
  Bytes answer;
  const std::unique_ptr<Line> line = Line::open(address, port, until);
  if (line && line->write(as_bytes(question), until)) (void)line->read(answer, until);
  return answer;
}

}  // namespace

std::unique_ptr<Line> Line::open(const std::string& address, std::uint16_t port, Deadline until) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return nullptr;
  const std::unique_ptr<addrinfo, Releases<addrinfo, ::freeaddrinfo>> owned(found);
  const int descriptor = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) return nullptr;
  auto line = std::make_unique<SocketLine>(descriptor);
  const int one = 1;
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  if (::connect(descriptor, found->ai_addr, found->ai_addrlen) != 0) {
    if (errno != EINPROGRESS || !ready(descriptor, POLLOUT, until)) return nullptr;
    int error = 0;
    socklen_t size = sizeof(error);
    if (::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return nullptr;
  }
  return line;
}

Speech identify(const std::string& address, std::uint16_t port, Deadline until, std::string& said) {
  Bytes http;
  Bytes zookeeper;
  TlsFacts tls;
  const auto ask_tls = [&] {
    const std::unique_ptr<Line> line = Line::open(address, port, until);
    if (line) tls = line->start_tls({{}, {}, {}, false}, "localhost", until);
  };
  in_parallel({ask_tls, [&] { http = answer_to(address, port, "GET / HTTP/1.0\r\n\r\n", until); },
               [&] { zookeeper = answer_to(address, port, "srvr", until); }});
  if (tls.outcome == TlsOutcome::fine || tls.outcome == TlsOutcome::wants_certificate) return Speech::tls;
  for (const Bytes* answer : {&zookeeper, &http}) {
    if (answer->empty()) continue;
    said = first_line(*answer);
    const Speech speech = speech_of(*answer);
    if (speech == Speech::http || speech == Speech::zookeeper) return speech;
  }
  return said.empty() ? Speech::unknown : Speech::other;
}

Speech speech_of(BytesView bytes) {
  const std::string_view text = as_text(bytes);
  if (text.starts_with("HTTP/") || text.starts_with("<!DOCTYPE") || text.starts_with("<html")) return Speech::http;
  if (text.starts_with("Zookeeper version") || text.starts_with("imok") || text.starts_with("srvr is not executed"))
    return Speech::zookeeper;
  // An alert or a handshake record of TLS 1.x.
  if (bytes.size() >= 3 && (bytes[0] == 0x15 || bytes[0] == 0x16) && bytes[1] == 0x03) return Speech::tls;
  return Speech::other;
}

std::string first_line(BytesView bytes) {
  constexpr std::size_t longest = 80;
  std::string line;
  for (const std::uint8_t byte : bytes.first(std::min(bytes.size(), longest))) {
    if (byte == '\n' || byte == '\r') break;
    line += byte >= 0x20 && byte < 0x7F ? static_cast<char>(byte) : '.';
  }
  return line;
}

}  // namespace streamops::doctor
