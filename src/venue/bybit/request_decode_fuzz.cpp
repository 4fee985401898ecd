// Any body, query or frame of a client through the venue's side.
#include "venue/bybit/fuzz_support.h"
#include "venue/bybit/request_decode.h"
#include "venue/bybit/stream_requests.h"

namespace bybit = mlbot::venue::bybit;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const auto& table = bybit::fuzz::table();
  const auto text = bybit::fuzz::text_of(data, size);
  (void)bybit::decode_place(text, table);
  (void)bybit::decode_amend(text, table);
  (void)bybit::decode_cancel(text, table);
  (void)bybit::decode_cancel_all(text, table);
  (void)bybit::decode_trading_stop(text, table);
  (void)bybit::decode_leverage(text, table);
  (void)bybit::Query::of_target(text);
  if (const auto request = bybit::decode_stream_request(text)) {
    (void)bybit::encode_ack(*request, "c");
    for (const auto& topic : request->topics) (void)bybit::parse_topic(topic);
  }
  return 0;
}
