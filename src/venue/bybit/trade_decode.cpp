#include "venue/bybit/trade_decode.h"

#include "venue/bybit/control_decode.h"

namespace mlbot::venue::bybit {
namespace {

OrderAck read_ack(Row& row) {
  OrderAck ack;
  ack.symbol = row.inline_text<SymbolName>("symbol", row.text_or_empty("symbol"));
  ack.venue_id = row.inline_text<VenueId>("orderId", row.text("orderId"));
  ack.client_id = row.inline_text<ClientOrderId>("orderLinkId", row.text_or_empty("orderLinkId"));
  return ack;
}

std::int32_t code_of(Row& row, std::string_view key) {
  const std::int64_t code = row.integer(key);
  if (code < INT32_MIN || code > INT32_MAX) row.fail(key, "does not fit");
  return static_cast<std::int32_t>(code);
}

/// `list` of the result beside `list` of retExtInfo, which has been seen as {}, "", null and not at all.
void read_acks(const dom::object& root, const dom::object& result, std::string_view place, Reading& reading,
               std::vector<OrderAck>& out) {
  each_object(list_of(result, "list", place, reading), "list", reading,
              [&](const dom::object& object, std::size_t index) {
                Row row{object, "list", index, reading};
                out.push_back(read_ack(row));
              });
  dom::array codes;
  if (!reading.ok()) return;
  if (root["retExtInfo"]["list"].get_array().get(codes)) {
    for (std::size_t i = 0; i < out.size(); ++i)
      if (out[i].venue_id.empty())
        return reading.fail("retExtInfo.list", "missing, and an order has no id: was it taken?");
    return;
  }
  std::size_t coded = 0;
  each_object(codes, "retExtInfo.list", reading, [&](const dom::object& object, std::size_t index) {
    Row row{object, "retExtInfo.list", index, reading};
    const std::int32_t code = code_of(row, "code");
    if (index < out.size()) {
      out[index].code = code;
      out[index].text = venue_text(row.text_or_empty("msg"));
    }
    ++coded;
  });
  if (reading.ok() && coded != out.size())
    reading.fail("retExtInfo.list", "of another length than the orders");
}

RateQuota read_quota(const dom::object& root, Reading& reading, Instant& venue_time) {
  RateQuota quota;
  dom::object object;
  if (!reading.ok() || root["header"].get_object().get(object)) return quota;
  Row header{object, "header", reading};
  quota.limit = header.optional_integer("X-Bapi-Limit");
  quota.left = header.optional_integer("X-Bapi-Limit-Status");
  if (!header.text_or_empty("X-Bapi-Limit-Reset-Timestamp").empty())
    quota.resets_at = header.time_ms("X-Bapi-Limit-Reset-Timestamp");
  venue_time = header.time_ms_or_zero("Timenow");
  return quota;
}

}  // namespace

Result<TradeMessage, DecodeError> decode_trade(PaddedText bytes, DecodeScratch& scratch) {
  Reading reading;
  Row message{open_document(bytes, scratch, reading), "message", reading};
  const std::string_view operation = message.text_or_empty("op");
  if (!operation.starts_with("order.")) {
    Control control = reading.ok() ? read_control(message) : Control{};
    if (!reading.ok()) return std::unexpected{reading.take()};
    return control;
  }
  TradeReply reply;
  reply.operation = operation;
  reply.request_id = message.text_or_empty("reqId");
  reply.code = code_of(message, "retCode");
  reply.text = venue_text(message.text_or_empty("retMsg"));
  reply.quota = read_quota(message.object(), reading, reply.venue_time);
  if (reply.code == 0) {
    const dom::object data = object_of(message.object(), "data", "message", reading);
    if (operation.ends_with("-batch")) {
      read_acks(message.object(), data, "data", reading, reply.orders);
    } else {
      Row row{data, "data", reading};
      reply.orders.push_back(read_ack(row));
    }
  }
  if (!reading.ok()) return std::unexpected{reading.take()};
  return reply;
}

Result<TradeMessage, DecodeError> decode_trade(std::string_view bytes, DecodeScratch& scratch) {
  return decode_trade(padded_copy(bytes, scratch.impl().padded), scratch);
}

Result<std::vector<OrderAck>, DecodeError> decode_order_acks(std::string_view body, DecodeScratch& scratch) {
  Reading reading;
  const dom::object root = open_document(padded_copy(body, scratch.impl().padded), scratch, reading);
  const dom::object result = object_of(root, "result", "reply", reading);
  std::vector<OrderAck> out;
  dom::element list;
  if (reading.ok() && result["list"].get(list) != simdjson::NO_SUCH_FIELD)
    read_acks(root, result, "result", reading, out);
  if (!reading.ok()) return std::unexpected{reading.take()};
  return out;
}

}  // namespace mlbot::venue::bybit
