// auth/accounts.h — who may use the console and the CLI: users with argon2id hashes, sessions, CSRF tokens, a login
// limit, an API token.
//
//   users.json   {"version":1,"users":[{"name":"admin","hash":"$argon2id$v=19$m=8192,t=3,p=1$...","role":"admin"}]}
//   mode 0600 token        one line, 43 letters of base64url (256 random bits) mode 0600
//
// Sessions live in memory: a restart asks for the password again. Texts that prove something are compared in constant
// time. Threads: everything on one loop; hashing runs in the pool, one at a time, so that logins cannot pile up memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/time.h"
#include "runtime/disk.h"
#include "runtime/loop.h"
#include "runtime/pool.h"

namespace streamops::auth {

struct Session {
  std::string id;    // the cookie's value; never shown in a page or a log
  std::string csrf;  // what every changing request of a browser carries in X-CSRF-Token
  std::string user;
  WallTime expires;
};

struct AccountsOptions {
  std::string directory;                           // holds `users` and `token`; created when missing
  Microseconds session_life = Seconds{12 * 3600};  // since the last use
  std::string first_user = "admin";                // made when there is no users file
  std::string first_password = "admin";
};

class Accounts {
 public:
  /// Reads or makes the files; hashes the first user's password, so it blocks for some 20 ms on the first start.
  /// Errors: SO-A001 (users file broken), SO-D002.
  static Result<std::unique_ptr<Accounts>> open(runtime::Loop& loop, runtime::Pool& pool, runtime::Disk& disk,
                                                AccountsOptions options);
  virtual ~Accounts() = default;

  /// Checks a password and opens a session. `peer` is the client's address, for the limit.
  /// Errors: SO-A002 (name or password wrong), SO-A003 (too many tries; says for how long).
  virtual void login(const std::string& user, const std::string& password, const std::string& peer,
                     std::function<void(Result<Session>)> done) = 0;
  /// The session with this id, if it is still good; its life starts anew.
  virtual std::optional<Session> find_session(std::string_view id) = 0;
  virtual void logout(std::string_view id) = 0;

  /// Checks a password without opening a session, for protocols that carry name and password with each connection.
  /// Errors: as login().
  virtual void check_password(const std::string& user, const std::string& password, const std::string& peer,
                              std::function<void(Result<void>)> done) = 0;
  /// Sets a user's password, and makes the user when new; ends the user's sessions. Errors: SO-A004 (empty, or longer
  /// than 1 KiB).
  virtual void set_password(const std::string& user, const std::string& password,
                            std::function<void(Result<void>)> done) = 0;

  /// True for the token in the token file.
  virtual bool is_api_token(std::string_view token) const = 0;
  virtual const std::string& token_path() const = 0;
  /// True while the first user still has the password that everybody knows: fine on loopback only.
  virtual bool has_default_password() const = 0;
};

/// True when both are equal; takes as long for a near miss as for a far one.
bool equal_in_constant_time(std::string_view a, std::string_view b);

}  // namespace streamops::auth
