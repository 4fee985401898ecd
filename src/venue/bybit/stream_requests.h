// What a client says on a stream (subscribe, unsubscribe, auth, ping), and how the venue answers: both
// directions.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "venue/bybit/message.h"

namespace mlbot::venue::bybit {

// ---- the client's side

std::string encode_subscribe(std::string_view request_id, std::span<const std::string> topics);
std::string encode_unsubscribe(std::string_view request_id, std::span<const std::string> topics);
std::string encode_ping(std::string_view request_id);
/// HMAC("GET/realtime" + expires) in hexadecimal, of every socket that signs in.
std::string auth_signature(HmacSha256& secret, std::string_view expires_ms);
/// {"req_id":…,"op":"auth","args":[key, expires, HMAC("GET/realtime" + expires)]}
std::string encode_auth(std::string_view request_id, std::string_view key, HmacSha256& secret,
                        Instant expires);

std::string book_topic(int depth, std::string_view symbol);
std::string trades_topic(std::string_view symbol);
std::string ticker_topic(std::string_view symbol);
std::string kline_topic(int minutes, std::string_view symbol);
std::string liquidations_topic(std::string_view symbol);

// ---- the venue's side

struct StreamRequest {
  enum class Kind : std::uint8_t { subscribe, unsubscribe, auth, ping, unknown };
  Kind kind = Kind::unknown;
  std::string request_id;  ///< text also where a number was sent
  bool has_request_id = false;
  std::vector<std::string> topics;  ///< of subscribe and unsubscribe
  std::string key, signature;       ///< of auth
  std::int64_t expires_ms = 0;      ///< of auth; sent as number or as text
};
/// @error DecodeError for text that is not JSON, or an auth without its three arguments.
Result<StreamRequest, DecodeError> decode_stream_request(std::string_view text);

/// What a topic asks for; `name` is the part before the symbol.
struct Topic {
  enum class Kind : std::uint8_t {
    book,
    trades,
    ticker,
    kline,
    liquidations,
    old_liquidation,  ///< "liquidation", removed by the venue in 2025; captures have it
    price_limit,
    adl_alert,  ///< of a coin: `symbol` is "USDT"
    insurance,  ///< of a coin
    account,
    unknown
  };
  Kind kind = Kind::unknown;
  std::int32_t number = 0;  ///< depth of a book, minutes of a kline (interval_words)
  std::string_view symbol;  ///< a view into the text
};
/// Depths other than 1, 50, 200, 1000, 500 (served until 2025-09, so captures have it) and intervals that the
/// venue does not list are unknown.
Topic parse_topic(std::string_view text);

/// Whether the signature of an auth request is the one that this secret makes.
bool auth_signature_valid(const StreamRequest& request, HmacSha256& secret);

/// Public and private answers differ in the pong only.
enum class StreamKind : std::uint8_t { public_stream, private_stream };
std::string encode_ack(const StreamRequest& request, std::string_view connection);
/// `text` as the venue words it: "error:handler not found,topic:orderbook.50.NOPEUSDT".
std::string encode_refusal(const StreamRequest& request, std::string_view connection, std::string_view text);
std::string encode_pong(const StreamRequest& request, StreamKind kind, std::string_view connection,
                        Instant at);

}  // namespace mlbot::venue::bybit
