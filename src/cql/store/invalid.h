// cql/store/invalid.h — the error of a request that cannot be run as it is written; drivers get INVALID.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"
#include "errors/cql.h"

namespace streamops::cql::store {

/// SO-C001.
inline Error invalid(std::string message) {
  return {errors::cql::invalid_request, std::move(message)};
}

}  // namespace streamops::cql::store
