// kafka/protocol/random_values_test.h — random values of the protocol's types, from one seed, for the round-trip tests.
#pragma once

#include <limits>
#include <random>
#include <string>

#include "base/bytes.h"
#include "base/uuid.h"
#include "kafka/protocol/records.h"

namespace streamops::kafka {

class RandomValues {
 public:
  explicit RandomValues(std::uint64_t seed) : engine_(seed) {}

  bool coin() { return (engine_() & 1) != 0; }
  std::size_t count() { return engine_() % 3; }

  void set(bool& value) { value = coin(); }
  template <std::integral T>
  void set(T& value) {
    // The borders are where encodings break.
    const std::uint64_t raw = engine_();
    value = raw % 8 == 0   ? std::numeric_limits<T>::max()
            : raw % 8 == 1 ? std::numeric_limits<T>::min()
                           : static_cast<T>(raw >> 8);
  }
  void set(std::string& value) {
    value.assign(engine_() % 200 == 0 ? 300 : engine_() % 12, 'a');
    for (char& letter : value) letter = static_cast<char>('a' + engine_() % 26);
  }
  void set(Bytes& value) {
    value.resize(engine_() % 12);
    for (std::uint8_t& byte : value) byte = static_cast<std::uint8_t>(engine_());
  }
  void set(Uuid& value) { value = make_uuid(engine_(), engine_(), 4); }
  void set(Records& value) {
    Bytes bytes;
    set(bytes);
    bytes.push_back(1);
    value = engine_() % 4 == 0 ? Records::null() : Records::owned(std::move(bytes));
  }

 private:
  std::mt19937_64 engine_;
};

}  // namespace streamops::kafka
