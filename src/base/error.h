// base/error.h — an error as a value: which one (a stable code of the catalogue), what happened here, where, and what
// to do.
//
// Codes live in spec/errors/<area>.toml; each area becomes a generated header `errors/<area>.h` with one constant an
// error:
//
//   return Error(errors::kafka::topic_unknown, "topic {} does not exist", name);
//
// An Error is cheap to move and to copy (one shared pointer) and immutable once shared; the with_* calls return a new
// one.
#pragma once

#include <fmt/core.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace streamops {

/// Who has to act.
enum class Blame : std::uint8_t {
  user,      // a mistake in a file, a flag, a statement
  external,  // a system that we talk to: unreachable, refusing, answering nonsense
  system,    // this machine: disk, memory, ports, permissions
  bug        // ours
};

/// The word used in texts and JSON: "user", "external", "system", "bug".
std::string_view to_string(Blame blame);

/// One entry of the catalogue; lives for ever.
struct ErrorInfo {
  const char* code;  // "SO-K012", stable for ever
  Blame blame;
  const char* title;  // one line, no full stop
  const char* text;   // what it means, why it happens
  const char* hint;   // what to do, in general
};

/// The whole catalogue, sorted by code.
std::span<const ErrorInfo* const> error_catalogue();
/// Finds an entry by code, in any case ("so-k012", "K012"); nullptr when unknown.
const ErrorInfo* find_error(std::string_view code);

/// A place in a text: file (may be empty), line and column from 1, the source line itself and the marked width in
/// columns.
struct Place {
  std::string file;
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  std::string source_line;
  std::uint32_t width = 1;

  friend bool operator==(const Place&, const Place&) = default;
};

class [[nodiscard]] Error {
 public:
  Error(const ErrorInfo& info, std::string message);

  template <typename First, typename... Rest>
  Error(const ErrorInfo& info, fmt::format_string<First, Rest...> format, First&& first, Rest&&... rest)
      : Error(info, fmt::vformat(format, fmt::make_format_args(first, rest...))) {}

  const ErrorInfo& info() const { return *detail_->info; }
  std::string_view code() const { return detail_->info->code; }
  Blame blame() const { return detail_->info->blame; }
  /// What happened, one line, without code and place.
  const std::string& message() const { return detail_->message; }
  /// What to do here; the catalogue's hint where none was given.
  std::string_view hint() const;
  const Place* place() const { return detail_->place.get(); }
  /// The text under the caret ("did you mean `schema`?"); often empty.
  const std::string& label() const { return detail_->label; }

  /// True when it is this very error of the catalogue.
  bool is(const ErrorInfo& info) const { return detail_->info == &info; }

  Error with_place(Place place) const;
  Error with_label(std::string label) const;
  Error with_hint(std::string hint) const;
  /// Puts "context: " before the message, as an error climbs out of a call.
  Error in(std::string_view context) const;

  /// "SO-K012: message" and, with a place, " (file:line:column)". For logs.
  std::string to_line() const;
  /// The full picture for a person: message, place, source line with caret, hint. Ends with a newline; no colour.
  std::string to_report() const;

 private:
  struct Detail {
    const ErrorInfo* info;
    std::string message;
    std::string hint;
    std::string label;
    std::shared_ptr<const Place> place;
  };
  explicit Error(std::shared_ptr<const Detail> detail) : detail_(std::move(detail)) {}

  std::shared_ptr<const Detail> detail_;
};

}  // namespace streamops
