// base/result.h — a value or an Error. Every fallible call of the project returns one; nothing throws across a module
// border.
//
//   Result<Offset> offset = log.append(batch);
//   if (!offset) return offset.error();
//
//   STREAMOPS_ASSIGN(Offset offset, log.append(batch));   // the same in one line
//   STREAMOPS_RETURN_IF_ERROR(log.flush());
#pragma once

#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/error.h"

namespace streamops {

template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT(google-explicit-constructor)
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  /// Converts from anything a T is built from, as `return {};` or `return unique_ptr<Derived>` do.
  template <typename U, typename = std::enable_if_t<
                            std::is_convertible_v<U&&, T> && !std::is_same_v<std::decay_t<U>, T> &&
                            !std::is_same_v<std::decay_t<U>, Error> && !std::is_same_v<std::decay_t<U>, Result>>>
  Result(U&& value) : state_(std::in_place_index<0>, std::forward<U>(value)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & {
    STREAMOPS_CHECK(ok(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  const T& value() const& {
    STREAMOPS_CHECK(ok(), "value() of a failed Result");
    return *std::get_if<0>(&state_);
  }
  T&& value() && {
    STREAMOPS_CHECK(ok(), "value() of a failed Result");
    return std::move(*std::get_if<0>(&state_));
  }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  const Error& error() const {
    STREAMOPS_CHECK(!ok(), "error() of a successful Result");
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// Success without a value: `return Ok();`.
struct OkTag {};
constexpr OkTag Ok() {
  return {};
}

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(OkTag) {}                                   // NOLINT(google-explicit-constructor)
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  const Error& error() const {
    STREAMOPS_CHECK(!ok(), "error() of a successful Result");
    return *error_;
  }

 private:
  std::optional<Error> error_;
};

}  // namespace streamops

#define STREAMOPS_CONCAT_INNER(a, b) a##b
#define STREAMOPS_CONCAT(a, b) STREAMOPS_CONCAT_INNER(a, b)
#define STREAMOPS_ASSIGN_INNER(result, declaration, expression) \
  auto result = (expression);                                   \
  if (!result) [[unlikely]]                                     \
    return result.error();                                      \
  declaration = std::move(result).value()

/// Declares or assigns from a Result, or returns its error from the enclosing function.
#define STREAMOPS_ASSIGN(declaration, ...) \
  STREAMOPS_ASSIGN_INNER(STREAMOPS_CONCAT(streamops_result_, __LINE__), declaration, (__VA_ARGS__))

/// Returns the error of a Result from the enclosing function; goes on otherwise.
#define STREAMOPS_RETURN_IF_ERROR(...)                                         \
  do {                                                                         \
    if (auto streamops_status = (__VA_ARGS__); !streamops_status) [[unlikely]] \
      return streamops_status.error();                                         \
  } while (false)
