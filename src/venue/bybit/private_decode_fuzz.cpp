// Any bytes on the private stream: an answer or a refusal, never a crash.
#include "venue/bybit/fuzz_support.h"
#include "venue/bybit/private_decode.h"

namespace bybit = mlbot::venue::bybit;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  bybit::DecodeScratch scratch;
  (void)bybit::decode_private(bybit::fuzz::text_of(data, size), bybit::fuzz::table(), scratch);
  return 0;
}
