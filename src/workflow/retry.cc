#include "workflow/retry.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/check.h"

namespace streamops::workflow {

namespace {

/// SHA-1 of `text`, read as one big number, modulo `divisor`.
std::uint64_t sha1_modulo(std::string_view text, std::uint64_t divisor) {
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned length = 0;
  const int done = EVP_Digest(text.data(), text.size(), digest.data(), &length, EVP_sha1(), nullptr);
  STREAMOPS_CHECK(done == 1, "SHA-1 must be there");
  std::uint64_t rest = 0;  // the divisor is below 2^32, so nothing overflows
  for (unsigned i = 0; i < length; ++i) rest = (rest * 256 + digest[i]) % divisor;
  return rest;
}

/// "2026-11-22 00:00:00+00:00", with six digits of fraction unless it is zero.
std::string hashed_form(WallTime time) {
  std::string text = to_iso8601(std::chrono::floor<Seconds>(time));
  text[10] = ' ';
  text.pop_back();
  if (const auto rest = time - std::chrono::floor<Seconds>(time); rest.count() != 0) {
    text += fmt::format(".{:06}", rest.count());
  }
  return text + "+00:00";
}

}  // namespace

Microseconds retry_delay(const TaskSpec& task, std::string_view dag_id, WallTime logical_date, int try_number) {
  if (task.retry_backoff == 0 || task.retry_backoff == 1) return std::min(task.retry_delay, task.max_retry_delay);
  const double seconds = std::chrono::duration<double>(task.retry_delay).count();
  const double limit = std::chrono::duration<double>(task.max_retry_delay).count();
  const double exact = std::ceil(seconds * std::pow(task.retry_backoff, try_number - 1));
  if (exact >= limit) return task.max_retry_delay;
  const auto minimum = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::max(exact, 0.0)));
  const std::string seed = fmt::format("{}#{}#{}#{}", dag_id, task.id, hashed_form(logical_date), try_number);
  const std::uint64_t delay = minimum + sha1_modulo(seed, minimum);
  return std::min<Microseconds>(Seconds{delay}, task.max_retry_delay);
}

}  // namespace streamops::workflow
