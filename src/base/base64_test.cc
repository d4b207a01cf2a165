#include "base/base64.h"

#include <doctest/doctest.h>

using namespace streamops;

TEST_CASE("base64 is written as RFC 4648 §10 has it") {
  CHECK(to_base64("") == "");
  CHECK(to_base64("f") == "Zg==");
  CHECK(to_base64("fo") == "Zm8=");
  CHECK(to_base64("foo") == "Zm9v");
  CHECK(to_base64("foobar") == "Zm9vYmFy");
  CHECK(to_base64("\xff\xef") == "/+8=");
  std::string out = "Basic ";
  append_base64(out, "admin:admin");
  CHECK(out == "Basic YWRtaW46YWRtaW4=");
}

TEST_CASE("what base64 writes is read back, whatever the bytes and their number") {
  std::string bytes;
  for (int i = 0; i < 260; ++i) {
    CHECK(from_base64(to_base64(bytes)) == bytes);
    bytes += static_cast<char>(i * 7);
  }
}

TEST_CASE("base64 is read as RFC 4648 writes it, and nothing else is") {
  CHECK(from_base64("") == "");
  CHECK(from_base64("Zg==") == "f");
  CHECK(from_base64("Zm8=") == "fo");
  CHECK(from_base64("Zm9vYmFy") == "foobar");
  CHECK(from_base64("YWRtaW46YWRtaW4=") == "admin:admin");
  CHECK(from_base64("/+8=") == "\xff\xef");
  for (const char* wrong : {"Z", "Zg=", "Zg", "Z===", "====", "Zm9v!mFy", "Zm=vYmFy"}) CHECK_FALSE(from_base64(wrong));
}
