#include "venue/bybit/control_decode.h"

namespace mlbot::venue::bybit {

Control read_control(Row& row) {
  Control control;
  std::string op{row.text_or_empty("op")};
  const std::string_view type = row.text_or_empty("type");  // shapes of 2022 have a type and no op
  if (op.empty() && type == "AUTH_RESP") op = "auth";
  if (op.empty() && type == "COMMAND_RESP") op = "subscribe";
  control.request_id = row.text_or_empty("req_id");
  if (control.request_id.empty()) control.request_id = row.text_or_empty("reqId");
  std::string_view word;
  if (row.has_text("success", word)) control.accepted = word == "true";
  if (row.has_text("retCode", word)) control.accepted = word == "0";
  control.text = row.text_or_empty("ret_msg");
  if (control.text.empty()) control.text = row.text_or_empty("retMsg");
  if (op == "subscribe") {
    control.kind = Control::Kind::subscribe;
  } else if (op == "unsubscribe") {
    control.kind = Control::Kind::unsubscribe;
  } else if (op == "auth") {
    control.kind = Control::Kind::auth;
  } else if (op == "ping" || op == "pong") {
    control.kind = Control::Kind::pong;
  } else if (op.empty() && control.accepted && control.text.empty()) {
    row.reading().fail("message", "neither a topic nor an answer");
  }
  return control;
}

}  // namespace mlbot::venue::bybit
