// The two HTTP messages that open a WebSocket (RFC 6455, section 4). No extension and no subprotocol is ever
// offered; an answer that grants one all the same is refused, since its frames could not be read.
#pragma once

#include <optional>
#include <string>

#include "io/net/http_types.h"

namespace mlbot::io::net {

/// 16 random bytes in base64: a new one for each handshake.
std::string new_websocket_key();
/// What a server must answer to a key.
std::string websocket_accept(std::string_view key);

/// What is wrong with a server's answer of status 101; nothing when it is good. Reads on after "the peer
/// answered ".
std::optional<std::string> fault_of_answer(int http_version, const Headers& answer, std::string_view key);

/// Whether a client wants a WebSocket.
bool wants_websocket(const HttpRequest& request);
/// The refusal (400, 426) of an upgrade that is not as RFC 6455 has it; nothing when it is good.
std::optional<HttpResponse> refusal_of_upgrade(int http_version, const HttpRequest& request);

}  // namespace mlbot::io::net
