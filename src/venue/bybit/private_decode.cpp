#include "venue/bybit/private_decode.h"

#include <fmt/format.h>

#include "venue/bybit/account_decode.h"
#include "venue/bybit/control_decode.h"

namespace mlbot::venue::bybit {
namespace {

std::uint32_t read_data(std::string_view topic, const dom::array& data, const InstrumentTable& table,
                        DecodeScratch& scratch, Reading& reading) {
  for (const std::string_view category : {".linear", ".inverse", ".spot", ".option"})
    if (topic.ends_with(category)) topic.remove_suffix(category.size());
  std::size_t rows = 0;
  constexpr auto stream = NewsSource::stream;
  if (topic == "order") {
    return read_rows(
        data, "data", table, reading, scratch.events, rows,
        [](Row& row, const Instrument& instrument) { return read_order(row, instrument, stream); });
  }
  if (topic == "execution") {
    return read_rows(
        data, "data", table, reading, scratch.events, rows,
        [](Row& row, const Instrument& instrument) { return read_execution(row, instrument, stream); });
  }
  if (topic == "execution.fast") {
    return read_rows(data, "data", table, reading, scratch.events, rows,
                     [](Row& row, const Instrument& instrument) { return read_fast(row, instrument); });
  }
  if (topic == "position") {
    return read_rows(
        data, "data", table, reading, scratch.events, rows,
        [](Row& row, const Instrument& instrument) { return read_position(row, instrument, stream); });
  }
  if (topic != "wallet") {
    reading.fail("message.topic", fmt::format("'{}' is no topic that we read", topic));
    return 0;
  }
  each_object(data, "data", reading, [&](const dom::object& object, std::size_t index) {
    Row row{object, "data", index, reading};
    if (const auto wallet = read_wallet(row, stream)) scratch.events.emplace_back(*wallet);
  });
  return 0;
}

}  // namespace

Result<PrivateMessage, DecodeError> decode_private(PaddedText bytes, const InstrumentTable& table,
                                                   DecodeScratch& scratch) {
  Reading reading;
  scratch.events.clear();
  Row message{open_document(bytes, scratch, reading), "message", reading};
  std::string_view topic;
  if (!message.has_text("topic", topic)) {
    Control control = reading.ok() ? read_control(message) : Control{};
    if (!reading.ok()) return std::unexpected{reading.take()};
    return control;
  }
  AccountNews news;
  if (topic.starts_with("dcp."))
    return news;  // subscribing arms it; what a push would hold is not documented
  news.venue_time = message.time_ms("creationTime");
  const dom::array data = list_of(message.object(), "data", "message", reading);
  if (reading.ok()) news.foreign_rows = read_data(topic, data, table, scratch, reading);
  if (!reading.ok()) return std::unexpected{reading.take()};
  news.events = scratch.events;
  return news;
}

Result<PrivateMessage, DecodeError> decode_private(std::string_view bytes, const InstrumentTable& table,
                                                   DecodeScratch& scratch) {
  return decode_private(padded_copy(bytes, scratch.impl().padded), table, scratch);
}

}  // namespace mlbot::venue::bybit
