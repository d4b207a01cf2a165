// Asks a schema registry over its REST API: is it one, may we in, which subjects, would it take our schemas.
#include "base/json_writer.h"
#include "doctor/gather/web.h"
#include "runtime/http_server.h"

namespace streamops::doctor {
namespace {

/// Where the same API is found on the usual registries.
constexpr const char* usual_paths[] = {"", "/apis/ccompat/v7", "/apis/ccompat/v6", "/api/ccompat"};

bool is_list(const WebFacts& facts) {
  const std::size_t start = facts.body.find_first_not_of(" \t\r\n");
  return facts.answered() && facts.status == 200 && start != std::string::npos && facts.body[start] == '[';
}

/// A GET with the login and the certificates that the profile says.
runtime::HttpRequest question(const RegistryTarget& target, std::string url) {
  runtime::HttpRequest request{.url = std::move(url), .headers = basic_login(target.username, target.password)};
  if (!target.token.empty()) request.headers = {{"Authorization", "Bearer " + target.token}};
  if (target.tls) {
    request.tls = runtime::TlsOptions{.ca_file = target.tls->ca_file,
                                      .certificate = target.tls->certificate,
                                      .key = target.tls->key,
                                      .verify = target.tls->verify};
  }
  return request;
}

void ask_subject(const RegistryTarget& target, const SubjectUse& use, Web& web, Deadline until, SubjectFacts& facts) {
  facts.subject = use.subject;
  const std::string path = runtime::percent_encode(use.subject) + "/versions/latest";
  facts.latest = web.ask(question(target, target.url + "/subjects/" + path), until);
  if (use.schema.empty() || facts.latest.status != 200) return;
  JsonWriter body;
  body.begin_object().field("schema", use.schema).end_object();
  runtime::HttpRequest request = question(target, target.url + "/compatibility/subjects/" + path + "?verbose=true");
  request.method = "POST";
  request.headers.emplace_back("Content-Type", "application/vnd.schemaregistry.v1+json");
  request.body = std::move(body).text();
  facts.compatibility = web.ask(std::move(request), until);
}

}  // namespace

RegistryFacts gather_registry(const RegistryTarget& target, Web& web, const Limits& limits) {
  const Deadline last = in(limits.whole);
  RegistryFacts facts;
  facts.subjects = web.dial_and_ask(question(target, target.url + "/subjects"), in(limits.step, last));
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
      work.emplace_back([&, i] { facts.elsewhere[i] = web.ask(question(target, urls[i]), in(limits.step, last)); });
    }
    in_parallel(std::move(work));
    return facts;
  }
  facts.each.resize(target.subjects.size());
  work.emplace_back([&] { facts.mode = web.ask(question(target, target.url + "/mode"), in(limits.step, last)); });
  for (std::size_t i = 0; i < target.subjects.size(); ++i) {
    work.emplace_back([&, i] { ask_subject(target, target.subjects[i], web, in(limits.step, last), facts.each[i]); });
  }
  in_parallel(std::move(work));
  return facts;
}

}  // namespace streamops::doctor
