// Asks a schema registry over its REST API: is it one, may we in, which subjects, would it take our schemas.
#include "base/json_writer.h"
#include "doctor/gather/web.h"

namespace streamops::doctor {
namespace {

/// Where the same API is found on the usual registries.
constexpr const char* usual_paths[] = {"", "/apis/ccompat/v7", "/apis/ccompat/v6", "/api/ccompat"};

bool is_list(const WebFacts& facts) {
  const std::size_t start = facts.body.find_first_not_of(" \t\r\n");
  return facts.answered() && facts.status == 200 && start != std::string::npos && facts.body[start] == '[';
}

/// A subject's name as a piece of a path (RFC 3986 §2.1).
std::string escaped(const std::string& text) {
  constexpr char digits[] = "0123456789ABCDEF";
  std::string out;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                       letter == '-' || letter == '_' || letter == '.' || letter == '~';
    if (plain) {
      out += letter;
    } else {
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

void ask_subject(const RegistryTarget& target, const SubjectUse& use, const runtime::HttpHeaders& headers, Web& web,
                 Deadline until, SubjectFacts& facts) {
  facts.subject = use.subject;
  const std::string path = escaped(use.subject) + "/versions/latest";
  facts.latest = web.ask({.url = target.url + "/subjects/" + path, .headers = headers}, until);
  if (use.schema.empty() || facts.latest.status != 200) return;
  runtime::HttpHeaders with_type = headers;
  with_type.emplace_back("Content-Type", "application/vnd.schemaregistry.v1+json");
  JsonWriter body;
  body.begin_object().field("schema", use.schema).end_object();
  facts.compatibility = web.ask({.method = "POST",
                                 .url = target.url + "/compatibility/subjects/" + path + "?verbose=true",
                                 .headers = with_type,
                                 .body = std::move(body).text()},
                                until);
}

}  // namespace

RegistryFacts gather_registry(const RegistryTarget& target, Web& web, const Limits& limits) {
  const Deadline last = in(limits.whole);
  runtime::HttpHeaders headers = basic_login(target.username, target.password);
  if (!target.token.empty()) headers = {{"Authorization", "Bearer " + target.token}};
  RegistryFacts facts;
  facts.subjects = web.dial_and_ask({.url = target.url + "/subjects", .headers = headers}, in(limits.step, last));
  if (!facts.subjects.answered()) return facts;
  std::vector<std::function<void()>> work;
  if (!is_list(facts.subjects)) {
    const std::optional<UrlParts> parts = parse_url(target.url);
    if (!parts || facts.subjects.status == 401 || facts.subjects.status == 403) return facts;
    std::vector<std::string> urls;
    for (const char* path : usual_paths) {
      if (parts->path != path)
        urls.push_back(parts->scheme + "://" + runtime::to_string(parts->at) + path + "/subjects");
    }
    facts.elsewhere.resize(urls.size());
    for (std::size_t i = 0; i < urls.size(); ++i) {
      work.emplace_back(
          [&, i] { facts.elsewhere[i] = web.ask({.url = urls[i], .headers = headers}, in(limits.step, last)); });
    }
    in_parallel(std::move(work));
    return facts;
  }
  facts.each.resize(target.subjects.size());
  work.emplace_back(
      [&] { facts.mode = web.ask({.url = target.url + "/mode", .headers = headers}, in(limits.step, last)); });
  for (std::size_t i = 0; i < target.subjects.size(); ++i) {
    work.emplace_back(
        [&, i] { ask_subject(target, target.subjects[i], headers, web, in(limits.step, last), facts.each[i]); });
  }
  in_parallel(std::move(work));
  return facts;
}

}  // namespace streamops::doctor
