#include "base/base64.h"

#include <doctest/doctest.h>

using namespace streamops;

TEST_CASE("base64 is read as RFC 4648 writes it, and nothing else is") {
  CHECK(from_base64("") == "");
  CHECK(from_base64("Zg==") == "f");
  CHECK(from_base64("Zm8=") == "fo");
  CHECK(from_base64("Zm9vYmFy") == "foobar");
  CHECK(from_base64("YWRtaW46YWRtaW4=") == "admin:admin");
  CHECK(from_base64("/+8=") == "\xff\xef");
  for (const char* wrong : {"Z", "Zg=", "Zg", "Z===", "====", "Zm9v!mFy", "Zm=vYmFy"}) CHECK_FALSE(from_base64(wrong));
}
