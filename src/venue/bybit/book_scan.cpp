#include "venue/bybit/book_scan.h"

#include <cstring>

#include "venue/bybit/grid_text.h"

namespace mlbot::venue::bybit {
namespace {

/// A place in the frame that only moves forward; `at` never passes `end`.
struct Cursor {
  const char* at;
  const char* end;

  bool skip(std::string_view expected) {
    if (static_cast<std::size_t>(end - at) < expected.size()) return false;
    if (std::memcmp(at, expected.data(), expected.size()) != 0) return false;
    at += expected.size();
    return true;
  }
  bool skip(char expected) {
    if (at == end || *at != expected) return false;
    ++at;
    return true;
  }
  /// At most 18 digits, no leading zero: what a JSON parser would take as a number.
  bool number(std::uint64_t& out) {
    const char* const begin = at;
    out = 0;
    while (at != end && *at >= '0' && *at <= '9') out = out * 10 + static_cast<std::uint64_t>(*at++ - '0');
    const auto digits = at - begin;
    return digits > 0 && digits <= 18 && (digits == 1 || *begin != '0');
  }
  /// Up to a character that stands in plain text.
  bool until(char stop, std::string_view& out) {
    const auto* found = static_cast<const char*>(std::memchr(at, stop, static_cast<std::size_t>(end - at)));
    if (found == nullptr) return false;
    out = {at, static_cast<std::size_t>(found - at)};
    at = found;
    return true;
  }
  bool time(Instant& out) {
    std::uint64_t ms = 0;
    if (!number(ms) || ms > INT64_MAX / 1'000'000) return false;
    out = Instant::from_ms(static_cast<std::int64_t>(ms));
    return true;
  }
};

/// [["price","size"],…] behind its opening bracket, closing bracket included.
bool levels(Cursor& in, const InstrumentTable::Entry& entry, std::vector<BookLevel>& out) {
  out.clear();
  if (in.skip(']')) return true;
  do {
    if (!in.skip("[\"")) return false;
    const auto price = read_steps(in.at, in.end, entry.price);
    if (!price || *price == 0 || !in.skip("\",\"")) return false;
    const auto size = read_steps(in.at, in.end, entry.size);
    if (!size || !in.skip("\"]")) return false;
    out.push_back({{*price}, {*size}});
  } while (in.skip(','));
  return in.skip(']');
}

}  // namespace

bool scan_book(std::string_view frame, const InstrumentTable& table, DecodeScratch& scratch,
               MarketNews& news) {
  Cursor in{frame.data(), frame.data() + frame.size()};
  std::uint64_t depth = 0;
  std::string_view symbol, kind, again;
  if (!in.skip("{\"topic\":\"orderbook.") || !in.number(depth) || !in.skip('.') || !in.until('"', symbol))
    return false;
  if (depth != 1 && depth != 50 && depth != 200 && depth != 1000) return false;
  const InstrumentTable::Entry* const entry = table.find(symbol);
  if (entry == nullptr || !in.skip("\",\"type\":\"") || !in.until('"', kind)) return false;
  if (kind != "snapshot" && kind != "delta") return false;
  BookUpdate book{.symbol = entry->instrument.id,
                  .kind = kind == "delta" ? UpdateKind::delta : UpdateKind::snapshot};
  if (!in.skip("\",\"ts\":") || !in.time(news.venue_time)) return false;
  if (!in.skip(",\"data\":{\"s\":\"") || !in.until('"', again) || again != symbol) return false;
  if (!in.skip("\",\"b\":[") || !levels(in, *entry, scratch.records.bids)) return false;
  if (!in.skip(",\"a\":[") || !levels(in, *entry, scratch.records.asks)) return false;
  if (!in.skip(",\"u\":") || !in.number(book.update_id)) return false;
  if (!in.skip(",\"seq\":") || !in.number(book.cross_sequence)) return false;
  if (!in.skip("},\"cts\":") || !in.time(book.matched_at) || !in.skip('}') || in.at != in.end) return false;
  book.bids = scratch.records.bids;
  book.asks = scratch.records.asks;
  news.event = book;
  news.depth = static_cast<std::int32_t>(depth);
  return true;
}

}  // namespace mlbot::venue::bybit
