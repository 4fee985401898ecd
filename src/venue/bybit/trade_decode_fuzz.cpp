// Any bytes on the order-entry socket, and any REST body of acknowledgements.
#include "venue/bybit/fuzz_support.h"
#include "venue/bybit/trade_decode.h"

namespace bybit = mlbot::venue::bybit;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  bybit::DecodeScratch scratch;
  const auto text = bybit::fuzz::text_of(data, size);
  (void)bybit::decode_trade(text, scratch);
  (void)bybit::decode_order_acks(text, scratch);
  return 0;
}
