// What is written field by field is what the tree of the same fields would write.
#include "venue/bybit/json_text.h"

#include <gtest/gtest.h>

#include "base/prng.h"

namespace mlbot::venue::bybit {
namespace {

TEST(JsonFields, WritesWhatTheTreeWrites) {
  Prng random{20'260'105};
  for (int round = 0; round < 2'000; ++round) {
    Json tree = Json::object();
    JsonFields fields;
    for (std::uint64_t i = random.below(6); i > 0; --i) {
      const std::string key = "field" + std::to_string(i);
      std::string text;  // any bytes: quotes, controls, halves of UTF-8
      for (std::uint64_t length = random.below(8); length > 0; --length)
        text += static_cast<char>(random.below(4) == 0 ? random.below(256) : 'a' + random.below(26));
      const auto number = static_cast<std::int64_t>(random.next());
      switch (random.below(5)) {
        case 0:
          tree[key] = number;
          fields(key, number);
          break;
        case 1:
          tree[key] = static_cast<std::uint8_t>(number);
          fields(key, static_cast<std::uint8_t>(number));
          break;
        case 2:
          tree[key] = number > 0;
          fields(key, number > 0);
          break;
        case 3:
          tree[key] = Json{{"within", text}};
          fields.nested(key, to_json_text(tree[key]));
          break;
        default:
          tree[key] = text;
          fields(key, text);
      }
    }
    ASSERT_EQ(fields.take(), to_json_text(tree)) << round;
  }
}

}  // namespace
}  // namespace mlbot::venue::bybit
