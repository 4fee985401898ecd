#include "base/signature.h"

#include <gtest/gtest.h>

#include <string>

#include "base/digest.h"

namespace mlbot {
namespace {

// RFC 8032, section 7.1, test 3.
TEST(Signature, IsThatOfTheStandard) {
  const SigningKey key{
      *bytes_from_hex<32>("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7")};
  const std::string message{"\xaf\x82", 2};
  EXPECT_EQ(to_hex(key.public_key()), "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
  EXPECT_EQ(to_hex(key.sign(message)),
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac"
            "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a");
  EXPECT_TRUE(signed_by(key.public_key(), key.sign(message), message));
}

TEST(Signature, OfAnotherKeyMessageOrBitIsNone) {
  const SigningKey key = SigningKey::make(), other = SigningKey::make();
  const Signature signature = key.sign("champion");
  EXPECT_TRUE(signed_by(key.public_key(), signature, "champion"));
  EXPECT_FALSE(signed_by(other.public_key(), signature, "champion"));
  EXPECT_FALSE(signed_by(key.public_key(), signature, "challenger"));
  for (std::size_t bit = 0; bit < 8 * signature.size(); bit += 37) {
    Signature bent = signature;
    bent[bit / 8] ^= static_cast<std::uint8_t>(1 << bit % 8);
    EXPECT_FALSE(signed_by(key.public_key(), bent, "champion")) << "bit " << bit;
  }
}

TEST(Signature, HexIsReadWholeOrNotAtAll) {
  EXPECT_TRUE((bytes_from_hex<2>("0aff") == std::array<std::uint8_t, 2>{0x0a, 0xff}));
  for (const char* text : {"", "0af", "0afff", "0aFF", "0afg", " 0af"}) EXPECT_FALSE(bytes_from_hex<2>(text));
}

}  // namespace
}  // namespace mlbot
