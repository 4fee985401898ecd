// A place in a frame that only moves forward, and the numbers that are read there eight digits at once. For
// the scanners of this folder.
//
// Bytes behind the frame: up to 16 are looked at, never believed. Whoever scans a list asks inside() before
// each item, and done() at the end; what lies behind the frame then cannot have been taken for a part of it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/time.h"
#include "venue/bybit/grid_text.h"

namespace mlbot::venue::bybit {

/// Value of eight digits, each less its '0', the first in the lowest byte.
constexpr std::uint64_t value_of_eight(std::uint64_t digits) {
  constexpr std::uint64_t every_fourth = 0x0000'00FF'0000'00FF;
  digits = digits * 10 + (digits >> 8);  // pairs
  return ((digits & every_fourth) * (100 + (1'000'000ull << 32)) +
          ((digits >> 16) & every_fourth) * (1 + (10'000ull << 32))) >>
         32;
}

class Cursor {
 public:
  /// @param frame  with 64 readable bytes behind it.
  explicit Cursor(std::string_view frame) : at_{frame.data()}, end_{frame.data() + frame.size()} {}

  bool inside() const { return at_ < end_; }
  bool done() const { return at_ == end_; }

  template <std::size_t Size>
  bool skip(const char (&expected)[Size]) {
    if (std::memcmp(at_, expected, Size - 1) != 0) return false;
    at_ += Size - 1;
    return true;
  }
  bool skip(char expected) {
    if (*at_ != expected) return false;
    ++at_;
    return true;
  }
  bool skip(std::string_view expected) {
    if (end_ - at_ < static_cast<std::ptrdiff_t>(expected.size())) return false;
    if (std::memcmp(at_, expected.data(), expected.size()) != 0) return false;
    at_ += expected.size();
    return true;
  }
  /// "true" or "false".
  bool boolean(bool& out) {
    out = *at_ == 't';
    return out ? skip("true") : skip("false");
  }
  /// At most 18 digits, no leading zero: what a JSON parser would take as a number.
  bool number(std::uint64_t& out) {
    const char* const begin = at_;
    out = 0;
    std::size_t eights = 0;
    for (std::uint64_t digits = load_eight(); eights < 2 && all_digits(digits); digits = load_eight()) {
      out = out * 100'000'000 + value_of_eight(digits);
      at_ += 8;
      ++eights;
    }
    while (*at_ >= '0' && *at_ <= '9' && at_ - begin <= 18)
      out = out * 10 + static_cast<std::uint64_t>(*at_++ - '0');
    const auto digits = at_ - begin;
    return digits > 0 && digits <= 18 && (digits == 1 || *begin != '0') && at_ <= end_;
  }
  bool time(Instant& out) {
    std::uint64_t ms = 0;
    if (!number(ms) || ms > INT64_MAX / 1'000'000) return false;
    out = Instant::from_ms(static_cast<std::int64_t>(ms));
    return true;
  }
  /// Up to a character that stands in plain text.
  bool until(char stop, std::string_view& out) {
    if (!inside()) return false;
    const auto* found =
        static_cast<const char*>(std::memchr(at_, stop, static_cast<std::size_t>(end_ - at_)));
    if (found == nullptr) return false;
    out = {at_, static_cast<std::size_t>(found - at_)};
    at_ = found;
    return true;
  }
  /// Letters, digits and hyphens up to a quote, which is passed: what needs no unescaping and is plain UTF-8.
  bool plain_word(std::string_view& out) {
    const char* const begin = at_;
#ifdef __SSE2__
    for (; inside(); at_ += 16) {
      const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
      const auto within = [](__m128i value, char low, char high) {
        const __m128i above = _mm_sub_epi8(value, _mm_set1_epi8(low));
        return _mm_cmpeq_epi8(_mm_min_epu8(above, _mm_set1_epi8(static_cast<char>(high - low))), above);
      };
      const __m128i plain = _mm_or_si128(
          _mm_or_si128(within(text, '0', '9'), within(_mm_or_si128(text, _mm_set1_epi8(0x20)), 'a', 'z')),
          _mm_cmpeq_epi8(text, _mm_set1_epi8('-')));
      const int length = std::countr_one(static_cast<unsigned>(_mm_movemask_epi8(plain)));
      if (length == 16) continue;
      at_ += length;
      break;
    }
#else
    const auto plain = [](char c) {
      return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
    };
    while (inside() && plain(*at_)) ++at_;
#endif
    if (!inside()) return false;
    out = {begin, static_cast<std::size_t>(at_ - begin)};
    return skip('"');
  }
  /// Steps of a decimal in quotes; the opening quote is behind us, the closing one is passed. False for what
  /// is no plain decimal on the grid, and for more than eighteen digits: the parser then has the word.
  [[gnu::always_inline]] bool steps(const Grid& grid, std::int64_t& out) {
#ifdef __SSE2__
    if (short_steps(grid, out)) return true;
#endif
    return long_steps(grid, out);
  }

 private:
  [[gnu::noinline]] bool long_steps(const Grid& grid, std::int64_t& out) {
    if (!inside()) return false;
    const auto value = read_steps(at_, end_, grid);
    out = value.value_or(0);
    return value && inside() && skip('"');
  }
  std::uint64_t load_eight() const {
    std::uint64_t bytes;
    std::memcpy(&bytes, at_, 8);
    return bytes - 0x3030'3030'3030'3030;
  }
  /// Of bytes less '0' without borrow between them: a byte below '0' borrows and is then above 9 itself.
  static bool all_digits(std::uint64_t digits) {
    return ((digits | (digits + 0x7676'7676'7676'7676)) & 0x8080'8080'8080'8080) == 0;
  }

#ifdef __SSE2__
  /// Up to eight digits that count within sixteen characters: nearly every price and size. Moves nothing when
  /// it does not fit.
  [[gnu::always_inline]] bool short_steps(const Grid& grid, std::int64_t& out) {
    static constexpr std::array<std::int64_t, 9> power{1,       10,        100,        1'000,      10'000,
                                                       100'000, 1'000'000, 10'000'000, 100'000'000};
    const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at_));
    const auto mask_of = [&](__m128i equal) { return static_cast<unsigned>(_mm_movemask_epi8(equal)); };
    const unsigned quotes = mask_of(_mm_cmpeq_epi8(text, _mm_set1_epi8('"')));
    if (quotes == 0) return false;
    const __m128i values = _mm_sub_epi8(text, _mm_set1_epi8('0'));
    const unsigned digits = mask_of(_mm_cmpeq_epi8(_mm_min_epu8(values, _mm_set1_epi8(9)), values));
    const int length = std::countr_zero(quotes);
    const unsigned inside_quotes = (1u << length) - 1;
    const unsigned others = ~digits & inside_quotes;  // nothing, or the point
    const int whole = std::countr_zero(others | (1u << length));
    const bool point = whole != length;
    const int fraction = length - whole - static_cast<int>(point);
    const int kept = fraction < grid.decimals ? fraction : grid.decimals;
    const int counted = whole + kept;
    // What stands behind the grid's decimals must be zeros. One branch for all doubts: a size is a lone 0 too
    // often for the processor to guess it.
    const unsigned zeros = mask_of(_mm_cmpeq_epi8(values, _mm_setzero_si128()));
    const unsigned dropped = inside_quotes & ~((2u << counted) - 1);
    const bool doubtful = (at_[whole] != (point ? '.' : '"')) | ((others & (others - 1)) != 0) |
                          (whole == 0) | (counted > 8) | ((zeros & dropped) != dropped);
    if (doubtful) return false;
    std::uint64_t head, tail;
    std::memcpy(&head, at_, 8);
    std::memcpy(&tail, at_ + whole + 1, 8);
    constexpr std::uint64_t all_zeros = 0x3030'3030'3030'3030;
    head = (head - all_zeros) & (~0ull >> (64 - 8 * whole));
    tail = (tail - all_zeros) & ((1ull << (8 * kept)) - 1);  // kept <= 7: whole is at least 1
    const std::uint64_t joined = (head | ((tail << (8 * whole - 8)) << 8)) << (64 - 8 * counted);
    const std::int64_t value =
        static_cast<std::int64_t>(value_of_eight(joined)) * power[grid.decimals - kept];
    at_ += length + 1;
    out = value;
    if (grid.multiple == 1) return true;
    out = value / grid.multiple;
    if (out * grid.multiple == value) return true;
    at_ -= length + 1;
    return false;
  }
#endif

  const char* at_;
  const char* end_;
};

}  // namespace mlbot::venue::bybit
