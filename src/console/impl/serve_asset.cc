#include <zlib.h>

#include <algorithm>

#include "console/impl/bundle.h"

namespace streamops::console {

namespace {

constexpr const char* content_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src "
    "'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
constexpr int gzip_window = 15 + 16;

std::string unpack(const Asset& asset) {
  std::string out(asset.size, '\0');
  z_stream stream{};
  stream.next_in = const_cast<Bytef*>(asset.packed.data());
  stream.avail_in = static_cast<uInt>(asset.packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool fine = inflateInit2(&stream, gzip_window) == Z_OK && inflate(&stream, Z_FINISH) == Z_STREAM_END;
  inflateEnd(&stream);
  STREAMOPS_CHECK(fine, "the bundle inside the binary must unpack");
  return out;
}

const Asset* find_asset(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  const bool is_page = name.find('.') == std::string_view::npos;
  const std::span<const Asset> all = bundle();
  const auto found = std::find_if(all.begin(), all.end(),
                                  [&](const Asset& asset) { return asset.name == (is_page ? "index.html" : name); });
  return found == all.end() ? nullptr : &*found;
}

bool accepts_gzip(const runtime::ServerRequest& request) {
  const std::string* accepted = request.header("accept-encoding");
  return accepted != nullptr && accepted->find("gzip") != std::string::npos;
}

}  // namespace

void add_security_headers(runtime::HttpHeaders& headers) {
  headers.emplace_back("Content-Security-Policy", content_policy);
  headers.emplace_back("X-Content-Type-Options", "nosniff");
  headers.emplace_back("Referrer-Policy", "no-referrer");
  headers.emplace_back("Cross-Origin-Opener-Policy", "same-origin");
  headers.emplace_back("Cross-Origin-Resource-Policy", "same-origin");
}

runtime::ServerResponse serve_asset(const runtime::ServerRequest& request) {
  const Asset* asset = find_asset(request.path);
  if (asset == nullptr) return runtime::ServerResponse::text("There is no such page.\n", 404);
  runtime::ServerResponse response;
  response.headers = {{"Content-Type", std::string(asset->type)},
                      {"ETag", std::string(asset->etag)},
                      {"Cache-Control", "no-cache"},
                      {"Vary", "Accept-Encoding"}};
  const std::string* known = request.header("if-none-match");
  if (known != nullptr && known->find(asset->etag) != std::string::npos) {
    response.status = 304;
  } else if (accepts_gzip(request)) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = as_text(asset->packed);
  } else {
    response.body = unpack(*asset);
  }
  return response;
}

}  // namespace streamops::console
