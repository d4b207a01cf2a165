#include "runtime/http_client.h"

#include <atomic>
#include <mutex>
#include <unordered_map>

#include "base/text.h"
#include "errors/runtime.h"
#include "runtime/impl/curl_library.h"
#include "runtime/pool.h"

namespace streamops::runtime {
namespace {

/// One request: libcurl's handle and what its callbacks fill.
struct Transfer {
  const CurlLibrary& curl;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  HttpRequest request;
  HttpResponse response;
  std::function<void(Result<HttpResponse>)> done;
  bool headers_ended = false;  // what comes now are trailers
  bool too_large = false;
  char detail[CURL_ERROR_SIZE] = {};

  explicit Transfer(const CurlLibrary& library) : curl(library) {}
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;
  ~Transfer() {
    curl.slist_free_all(headers);
    if (easy != nullptr) curl.easy_cleanup(easy);
  }
};

size_t on_body(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (transfer.response.body.size() + bytes > transfer.request.max_body) {
    transfer.too_large = true;
    return 0;  // ends the transfer with CURLE_WRITE_ERROR
  }
  transfer.response.body.append(data, bytes);
  return bytes;
}

size_t on_header(char* data, size_t size, size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) {  // the next answer of a chain of redirects
    transfer.response.headers.clear();
    transfer.headers_ended = false;
  }
  if (trim(line).empty()) transfer.headers_ended = true;
  const std::size_t colon = line.find(':');
  if (colon != std::string_view::npos) {
    HttpHeaders& into = transfer.headers_ended ? transfer.response.trailers : transfer.response.headers;
    into.emplace_back(to_lower(trim(line.substr(0, colon))), std::string(trim(line.substr(colon + 1))));
  }
  return size * count;
}

Error to_error(const Transfer& transfer, CURLcode code) {
  const std::string& url = transfer.request.url;
  const std::string_view why = transfer.detail[0] != '\0' ? transfer.detail : transfer.curl.easy_strerror(code);
  if (transfer.too_large) {
    return Error(errors::runtime::http_too_large, "the answer of {} is longer than {} bytes", url,
                 transfer.request.max_body);
  }
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
      return Error(errors::runtime::bad_url, "\"{}\" cannot be fetched: {}", url, why);
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
      return Error(errors::runtime::http_cannot_connect, "cannot reach {}: {}", url, why);
    case CURLE_OPERATION_TIMEDOUT:
      return Error(errors::runtime::http_timeout, "{} did not answer within {}", url,
                   format_duration(transfer.request.timeout));
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_CACERT_BADFILE:
      return Error(errors::runtime::http_tls, "{}: {}", url, why);
    default:
      return Error(errors::runtime::http_broken, "{}: {}", url, why);
  }
}

/// Drives libcurl's multi interface in a thread of its own that sleeps until a request or a socket wakes it: idle, it
/// costs nothing, and libcurl's own resolver threads and time-outs need no translation to the loop's.
class CurlEngine {
 public:
  explicit CurlEngine(const CurlLibrary& library)
      : curl_(library), multi_(curl_.multi_init()), thread_(make_pool("http", 1)) {
    curl_.multi_setopt(multi_, CURLMOPT_MAXCONNECTS, 8L);
    thread_->run([this] { work(); });
  }
  CurlEngine(const CurlEngine&) = delete;
  CurlEngine& operator=(const CurlEngine&) = delete;
  ~CurlEngine() {
    stopping_ = true;
    curl_.multi_wakeup(multi_);
    thread_.reset();
    transfers_.clear();
    curl_.multi_cleanup(multi_);
  }

  void add(std::unique_ptr<Transfer> transfer) {
    push([this, moved = std::make_shared<std::unique_ptr<Transfer>>(std::move(transfer))] {
      std::unique_ptr<Transfer>& owned = *moved;
      CURL* easy = owned->easy;
      curl_.multi_add_handle(multi_, easy);
      transfers_.emplace(easy, std::move(owned));
    });
  }

  void cancel(CURL* easy) {
    push([this, easy] {
      const auto found = transfers_.find(easy);
      if (found == transfers_.end()) return;
      curl_.multi_remove_handle(multi_, easy);
      transfers_.erase(found);
    });
  }

 private:
  void push(Callback work) {
    {
      const std::lock_guard lock(mutex_);
      inbox_.push_back(std::move(work));
    }
    curl_.multi_wakeup(multi_);
  }

  void work() {
    while (!stopping_) {
      std::vector<Callback> inbox;
      {
        const std::lock_guard lock(mutex_);
        inbox.swap(inbox_);
      }
      for (const Callback& callback : inbox) callback();
      int running = 0;
      curl_.multi_perform(multi_, &running);
      finish_transfers();
      curl_.multi_poll(multi_, nullptr, 0, running > 0 ? 1000 : 3'600'000, nullptr);
    }
  }

  void finish_transfers() {
    int left = 0;
    while (const CURLMsg* message = curl_.multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;
      curl_.multi_remove_handle(multi_, easy);
      const auto found = transfers_.find(easy);
      const std::unique_ptr<Transfer> transfer = std::move(found->second);
      transfers_.erase(found);
      if (code != CURLE_OK) {
        transfer->done(to_error(*transfer, code));
        continue;
      }
      long status = 0;
      curl_.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
      transfer->response.status = static_cast<int>(status);
      transfer->done(std::move(transfer->response));
    }
  }

  const CurlLibrary& curl_;
  CURLM* multi_;
  std::mutex mutex_;
  std::vector<Callback> inbox_;
  std::unordered_map<CURL*, std::unique_ptr<Transfer>> transfers_;  // the engine thread's
  std::atomic<bool> stopping_{false};
  std::unique_ptr<Pool> thread_;
};

class CurlCall final : public HttpCall {
 public:
  CurlCall(std::weak_ptr<CurlEngine> engine, CURL* easy, std::shared_ptr<bool> alive)
      : engine_(std::move(engine)), easy_(easy), alive_(std::move(alive)) {}
  CurlCall(const CurlCall&) = delete;
  CurlCall& operator=(const CurlCall&) = delete;
  ~CurlCall() override {
    if (!*alive_) return;
    *alive_ = false;
    if (const auto engine = engine_.lock()) engine->cancel(easy_);
  }

 private:
  std::weak_ptr<CurlEngine> engine_;
  CURL* easy_;
  std::shared_ptr<bool> alive_;  // the loop's; false once answered or cancelled
};

class CurlClient final : public HttpClient {
 public:
  explicit CurlClient(Loop& loop) : loop_(loop) {}

  std::unique_ptr<HttpCall> send(HttpRequest request, std::function<void(Result<HttpResponse>)> done) override {
    const auto alive = std::make_shared<bool>(true);
    const Result<const CurlLibrary*> curl = curl_library();
    if (!curl) {
      loop_.post([alive, done = std::move(done), error = curl.error()] {
        if (std::exchange(*alive, false)) done(error);
      });
      return std::make_unique<CurlCall>(std::weak_ptr<CurlEngine>(), nullptr, alive);
    }
    if (!engine_) engine_ = std::make_shared<CurlEngine>(**curl);  // at the first request: most processes make none
    auto transfer = std::make_unique<Transfer>(**curl);
    transfer->request = std::move(request);
    transfer->done = [this, alive, done = std::move(done)](Result<HttpResponse> result) {
      loop_.post([alive, done, result = std::move(result)]() mutable {
        if (!*alive) return;
        *alive = false;
        done(std::move(result));
      });
    };
    prepare(*transfer);
    CURL* easy = transfer->easy;
    engine_->add(std::move(transfer));
    return std::make_unique<CurlCall>(engine_, easy, alive);
  }

 private:
  static void prepare(Transfer& transfer) {
    const HttpRequest& request = transfer.request;
    const CurlLibrary& curl = transfer.curl;
    transfer.easy = curl.easy_init();
    CURL* easy = transfer.easy;
    curl.easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "http,https");
    curl.easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 1L);
    curl.easy_setopt(easy, CURLOPT_MAXREDIRS, 10L);
    curl.easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl.easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
    if (request.http2) prepare_http2(curl, easy, request.url);
    curl.easy_setopt(easy, CURLOPT_TIMEOUT_MS,
                     static_cast<long>(std::max<std::int64_t>(1, request.timeout.count() / 1000)));
    curl.easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
    curl.easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl.easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
    curl.easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl.easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer.detail);
    curl.easy_setopt(easy, CURLOPT_USERAGENT, "streamops");
    if (request.method != "GET") {
      curl.easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
      curl.easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
      curl.easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
    for (const auto& [name, value] : request.headers) {
      transfer.headers = curl.slist_append(transfer.headers, fmt::format("{}: {}", name, value).c_str());
    }
    curl.easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
    if (request.tls) prepare_tls(curl, easy, *request.tls);
  }

  static void prepare_http2(const CurlLibrary& curl, CURL* easy, const std::string& url) {
    if (equals_ignore_case(std::string_view(url).substr(0, 8), "https://")) {
      curl.easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
      return;
    }
    curl.easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
    // libcurl 7.88 (Debian 12) breaks the second request on a connection that began without TLS, so each has its own.
    curl.easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
    curl.easy_setopt(easy, CURLOPT_FORBID_REUSE, 1L);
  }

  static void prepare_tls(const CurlLibrary& curl, CURL* easy, const TlsOptions& tls) {
    if (!tls.ca_file.empty()) curl.easy_setopt(easy, CURLOPT_CAINFO, tls.ca_file.c_str());
    if (!tls.certificate.empty()) curl.easy_setopt(easy, CURLOPT_SSLCERT, tls.certificate.c_str());
    if (!tls.key.empty()) curl.easy_setopt(easy, CURLOPT_SSLKEY, tls.key.c_str());
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, tls.verify ? 1L : 0L);
    curl.easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, tls.verify ? 2L : 0L);
  }

  Loop& loop_;
  std::shared_ptr<CurlEngine> engine_;
};

}  // namespace

namespace {

const std::string* find_header(const HttpHeaders& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (key == name) return &value;
  }
  return nullptr;
}

}  // namespace

const std::string* HttpResponse::header(std::string_view name) const {
  return find_header(headers, name);
}

const std::string* HttpResponse::trailer(std::string_view name) const {
  return find_header(trailers, name);
}

std::unique_ptr<HttpClient> make_http_client(Loop& loop) {
  return std::make_unique<CurlClient>(loop);
}

}  // namespace streamops::runtime
