// Any body through every REST decoder.
#include "venue/bybit/fuzz_support.h"
#include "venue/bybit/rest_decode.h"

namespace bybit = mlbot::venue::bybit;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  bybit::DecodeScratch scratch;
  const auto& table = bybit::fuzz::table();
  const auto body = bybit::fuzz::text_of(data, size);
  std::vector<mlbot::Event> out;
  (void)bybit::decode_answer(body, mlbot::RequestKind::place, {0}, "m-1", scratch);
  (void)bybit::decode_server_time(body, scratch);
  (void)bybit::decode_instruments(body, scratch);
  (void)bybit::decode_risk_limit(body, scratch);
  (void)bybit::decode_klines(body, table[{0}], 1, scratch);
  (void)bybit::decode_tickers(body, table, scratch);
  (void)bybit::decode_fee_rates(body, scratch);
  (void)bybit::decode_book(body, table, scratch);
  (void)bybit::decode_orders(body, table, scratch, out);
  (void)bybit::decode_executions(body, table, scratch, out);
  (void)bybit::decode_positions(body, table, scratch, out);
  (void)bybit::decode_wallet(body, scratch);
  return 0;
}
