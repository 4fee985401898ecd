// Any bytes: decode_public answers or refuses, and what it accepts it gives again after being written and
// read.
#include <cstdlib>

#include "venue/bybit/fuzz_support.h"
#include "venue/bybit/public_decode.h"
#include "venue/bybit/public_encode.h"

namespace bybit = mlbot::venue::bybit;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  bybit::DecodeScratch scratch, again;
  const auto& table = bybit::fuzz::table();
  const auto message = bybit::decode_public(bybit::fuzz::text_of(data, size), table, scratch);
  if (!message) return 0;
  const auto* news = std::get_if<bybit::MarketNews>(&*message);
  const auto* book = news == nullptr ? nullptr : std::get_if<mlbot::BookUpdate>(&news->event);
  if (book == nullptr) return 0;
  std::string frame;
  bybit::encode_book(table[book->symbol], *book, news->depth, news->venue_time, frame);
  const auto read = bybit::decode_public(frame, table, again);
  if (!read) std::abort();
  const auto& second = std::get<mlbot::BookUpdate>(std::get<bybit::MarketNews>(*read).event);
  if (!std::ranges::equal(second.bids, book->bids) || !std::ranges::equal(second.asks, book->asks))
    std::abort();
  return 0;
}
