#include "venue/bybit/private_decode.h"

#include <fmt/format.h>

#include "venue/bybit/account_decode.h"
#include "venue/bybit/control_decode.h"

namespace mlbot::venue::bybit {
namespace {

std::uint32_t read_data(std::string_view topic, ondemand::array data, const InstrumentTable& table,
                        DecodeScratch& scratch, Reading& reading) {
  if (topic.ends_with(".linear")) topic.remove_suffix(std::string_view{".linear"}.size());
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
  if (topic == "position") {
    return read_rows(
        data, "data", table, reading, scratch.events, rows,
        [](Row& row, const Instrument& instrument) { return read_position(row, instrument, stream); });
  }
  if (topic != "wallet") {
    reading.fail("message.topic", fmt::format("'{}' is no topic that we read", topic));
    return 0;
  }
  for (auto item : data) {
    ondemand::object object;
    if (const auto error = item.get_object().get(object)) {
      reading.fail("data", error);
      return 0;
    }
    Row row{object, "data", rows++, reading};
    if (const auto wallet = read_wallet(row, stream)) scratch.events.emplace_back(*wallet);
    if (!reading.ok()) return 0;
  }
  return 0;
}

}  // namespace

Result<PrivateMessage, DecodeError> decode_private(PaddedText bytes, const InstrumentTable& table,
                                                   DecodeScratch& scratch) {
  Reading reading;
  ondemand::document document;
  ondemand::object root;
  scratch.events.clear();
  if (!open_document(bytes, scratch, reading, document, root)) return std::unexpected{reading.take()};
  Row head{root, "message", 0, reading};
  std::string_view topic;
  if (!head.has_text("topic", topic)) {
    Control control = reading.ok() ? read_control(root, reading) : Control{};
    if (!reading.ok()) return std::unexpected{reading.take()};
    return control;
  }
  AccountNews news;
  news.venue_time = head.time_ms("creationTime");
  if (reading.ok()) {
    ondemand::array data;
    if (const auto error = root.find_field_unordered("data").get_array().get(data)) {
      reading.fail("data", error);
    } else {
      news.foreign_rows = read_data(topic, data, table, scratch, reading);
    }
  }
  if (!reading.ok()) return std::unexpected{reading.take()};
  news.events = scratch.events;
  return news;
}

Result<PrivateMessage, DecodeError> decode_private(std::string_view bytes, const InstrumentTable& table,
                                                   DecodeScratch& scratch) {
  return decode_private(padded_copy(bytes, scratch.impl().padded), table, scratch);
}

}  // namespace mlbot::venue::bybit
