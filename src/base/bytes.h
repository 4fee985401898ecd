// Plain binary writing and reading: varints, zig-zag, doubles by their bits. A reader that runs out says so
// once, at the end, instead of after every field.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace mlbot {

/// Writes `value` at `to`, seven bits a byte, the lowest first, and returns the place behind it: at most 10
/// bytes for 64 bits, 19 for 128.
template <class UInt>
char* put_varint(char* to, UInt value) {
  for (; value >= 0x80; value >>= 7) *to++ = static_cast<char>(static_cast<std::uint8_t>(value) | 0x80);
  *to++ = static_cast<char>(static_cast<std::uint8_t>(value));
  return to;
}

/// Small numbers of either sign become small numbers without one.
inline std::uint64_t folded(std::int64_t value) {
  return static_cast<std::uint64_t>(value) << 1 ^ static_cast<std::uint64_t>(value >> 63);
}

class ByteWriter {
 public:
  explicit ByteWriter(std::string& out) : out_{out} {}

  void u8(std::uint8_t value) { out_.push_back(static_cast<char>(value)); }
  void varint(std::uint64_t value) {
    char raw[10];
    out_.append(raw, put_varint(raw, value));
  }
  void zigzag(std::int64_t value) { varint(folded(value)); }
  /// Bytes as they are, without their length.
  void raw(std::string_view bytes) { out_.append(bytes); }
  void fixed64(std::uint64_t value) {
    char raw[8];
    std::memcpy(raw, &value, 8);
    out_.append(raw, 8);
  }
  void number(double value) { fixed64(std::bit_cast<std::uint64_t>(value)); }
  void text(std::string_view value) {
    varint(value.size());
    out_.append(value);
  }

 private:
  std::string& out_;
};

class ByteReader {
 public:
  explicit ByteReader(std::string_view in) : in_{in} {}

  std::uint8_t u8() { return need(1) ? static_cast<std::uint8_t>(in_[position_++]) : std::uint8_t{0}; }
  std::uint64_t varint() { return varint_of<std::uint64_t>(); }
  /// Of another width than 64 bits.
  template <class UInt>
  UInt varint_of() {
    constexpr int bits = 8 * sizeof(UInt);
    constexpr std::size_t bytes_max = (bits + 6) / 7;
    const bool whole = !failed_ && in_.size() - position_ >= bytes_max;  // no need to look for the end
    UInt value = 0;
    for (int shift = 0; shift < bits; shift += 7) {
      const std::uint8_t byte = whole ? static_cast<std::uint8_t>(in_[position_++]) : u8();
      value |= static_cast<UInt>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    failed_ = true;
    return 0;
  }
  std::int64_t zigzag() {
    const std::uint64_t value = varint();
    return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
  }
  std::uint64_t fixed64() {
    if (!need(8)) return 0;
    std::uint64_t value;
    std::memcpy(&value, in_.data() + position_, 8);
    position_ += 8;
    return value;
  }
  double number() { return std::bit_cast<double>(fixed64()); }
  std::string_view text() {
    const std::uint64_t size = varint();
    if (!need(size)) return {};
    const auto out = in_.substr(position_, size);
    position_ += size;
    return out;
  }
  void fail() { failed_ = true; }
  bool ok() const { return !failed_; }
  bool done() const { return position_ == in_.size(); }
  std::size_t position() const { return position_; }

 private:
  bool need(std::uint64_t n) {
    if (failed_ || n > in_.size() - position_) failed_ = true;
    return !failed_;
  }
  std::string_view in_;
  std::size_t position_ = 0;
  bool failed_ = false;
};

}  // namespace mlbot
