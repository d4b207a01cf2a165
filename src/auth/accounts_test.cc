#include "auth/accounts.h"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>

#include "auth/login_limit.h"
#include "auth/password.h"
#include "auth/token.h"
#include "runtime/virtual_loop.h"

using namespace streamops;
using namespace streamops::auth;

namespace {

/// Accounts in a directory that goes away with the test.
struct Bench {
  Bench() : directory(std::filesystem::temp_directory_path() / ("auth_test_" + std::to_string(getpid()))) {
    std::filesystem::remove_all(directory);
    open();
  }
  ~Bench() { std::filesystem::remove_all(directory); }

  void open() {
    auto opened = Accounts::open(loop, *pool, runtime::system_disk(), {.directory = directory.string()});
    REQUIRE(opened);
    accounts = std::move(opened).value();
  }

  Result<Session> login(const std::string& user, const std::string& password, const std::string& peer = "127.0.0.1") {
    std::optional<Result<Session>> answer;
    accounts->login(user, password, peer, [&](Result<Session> session) { answer = std::move(session); });
    loop.settle();
    REQUIRE(answer);
    return *answer;
  }

  std::string set_password(const std::string& user, const std::string& password) {
    std::string code;
    accounts->set_password(user, password, [&](const Result<void>& done) { code = done ? "ok" : done.error().code(); });
    loop.settle();
    return code;
  }

  unsigned mode(const char* name) const {
    struct stat info{};
    REQUIRE(stat((directory / name).c_str(), &info) == 0);
    return info.st_mode & 0777;
  }

  std::filesystem::path directory;
  runtime::VirtualLoop loop{*parse_iso8601("2026-01-01T00:00:00Z")};
  std::unique_ptr<runtime::Pool> pool = runtime::make_inline_pool();
  std::unique_ptr<Accounts> accounts;
};

}  // namespace

TEST_CASE("the first start makes admin/admin and a token, both readable by the owner only") {
  Bench bench;
  CHECK(bench.mode("users") == 0600);
  CHECK(bench.mode("token") == 0600);
  CHECK(bench.accounts->has_default_password());
  const auto session = bench.login("admin", "admin");
  REQUIRE(session);
  CHECK(session->user == "admin");
  CHECK(session->id.size() == token_letters);
  CHECK(session->id != session->csrf);
  CHECK(bench.accounts->find_session(session->id));
  CHECK_FALSE(bench.accounts->find_session(session->csrf));
  std::string token;
  std::ifstream(bench.accounts->token_path()) >> token;
  CHECK(bench.accounts->is_api_token(token));
  CHECK_FALSE(bench.accounts->is_api_token(token + "x"));
  CHECK_FALSE(bench.accounts->is_api_token(""));
}

TEST_CASE("wrong names and wrong passwords get the same answer, SO-A002") {
  Bench bench;
  const auto wrong = bench.login("admin", "nimda");
  const auto unknown = bench.login("nobody", "admin");
  REQUIRE_FALSE(wrong);
  REQUIRE_FALSE(unknown);
  CHECK(wrong.error().code() == "SO-A002");
  CHECK(wrong.error().message() == unknown.error().message());
  CHECK_FALSE(bench.login("admin", std::string(2000, 'x')));
}

TEST_CASE("after ten wrong passwords an address waits (SO-A003), others do not, and a minute later it may try again") {
  Bench bench;
  for (int i = 0; i < 10; ++i) CHECK(bench.login("admin", "wrong").error().code() == "SO-A002");
  const auto limited = bench.login("admin", "admin");
  REQUIRE_FALSE(limited);
  CHECK(limited.error().code() == "SO-A003");
  CHECK(limited.error().message().find("1m") != std::string::npos);
  CHECK(bench.login("admin", "admin", "127.0.0.2"));
  bench.loop.advance(Seconds{60});
  CHECK(bench.login("admin", "admin"));
}

TEST_CASE("a session lives on while it is used, ends by logout and when it is not used for its life") {
  Bench bench;
  const auto session = bench.login("admin", "admin");
  REQUIRE(session);
  bench.loop.advance(std::chrono::hours{11});
  CHECK(bench.accounts->find_session(session->id));
  bench.loop.advance(std::chrono::hours{11});
  CHECK(bench.accounts->find_session(session->id));
  bench.loop.advance(std::chrono::hours{12});
  CHECK_FALSE(bench.accounts->find_session(session->id));
  const auto other = bench.login("admin", "admin");
  bench.accounts->logout(other->id);
  CHECK_FALSE(bench.accounts->find_session(other->id));
}

TEST_CASE("a changed password survives a restart, ends the sessions and is no longer the default") {
  Bench bench;
  const auto session = bench.login("admin", "admin");
  CHECK(bench.set_password("admin", "other") == "ok");
  CHECK_FALSE(bench.accounts->find_session(session->id));
  CHECK(bench.set_password("ana@example.org", "hers") == "ok");
  bench.open();
  CHECK_FALSE(bench.accounts->has_default_password());
  CHECK_FALSE(bench.login("admin", "admin"));
  CHECK(bench.login("admin", "other"));
  CHECK(bench.login("ana@example.org", "hers"));
  CHECK(bench.set_password("admin", "") == "SO-A004");
  CHECK(bench.set_password("a\tb", "x") == "SO-A004");
  CHECK(bench.set_password("admin", std::string(1025, 'x')) == "SO-A004");
}

TEST_CASE("a users file that is not one is SO-A001 and says the line") {
  Bench bench;
  std::ofstream(bench.directory / "users") << "admin\tadmin\t$argon2id$x\nbroken line\n";
  auto opened =
      Accounts::open(bench.loop, *bench.pool, runtime::system_disk(), {.directory = bench.directory.string()});
  REQUIRE_FALSE(opened);
  CHECK(opened.error().code() == "SO-A001");
  CHECK(opened.error().message().find("line 2") != std::string::npos);
}

TEST_CASE("hashes are argon2id with 8 MiB, salted, and only the right password fits") {
  const std::string hash = hash_password("secret");
  CHECK(hash.starts_with("$argon2id$v=19$m=8192,t=3,p=1$"));
  CHECK(hash_password("secret") != hash);
  CHECK(verify_password("secret", hash));
  CHECK_FALSE(verify_password("Secret", hash));
  CHECK_FALSE(verify_password("secret", "no hash"));
}

TEST_CASE("tokens do not repeat and have only letters that need no escaping") {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string token = make_token(runtime::system_random());
    CHECK(token.size() == token_letters);
    CHECK(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") ==
          std::string::npos);
    CHECK(seen.insert(token).second);
  }
  CHECK(equal_in_constant_time("abc", "abc"));
  CHECK_FALSE(equal_in_constant_time("abc", "abd"));
  CHECK_FALSE(equal_in_constant_time("abc", "abcd"));
}

TEST_CASE("the limit remembers a bounded number of addresses") {
  LoginLimit limit;
  runtime::MonotonicTime now{};
  for (int i = 0; i < 5000; ++i) limit.failed(std::to_string(i), now += Microseconds{1});
  CHECK(limit.remembered() == 4096);
}
