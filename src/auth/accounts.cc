#include "auth/accounts.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <utility>

#include "auth/login_limit.h"
#include "auth/password.h"
#include "auth/token.h"
#include "base/text.h"
#include "errors/auth.h"

namespace streamops::auth {

namespace {

constexpr std::size_t most_sessions = 1024;
constexpr std::size_t most_waiting_logins = 32;
constexpr std::size_t longest_password = 1024;
constexpr std::size_t longest_name = 64;
constexpr std::string_view default_role = "admin-default";

struct User {
  std::string hash;
  bool has_default_password = false;
};
using Users = std::map<std::string, User, std::less<>>;

bool is_user_name(std::string_view name) {
  const auto fits = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-' || c == '.' || c == '@';
  };
  return !name.empty() && name.size() <= longest_name && std::all_of(name.begin(), name.end(), fits);
}

Result<Users> parse_users(std::string_view text, const std::string& path) {
  Users users;
  std::size_t number = 0;
  for (std::string_view line : split(text, '\n')) {
    number += 1;
    if (line.empty()) continue;
    const std::vector<std::string_view> fields = split(line, '\t');
    const bool fits = fields.size() == 3 && is_user_name(fields[0]) && fields[2].starts_with("$argon2id$");
    if (!fits) return Error(errors::auth::users_file_broken, "{}: line {} is not a user", path, number);
    users[std::string(fields[0])] = {std::string(fields[2]), fields[1] == default_role};
  }
  return users;
}

std::string format_users(const Users& users) {
  std::string out;
  for (const auto& [name, user] : users) {
    out += name + "\t" + std::string(user.has_default_password ? default_role : "admin") + "\t" + user.hash + "\n";
  }
  return out;
}

class AccountsImpl final : public Accounts {
 public:
  AccountsImpl(runtime::Loop& loop, runtime::Pool& pool, runtime::Disk& disk, AccountsOptions options)
      : loop_(loop),
        pool_(pool),
        disk_(disk),
        options_(std::move(options)),
        token_path_(options_.directory + "/token") {}

  Result<void> load();

  void login(const std::string& user, const std::string& password, const std::string& peer,
             std::function<void(Result<Session>)> done) override;
  std::optional<Session> find_session(std::string_view id) override;
  void logout(std::string_view id) override { sessions_.erase(std::string(id)); }
  void check_password(const std::string& user, const std::string& password, const std::string& peer,
                      std::function<void(Result<void>)> done) override;
  void set_password(const std::string& user, const std::string& password,
                    std::function<void(Result<void>)> done) override;
  bool is_api_token(std::string_view token) const override { return equal_in_constant_time(token, token_); }
  const std::string& token_path() const override { return token_path_; }
  bool has_default_password() const override {
    return std::any_of(users_.begin(), users_.end(),
                       [](const auto& entry) { return entry.second.has_default_password; });
  }

 private:
  std::string users_path() const { return options_.directory + "/users"; }
  Result<void> load_users();
  Result<void> load_token();
  Session open_session(const std::string& user);
  void forget_expired();

  runtime::Loop& loop_;
  runtime::Pool& pool_;
  runtime::Disk& disk_;
  AccountsOptions options_;
  std::string token_path_;
  std::string token_;
  Users users_;
  std::map<std::string, Session, std::less<>> sessions_;
  LoginLimit limit_;
  std::size_t waiting_ = 0;
  std::shared_ptr<int> alive_ = std::make_shared<int>(0);
};

Result<void> AccountsImpl::load() {
  STREAMOPS_RETURN_IF_ERROR(disk_.make_directories(options_.directory));
  STREAMOPS_RETURN_IF_ERROR(load_users());
  return load_token();
}

Result<void> AccountsImpl::load_users() {
  if (disk_.exists(users_path())) {
    STREAMOPS_ASSIGN(const Bytes text, disk_.read_file(users_path()));
    STREAMOPS_ASSIGN(users_, parse_users(as_text(text), users_path()));
    return Ok();
  }
  users_[options_.first_user] = {hash_password(options_.first_password), true};
  return disk_.replace_file(users_path(), as_bytes(format_users(users_)), 0600);
}

Result<void> AccountsImpl::load_token() {
  if (disk_.exists(token_path_)) {
    STREAMOPS_ASSIGN(const Bytes text, disk_.read_file(token_path_));
    token_ = trim(as_text(text));
    if (token_.size() == token_letters) return Ok();
  }
  token_ = make_token(runtime::system_random());
  return disk_.replace_file(token_path_, as_bytes(token_ + "\n"), 0600);
}

void AccountsImpl::check_password(const std::string& user, const std::string& password, const std::string& peer,
                                  std::function<void(Result<void>)> done) {
  const Microseconds wait = limit_.wait(peer, loop_.clock().monotonic());
  if (wait > Microseconds{0} || waiting_ >= most_waiting_logins) {
    const auto seconds = std::chrono::ceil<Seconds>(std::max(wait, Microseconds{Seconds{1}}));
    done(Error(errors::auth::too_many_logins, "too many wrong passwords; try again in {}", format_duration(seconds)));
    return;
  }
  // For an unknown name any hash is checked, so that the time taken does not tell which names exist.
  const auto known = users_.find(user);
  const bool is_known = known != users_.end() && password.size() <= longest_password;
  const std::string hash = known != users_.end() ? known->second.hash
                           : users_.empty()      ? ""
                                                 : users_.begin()->second.hash;
  const std::string text = password.substr(0, longest_password);
  waiting_ += 1;
  pool_.run_then(
      loop_, [text, hash, is_known] { return verify_password(text, hash) && is_known; },
      [this, peer, done = std::move(done), alive = std::weak_ptr<int>(alive_)](bool right) {
        if (alive.expired()) return;
        waiting_ -= 1;
        if (right) {
          limit_.succeeded(peer);
          done(Ok());
          return;
        }
        limit_.failed(peer, loop_.clock().monotonic());
        done(Error(errors::auth::login_refused, "name or password is wrong"));
      });
}

void AccountsImpl::login(const std::string& user, const std::string& password, const std::string& peer,
                         std::function<void(Result<Session>)> done) {
  check_password(user, password, peer, [this, user, done = std::move(done)](const Result<void>& right) {
    if (!right) {
      done(right.error());
      return;
    }
    done(open_session(user));
  });
}

Session AccountsImpl::open_session(const std::string& user) {
  forget_expired();
  if (sessions_.size() >= most_sessions) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(),
                                     [](const auto& a, const auto& b) { return a.second.expires < b.second.expires; }));
  }
  runtime::Random& random = runtime::system_random();
  Session session{make_token(random), make_token(random), user, loop_.clock().wall() + options_.session_life};
  sessions_[session.id] = session;
  return session;
}

void AccountsImpl::forget_expired() {
  const WallTime now = loop_.clock().wall();
  std::erase_if(sessions_, [now](const auto& entry) { return entry.second.expires <= now; });
}

std::optional<Session> AccountsImpl::find_session(std::string_view id) {
  // The map finds by order of letters, which leaks nothing of use: the ids are 256 random bits, and are compared whole
  // below.
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || !equal_in_constant_time(found->first, id)) return std::nullopt;
  const WallTime now = loop_.clock().wall();
  if (found->second.expires <= now) {
    sessions_.erase(found);
    return std::nullopt;
  }
  found->second.expires = now + options_.session_life;
  return found->second;
}

void AccountsImpl::set_password(const std::string& user, const std::string& password,
                                std::function<void(Result<void>)> done) {
  if (!is_user_name(user) || password.empty() || password.size() > longest_password) {
    done(Error(errors::auth::bad_password,
               "the new name or password for `{}` is empty, too long or has letters that may not be", user));
    return;
  }
  const bool is_default = user == options_.first_user && password == options_.first_password;
  pool_.run_then(
      loop_, [password] { return hash_password(password); },
      [this, user, is_default, done = std::move(done), alive = std::weak_ptr<int>(alive_)](std::string hash) {
        if (alive.expired()) return;
        Users changed = users_;
        changed[user] = {std::move(hash), is_default};
        const Result<void> saved = disk_.replace_file(users_path(), as_bytes(format_users(changed)), 0600);
        if (saved) {
          users_ = std::move(changed);
          std::erase_if(sessions_, [&](const auto& entry) { return entry.second.user == user; });
        }
        done(saved);
      });
}

}  // namespace

Result<std::unique_ptr<Accounts>> Accounts::open(runtime::Loop& loop, runtime::Pool& pool, runtime::Disk& disk,
                                                 AccountsOptions options) {
  auto accounts = std::make_unique<AccountsImpl>(loop, pool, disk, std::move(options));
  STREAMOPS_RETURN_IF_ERROR(accounts->load());
  return std::unique_ptr<Accounts>(std::move(accounts));
}

}  // namespace streamops::auth
