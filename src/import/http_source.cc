#include "import/http_source.h"

#include <fmt/format.h>

#include "base/text.h"
#include "errors/import.h"

namespace streamops::importer {

namespace {

constexpr std::string_view public_users_api = "https://randomuser.me/api";

std::string env_name(const std::string& text) {
  std::string name;
  for (const char c : to_upper(text)) name += (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ? c : '_';
  while (name.starts_with('_')) name.erase(0, 1);
  return name.empty() ? "SECRET" : name;
}

class HttpSourceDraft {
 public:
  HttpSourceDraft(const Facts& facts, PipelineDraft& draft) : facts_(facts), draft_(draft) {}

  bool run(const PollFact& poll, TaskDraft& task) {
    const std::optional<std::string> url = setting_text(poll.url.get());
    if (!url || url->empty()) {
      draft_.leave("the URL that is polled", "it is known only when the script runs: write a task with it", poll.where);
      return false;
    }
    if (poll.method != "GET") {
      draft_.leave(fmt::format("{} {}", poll.method, *url), "the source `http` sends GET only", poll.where);
      return false;
    }
    task.url = *url;
    query(poll, task);
    headers(poll, task);
    rhythm(poll, task);
    task.timeout = poll.timeout;
    task.unverified = poll.unverified;
    const std::size_t end = task.url.find_last_not_of('/') + 1;
    if (task.url.substr(0, end) == public_users_api) {
      task.url = "${env:USERS_API}";
      task.comments.push_back(
          "The API is https://randomuser.me/api/ under the profiles live and real, a look-alike inside of the process "
          "otherwise.");
    }
    return true;
  }

 private:
  /// A parameter or header; what looks like a secret becomes a variable of the environment.
  std::string safe(const std::string& name, const std::string& value, const Where& where) {
    const bool secret = names_secret(name) && value.find("${env:") == std::string::npos && !value.empty();
    if (!secret) return value;
    const std::size_t blank = value.find(' ');  // "Bearer abc"
    const std::string prefix = blank == std::string::npos ? "" : value.substr(0, blank + 1);
    const std::string variable = env_name(name);
    draft_.trap(Error(errors::import::secret_in_script, "the secret `{}` stands in the script", name)
                    .with_hint(fmt::format("take it back, and put the new one into the environment as {}", variable)),
                where);
    return prefix + "${env:" + variable + "}";
  }

  void query(const PollFact& poll, TaskDraft& task) {
    if (const std::size_t mark = task.url.find('?'); mark != std::string::npos) {
      const std::string text = task.url.substr(mark + 1);
      task.url.erase(mark);
      for (const std::string_view pair : split(text, '&')) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos || equals == 0) continue;
        const std::string name(pair.substr(0, equals));
        task.query[name] = safe(name, decode(pair.substr(equals + 1)), poll.where);
      }
    }
    if (!poll.params) return;
    for (const auto& [name, value] : poll.params->entries) {
      const std::optional<std::string> text = setting_text(value.get());
      if (text) {
        task.query[name] = safe(name, *text, poll.where);
      } else {
        draft_.leave(fmt::format("the parameter {} of {}", name, task.url),
                     "its value is known only when the script runs: add it under `query`", poll.where);
      }
    }
  }

  /// %20 and its kin; what is not of that form stays.
  static std::string decode(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size(); ++at) {
      const auto hex = [&](std::size_t i) {
        const std::size_t digit =
            i < text.size() ? std::string_view("0123456789abcdef").find(static_cast<char>(text[i] | 0x20)) : 16;
        return digit > 15 ? 16 : digit;
      };
      const bool escaped = text[at] == '%' && hex(at + 1) < 16 && hex(at + 2) < 16 &&
                           text.substr(0, at).find("${") == std::string_view::npos;
      out += escaped ? static_cast<char>(hex(at + 1) * 16 + hex(at + 2)) : text[at] == '+' ? ' ' : text[at];
      if (escaped) at += 2;
    }
    return is_utf8(out) ? out : std::string(text);
  }

  void headers(const PollFact& poll, TaskDraft& task) {
    if (!poll.headers) return;
    for (const auto& [name, value] : poll.headers->entries) {
      const std::optional<std::string> text = setting_text(value.get());
      if (text) {
        task.headers[name] = safe(name, *text, poll.where);
      } else {
        draft_.leave(fmt::format("the header {} of {}", name, task.url),
                     "its value is known only when the script runs: add it under `headers`", poll.where);
      }
    }
  }

  /// How often and how long a run polls, by the loop around.
  void rhythm(const PollFact& poll, TaskDraft& task) {
    const LoopFact* loop = nullptr;
    for (const std::size_t index : poll.loops) {
      const LoopFact& each = facts_.loops[index];
      if (each.seconds || each.count || each.forever) loop = &each;
    }
    if (loop == nullptr) return;
    task.every = loop->pause;
    if (!task.every || *task.every <= 0) task.every = 1;
    if (!loop->pause) {
      draft_.leave(loop->has_pause ? "the pause between polls" : "a pause between polls",
                   loop->has_pause ? "its length is known only when the script runs: `every` says 1s, correct it"
                                   : "the loop has none: `every` says 1s, correct it",
                   loop->where);
    }
    if (loop->seconds) task.duration = *loop->seconds;
    if (!loop->seconds && loop->count) task.duration = *loop->count * *task.every;
    if (task.duration) {
      draft_.took(fmt::format("a run polls every {} for {}", to_duration(*task.every), to_duration(*task.duration)),
                  loop->where);
      return;
    }
    task.duration = 3600;
    draft_.took(fmt::format("a loop without end: polls every {}, in runs of an hour", to_duration(*task.every)),
                loop->where);
  }

  const Facts& facts_;
  PipelineDraft& draft_;
};

}  // namespace

bool draft_http_source(const Facts& facts, const PollFact& poll, TaskDraft& task, PipelineDraft& draft) {
  return HttpSourceDraft(facts, draft).run(poll, task);
}

}  // namespace streamops::importer
