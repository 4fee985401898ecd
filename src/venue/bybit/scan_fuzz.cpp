// The scanner of the known shapes beside the parser, on the same bytes: the same message or the same refusal.
#include <cstdlib>

#include "domain/record.h"
#include "venue/bybit/fuzz_support.h"
#include "venue/bybit/public_decode.h"

namespace bybit = mlbot::venue::bybit;

namespace {

/// All that a caller can see of an answer, as bytes.
std::string seen(const mlbot::Result<bybit::PublicMessage, bybit::DecodeError>& message) {
  if (!message) return message.error().where + "\n" + message.error().what;
  const auto* news = std::get_if<bybit::MarketNews>(&*message);
  if (news == nullptr) return "control";
  std::string out = std::to_string(news->depth) + " " + std::to_string(news->foreign_rows) + " ";
  encode(mlbot::Stamped{.venue_time = news->venue_time, .what = news->event}, out);
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static bybit::DecodeScratch either, parser;
  const auto& table = bybit::fuzz::table();
  const std::string padded = std::string{bybit::fuzz::text_of(data, size)} + std::string(64, '\0');
  const bybit::PaddedText text{std::string_view{padded}.substr(0, size)};
  if (seen(bybit::decode_public(text, table, either)) != seen(bybit::parse_public(text, table, parser)))
    std::abort();
  return 0;
}
