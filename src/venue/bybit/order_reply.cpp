#include "venue/bybit/order_reply.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "venue/bybit/json_reader.h"
#include "venue/bybit/json_text.h"
#include "venue/bybit/rest_paths.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::venue::bybit {
namespace {

std::int32_t code_of(Row& row, std::string_view key) {
  const std::int64_t code = row.integer(key);
  if (code >= INT32_MIN && code <= INT32_MAX) return static_cast<std::int32_t>(code);
  row.fail(key, "does not fit");
  return 0;
}

OrderReply::Item ids_of(Row& row) {
  OrderReply::Item item;
  item.venue_id = row.inline_text<VenueId>("orderId", row.text_or_empty("orderId"));
  item.client_id = row.inline_text<ClientOrderId>("orderLinkId", row.text_or_empty("orderLinkId"));
  return item;
}

constexpr std::array ops{std::pair{path::create, std::string_view{"order.create"}},
                         std::pair{path::amend, std::string_view{"order.amend"}},
                         std::pair{path::cancel, std::string_view{"order.cancel"}},
                         std::pair{path::create_batch, std::string_view{"order.create-batch"}},
                         std::pair{path::amend_batch, std::string_view{"order.amend-batch"}},
                         std::pair{path::cancel_batch, std::string_view{"order.cancel-batch"}}};

}  // namespace

Result<OrderReply, DecodeError> decode_order_reply(std::string_view body, std::size_t orders,
                                                   DecodeScratch& scratch) {
  Reading reading;
  const dom::object root = open_document(padded_copy(body, scratch.impl().padded), scratch, reading);
  Row head{root, "reply", reading};
  OrderReply reply;
  reply.code = code_of(head, "retCode");
  reply.text = head.text_or_empty("retMsg");
  if (!reading.ok()) return std::unexpected{reading.take()};
  if (reply.code != 0) return reply;
  dom::element ignored;
  const std::string_view carrier = root.at_key("data").get(ignored) == simdjson::SUCCESS ? "data" : "result";
  const dom::object result = object_of(root, carrier, "reply", reading);
  if (orders == 1) {
    Row row{result, carrier, reading};
    reply.items.push_back(ids_of(row));
  } else {
    each_object(list_of(result, "list", carrier, reading), "list", reading,
                [&](const dom::object& object, std::size_t index) {
                  Row row{object, "list", index, reading};
                  reply.items.push_back(ids_of(row));
                });
    const dom::object extra = object_of(root, "retExtInfo", "reply", reading);
    std::size_t told = 0;
    each_object(list_of(extra, "list", "retExtInfo", reading), "retExtInfo.list", reading,
                [&](const dom::object& object, std::size_t index) {
                  Row row{object, "retExtInfo.list", index, reading};
                  ++told;
                  if (index >= reply.items.size()) return;
                  reply.items[index].code = code_of(row, "code");
                  reply.items[index].text = row.text_or_empty("msg");
                });
    if (reading.ok() && (reply.items.size() != orders || told != orders)) {
      reading.fail("list", fmt::format("{} orders and {} codes for {} that were sent", reply.items.size(),
                                       told, orders));
    }
  }
  if (!reading.ok()) return std::unexpected{reading.take()};
  return reply;
}

Result<TradeFrame, DecodeError> decode_trade_frame(std::string_view text, DecodeScratch& scratch) {
  Reading reading;
  const dom::object root = open_document(padded_copy(text, scratch.impl().padded), scratch, reading);
  Row row{root, "message", reading};
  TradeFrame frame;
  frame.code = code_of(row, "retCode");
  frame.text = row.text_or_empty("retMsg");
  frame.request_id = row.text_or_empty("reqId");
  const std::string_view op = row.text_or_empty("op");
  if (op == "auth") frame.kind = TradeFrame::Kind::auth;
  if (op == "pong" || op == "ping") frame.kind = TradeFrame::Kind::pong;
  if (op.starts_with("order.")) frame.kind = TradeFrame::Kind::order;
  dom::object header;
  if (reading.ok() && root.at_key("header").get_object().get(header) == simdjson::SUCCESS) {
    for (const dom::key_value_pair field : header) {
      std::string_view value;
      if (!field.value.get_string().get(value)) frame.quota.emplace_back(field.key, value);
    }
  }
  if (!reading.ok()) return std::unexpected{reading.take()};
  return frame;
}

std::string encode_trade_order(std::string_view request_id, std::string_view op, std::string_view body,
                               Instant at, Duration receive_window) {
  return fmt::format(
      R"({{"reqId":{},"header":{{"X-BAPI-TIMESTAMP":"{}","X-BAPI-RECV-WINDOW":"{}"}},"op":"{}","args":[{}]}})",
      json_quoted(request_id), at.ms(), receive_window / 1ms, op, body);
}

std::string_view trade_op(std::string_view of) {
  const auto* const found = std::ranges::find(ops, of, &std::pair<std::string_view, std::string_view>::first);
  return found != ops.end() ? found->second : std::string_view{};
}

std::string encode_trade_ping(std::string_view request_id) {
  return fmt::format(R"({{"reqId":{},"op":"ping"}})", json_quoted(request_id));
}

std::string encode_trade_auth(std::string_view request_id, std::string_view key, HmacSha256& secret,
                              Instant expires) {
  const std::string expires_ms = std::to_string(expires.ms());
  return fmt::format(R"({{"reqId":{},"op":"auth","args":[{},{},"{}"]}})", json_quoted(request_id),
                     json_quoted(key), expires_ms, auth_signature(secret, expires_ms));
}

}  // namespace mlbot::venue::bybit
