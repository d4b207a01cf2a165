#include "kafka/client/scram.h"

#include <doctest/doctest.h>

using namespace streamops;
using namespace streamops::kafka;

namespace {

// RFC 7677 §3.
constexpr std::string_view server_first =
    "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
constexpr std::string_view server_final = "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=";

ScramExchange exchange(std::string password = "pencil") {
  return {ScramHash::sha256, "user", std::move(password), "rOprNGfwEbeRWgbNEkqO"};
}

}  // namespace

TEST_CASE("SCRAM-SHA-256 says what the RFC's example says") {
  ScramExchange login = exchange();
  CHECK(login.first() == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  const Result<std::string> answer = login.answer(server_first);
  REQUIRE(answer.ok());
  CHECK(*answer ==
        "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=");
  CHECK(login.verify(server_final).ok());
}

TEST_CASE("a server that does not know the password is not believed") {
  ScramExchange login = exchange("other");
  REQUIRE(login.answer(server_first).ok());
  CHECK(login.verify(server_final).error().code() == "SO-K203");
  CHECK(login.verify("e=invalid-proof").error().message() == "SCRAM: invalid-proof");
  CHECK_FALSE(exchange().verify(server_final).ok());  // before any answer there is nothing to compare with
}

TEST_CASE("a broken first message of the server is refused") {
  for (const char* message : {"", "r=other,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096", "r=rOprNGfwEbeRWgbNEkqO,s=W22Z,i=4096",
                              "r=rOprNGfwEbeRWgbNEkqOx,s=!!!!,i=4096", "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=0",
                              "r=rOprNGfwEbeRWgbNEkqOx,s=W22Z,i=99999999999"}) {
    CHECK_MESSAGE(exchange().answer(message).error().code() == "SO-K203", message);
  }
}

TEST_CASE("names may hold commas and equals signs") {
  CHECK(ScramExchange(ScramHash::sha512, "a,b=c", "p", "n").first() == "n,,n=a=2Cb=3Dc,r=n");
}
