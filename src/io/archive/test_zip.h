// Compressed bytes for tests: gzip members, and zips with one file as the book archive has them.
#pragma once

#include <zlib.h>

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

namespace mlbot::io::archive {

/// @param window_bits  as zlib's deflateInit2: -15 raw, 31 gzip
inline std::string deflated(std::string_view text, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 32, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}
inline std::string gzip_of(std::string_view text) { return deflated(text, 31); }

struct ZipMaking {
  bool stored = false;
  std::uint32_t crc_error = 0;   ///< added to the true CRC
  std::uint32_t size_error = 0;  ///< added to the true size of the content
  bool with_64 = false;          ///< sizes in the 64-bit extra field, as for files beyond 4 GB
  std::string comment{};
};

inline std::string zip_of(std::string_view name, std::string_view text, const ZipMaking& making = {}) {
  const auto number = [](std::uint64_t value, int bytes) {
    std::string out;
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xff);
    return out;
  };
  const std::string data = making.stored ? std::string{text} : deflated(text, -15);
  const auto crc = crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())) +
                   making.crc_error;
  const std::uint64_t size = text.size() + making.size_error;
  const std::string extra =
      making.with_64 ? number(1, 2) + number(16, 2) + number(size, 8) + number(data.size(), 8) : "";
  const std::string sizes =
      making.with_64 ? number(0xffff'ffff'ffff'ffff, 8) : number(data.size(), 4) + number(size, 4);
  const std::string common = number(20, 2) + number(0, 2) + number(making.stored ? 0 : 8, 2) + number(0, 4) +
                             number(crc, 4) + sizes + number(name.size(), 2) + number(extra.size(), 2);
  std::string out = "PK\x03\x04" + common + std::string{name} + extra + data;
  const auto directory_at = out.size();
  out += "PK\x01\x02" + number(20, 2) + common + number(0, 2) + number(0, 2) + number(0, 2) + number(0, 4) +
         number(0, 4) + std::string{name} + extra;
  const auto directory_bytes = out.size() - directory_at;
  out += "PK\x05\x06" + number(0, 4) + number(1, 2) + number(1, 2) + number(directory_bytes, 4) +
         number(directory_at, 4) + number(making.comment.size(), 2) + making.comment;
  return out;
}

inline void spill_bytes(const std::string& path, std::string_view bytes) {
  std::ofstream{path, std::ios::binary}.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

}  // namespace mlbot::io::archive
