// console/impl/bundle.h — the files of web/dist, gzipped, inside the binary. bundle() is generated at build time.
#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"
#include "runtime/http_server.h"

namespace streamops::console {

struct Asset {
  std::string_view name;  // "app.js"
  std::string_view type;  // its Content-Type
  std::string_view etag;  // with its quotes
  BytesView packed;       // gzip
  std::size_t size;       // unpacked
};

std::span<const Asset> bundle();

/// Answers a request for a page or an asset: any path without a dot gets index.html, which shows the page by its path.
/// Sends 304 for a known ETag, and unpacks for clients that do not take gzip.
runtime::ServerResponse serve_asset(const runtime::ServerRequest& request);

/// What every answer carries: no framing, no sniffing, nothing loaded from elsewhere.
void add_security_headers(runtime::HttpHeaders& headers);

}  // namespace streamops::console
