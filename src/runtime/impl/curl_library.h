// runtime/impl/curl_library.h — libcurl, loaded when the first request is made. It brings thirty libraries along (TLS,
// LDAP, Kerberos, ...), whose loading would cost every start of the process more than everything else that a start
// does: `streamops --version` takes 4 ms instead of 9.
#pragma once

#include <curl/curl.h>

#include "base/result.h"

namespace streamops::runtime {

/// The functions of libcurl that we use, by their own names without the prefix.
struct CurlLibrary {
  decltype(&::curl_global_init) global_init;
  decltype(&::curl_easy_init) easy_init;
  decltype(&::curl_easy_setopt) easy_setopt;
  decltype(&::curl_easy_getinfo) easy_getinfo;
  decltype(&::curl_easy_strerror) easy_strerror;
  decltype(&::curl_easy_cleanup) easy_cleanup;
  decltype(&::curl_slist_append) slist_append;
  decltype(&::curl_slist_free_all) slist_free_all;
  decltype(&::curl_multi_init) multi_init;
  decltype(&::curl_multi_setopt) multi_setopt;
  decltype(&::curl_multi_add_handle) multi_add_handle;
  decltype(&::curl_multi_remove_handle) multi_remove_handle;
  decltype(&::curl_multi_perform) multi_perform;
  decltype(&::curl_multi_poll) multi_poll;
  decltype(&::curl_multi_wakeup) multi_wakeup;
  decltype(&::curl_multi_info_read) multi_info_read;
  decltype(&::curl_multi_cleanup) multi_cleanup;
};

/// Loads and starts the library at the first call; it stays loaded. Safe from any thread. Errors: SO-R016.
Result<const CurlLibrary*> curl_library();

}  // namespace streamops::runtime
