#include "runtime/impl/curl_library.h"

#include <dlfcn.h>

#include <optional>

#include "errors/runtime.h"

namespace streamops::runtime {
namespace {

/// Debian's builds of the one and of the other TLS library; both speak the same interface (version 4).
constexpr const char* names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};

struct Loaded {
  std::optional<CurlLibrary> library;
  std::string problem;
};

Loaded load() {
  void* handle = nullptr;
  for (const char* name : names) {
    if (handle == nullptr) handle = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  if (handle == nullptr) return {std::nullopt, ::dlerror()};
  CurlLibrary library{};
  std::string problem;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(::dlsym(handle, name));
    if (function == nullptr) problem = std::string("it has no ") + name;
  };
  find(library.global_init, "curl_global_init");
  find(library.easy_init, "curl_easy_init");
  find(library.easy_setopt, "curl_easy_setopt");
  find(library.easy_getinfo, "curl_easy_getinfo");
  find(library.easy_strerror, "curl_easy_strerror");
  find(library.easy_cleanup, "curl_easy_cleanup");
  find(library.slist_append, "curl_slist_append");
  find(library.slist_free_all, "curl_slist_free_all");
  find(library.multi_init, "curl_multi_init");
  find(library.multi_setopt, "curl_multi_setopt");
  find(library.multi_add_handle, "curl_multi_add_handle");
  find(library.multi_remove_handle, "curl_multi_remove_handle");
  find(library.multi_perform, "curl_multi_perform");
  find(library.multi_poll, "curl_multi_poll");
  find(library.multi_wakeup, "curl_multi_wakeup");
  find(library.multi_info_read, "curl_multi_info_read");
  find(library.multi_cleanup, "curl_multi_cleanup");
  if (problem.empty() && library.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) problem = "it does not start";
  if (!problem.empty()) return {std::nullopt, problem};
  return {library, {}};
}

}  // namespace

Result<const CurlLibrary*> curl_library() {
  static const Loaded loaded = load();
  if (!loaded.library) return Error(errors::runtime::no_curl, "libcurl cannot be used: {}", loaded.problem);
  return &*loaded.library;
}

}  // namespace streamops::runtime
