#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "base/bytes.h"
#include "base/decimal.h"
#include "base/digest.h"
#include "base/nearest.h"
#include "base/prng.h"
#include "base/ring.h"
#include "base/time.h"

namespace mlbot {
namespace {

TEST(Decimal, ReadsEveryShapeAVenueSends) {
  EXPECT_EQ(parse_e8("71423.80")->count, 7142380000000);
  EXPECT_EQ(parse_e8("1e+06")->count, 100000000000000);
  EXPECT_EQ(parse_e8("9e-8")->count, 9);
  EXPECT_EQ(parse_e8("-0.00000001")->count, -1);
  EXPECT_EQ(parse_e8("1.3117285e+06")->count, 131172850000000);
  EXPECT_EQ(parse_e8("0.123456780000")->count, 12345678);
}

TEST(Decimal, RefusesWhatIsNotExact) {
  for (const auto* text :
       {"", "-", ".", "1e", "1.2.3", "0x10", " 1", "1 ", "nan", "0.000000001", "99999999999999999999"})
    EXPECT_FALSE(parse_e8(text)) << text;
  EXPECT_EQ(parse_e8_truncated("0.123456789123456")->count, 12345678);
}

TEST(Decimal, TextAndValueAreInverse) {
  Prng rng{20260611};
  for (int i = 0; i < 10'000; ++i) {
    const E8 value{static_cast<std::int64_t>(rng.next() >> rng.below(60) >> 1) * (rng.chance(0.5) ? 1 : -1)};
    EXPECT_EQ(parse_e8(to_text(value)), value);
    EXPECT_EQ(parse_e8(to_text_fixed(value, 8)), value);
  }
  EXPECT_EQ(to_text_fixed(*parse_e8("71423.8"), 2), "71423.80");
  EXPECT_EQ(to_text(E8{INT64_MIN}), "-92233720368.54775808");
}

TEST(Decimal, MultipliesWithOneRounding) {
  EXPECT_EQ(multiply(*parse_e8("0.5"), *parse_e8("0.00000001")).count, 1);
  EXPECT_EQ(multiply(*parse_e8("-64000"), *parse_e8("0.00055")), *parse_e8("-35.2"));
}

TEST(Bytes, RoundTripAndTruncation) {
  std::string bytes;
  ByteWriter writer{bytes};
  writer.varint(UINT64_MAX);
  writer.zigzag(INT64_MIN);
  writer.number(-0.0);
  writer.text("hello");
  ByteReader reader{bytes};
  EXPECT_EQ(reader.varint(), UINT64_MAX);
  EXPECT_EQ(reader.zigzag(), INT64_MIN);
  EXPECT_TRUE(std::signbit(reader.number()));
  EXPECT_EQ(reader.text(), "hello");
  EXPECT_TRUE(reader.ok() && reader.done());
  for (std::size_t cut = 0; cut < bytes.size(); ++cut) {
    ByteReader torn{std::string_view{bytes}.substr(0, cut)};
    torn.varint();
    torn.zigzag();
    torn.number();
    torn.text();
    EXPECT_FALSE(torn.ok()) << cut;
  }
}

TEST(Bytes, WideNumbersAndOnesThatNeverEnd) {
  __extension__ using UInt128 = unsigned __int128;
  for (const UInt128 value : {UInt128{0}, UInt128{127}, UInt128{128}, UInt128{1} << 64, ~UInt128{0}}) {
    char raw[19];
    const std::string_view bytes{raw, put_varint(raw, value)};
    for (const bool more_follows : {false, true}) {  // read in one go, and looking for the end
      const std::string in = std::string{bytes} + std::string(more_follows ? 32 : 0, 'x');
      ByteReader reader{in};
      EXPECT_TRUE(reader.varint_of<UInt128>() == value);
      EXPECT_TRUE(reader.ok());
      EXPECT_EQ(reader.position(), bytes.size());
    }
    ByteReader torn{bytes.substr(0, bytes.size() - 1)};
    torn.varint_of<UInt128>();
    EXPECT_FALSE(torn.ok());
  }
  const std::string endless(40, '\xff');
  ByteReader narrow{endless}, wide{endless};
  EXPECT_EQ(narrow.varint(), 0u);
  wide.varint_of<UInt128>();
  EXPECT_FALSE(narrow.ok() || wide.ok());
}

TEST(Digest, KnownAnswers) {
  EXPECT_EQ(crc32c("123456789"), 0xe3069283U);  // RFC 3720
  EXPECT_EQ(to_hex(sha256("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");  // FIPS 180-2
  HmacSha256 hmac{std::string(20, '\x0b')};                                       // RFC 4231, case 1
  EXPECT_EQ(to_hex(hmac.sign("Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac.sign("Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

/// The processor's own instruction takes eight, four and one bytes; its twin a bit at a time.
TEST(Digest, ChecksumOfEveryLengthIsThatOfItsSlowTwin) {
  auto random = Prng::stream(5, "bytes");
  std::string bytes;
  for (int length = 0; length < 80; ++length) {
    std::uint32_t slow = ~0U;
    for (const char c : bytes) {
      slow ^= static_cast<std::uint8_t>(c);
      for (int bit = 0; bit < 8; ++bit) slow = (slow >> 1) ^ ((slow & 1) != 0 ? 0x82f63b78U : 0U);
    }
    EXPECT_EQ(crc32c(bytes), ~slow) << length;
    const auto half = bytes.size() / 2;
    EXPECT_EQ(crc32c(std::string_view{bytes}.substr(half), crc32c(std::string_view{bytes}.substr(0, half))),
              ~slow);
    bytes.push_back(static_cast<char>(random.next()));
  }
}

TEST(Prng, SameSeedAndNameSameStream) {
  auto a = Prng::stream(1, "market"), b = Prng::stream(1, "market"), c = Prng::stream(1, "faults");
  EXPECT_EQ(a.next(), b.next());
  EXPECT_NE(a.next(), c.next());
  double sum = 0, squares = 0;
  for (int i = 0; i < 200'000; ++i) {
    const double x = a.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_NEAR(sum / 200'000, 0, 0.01);
  EXPECT_NEAR(squares / 200'000, 1, 0.02);
}

TEST(Ring, KeepsOrderRoundTheWall) {
  Ring<int> ring{3};
  for (int i = 0; i < 10; ++i) {
    if (ring.full()) ring.pop_front();
    ring.push_back(i);
  }
  EXPECT_EQ(ring.front(), 7);
  EXPECT_EQ(ring[1], 8);
  EXPECT_EQ(ring.pop_back(), 9);
  EXPECT_EQ(ring.size(), 2u);
}

TEST(Nearest, FindsTheWordThatWasMeant) {
  const std::array<std::string, 3> known{"backtest", "exchange", "features"};
  EXPECT_EQ(nearest_name("exchnage", known), "exchange");
  EXPECT_EQ(nearest_name("zzz", known), "");
}

TEST(Time, PrintsUtc) {
  EXPECT_EQ(to_rfc3339(Instant::from_ms(1781210045123)), "2026-06-11T20:34:05.123Z");
  EXPECT_EQ(Instant{-1}.seconds(), -1);
}

}  // namespace
}  // namespace mlbot
