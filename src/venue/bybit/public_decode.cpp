#include "venue/bybit/public_decode.h"

#include <fmt/format.h>

#include <charconv>

#include "venue/bybit/control_decode.h"
#include "venue/bybit/grid_text.h"
#include "venue/bybit/json_reader.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::venue::bybit {

DecodeScratch::DecodeScratch() : impl_{std::make_unique<Impl>()} {}
DecodeScratch::~DecodeScratch() = default;

namespace {

using Entry = InstrumentTable::Entry;

std::string_view up_to_quote(const char* text) {
  const char* end = text;
  while (*end != '"' && *end != '\\') ++end;
  return {text, static_cast<std::size_t>(end - text)};
}

/// Steps of a quoted decimal; the slow way accepts exponents and finds the words for what is wrong.
template <class Place>
std::int64_t steps(ondemand::value& value, const Grid& grid, E8 step, Reading& reading, Place&& place) {
  ondemand::raw_json_string raw;
  if (const auto error = value.get_raw_json_string().get(raw)) {
    reading.fail(place(), error);
    return 0;
  }
  if (const auto count = steps_before_quote(raw.raw(), grid)) return *count;
  const std::string_view text = up_to_quote(raw.raw());
  const auto exact = parse_e8(text);
  if (!exact || exact->count < 0) {
    reading.fail(place(), fmt::format("'{}' is no positive decimal", text));
  } else if (exact->count % step.count != 0) {
    reading.fail(place(), fmt::format("'{}' is not a multiple of {}", text, to_text(step)));
  } else {
    return exact->count / step.count;
  }
  return 0;
}

template <class Place>
PriceTicks price_of(ondemand::value& value, const Entry& entry, Reading& reading, Place&& place) {
  const PriceTicks price{steps(value, entry.price, entry.instrument.tick_size, reading, place)};
  if (price.count == 0) reading.fail(place(), "a price of 0");
  return price;
}
template <class Place>
Lots size_of(ondemand::value& value, const Entry& entry, Reading& reading, Place&& place) {
  return {steps(value, entry.size, entry.instrument.lot_step, reading, place)};
}

/// A field of a row by name, for the hot path; nothing is said twice.
ondemand::value field_of(ondemand::object& object, std::string_view key, Reading& reading,
                         std::string_view place) {
  ondemand::value value;
  if (!reading.ok()) return value;
  if (const auto error = object.find_field_unordered(key).get(value)) {
    reading.fail(fmt::format("{}.{}", place, key), error);
  }
  return value;
}
std::uint64_t unsigned_of(ondemand::object& object, std::string_view key, Reading& reading,
                          std::string_view place) {
  ondemand::value value = field_of(object, key, reading, place);
  std::uint64_t out = 0;
  if (!reading.ok()) return 0;
  if (const auto error = value.get_uint64().get(out)) {
    reading.fail(fmt::format("{}.{}", place, key), error);
  }
  return out;
}
Instant time_of(ondemand::object& object, std::string_view key, Reading& reading, std::string_view place) {
  const std::uint64_t ms = unsigned_of(object, key, reading, place);
  if (ms > INT64_MAX / 1'000'000) reading.fail(fmt::format("{}.{}", place, key), "no time in milliseconds");
  return reading.ok() ? Instant::from_ms(static_cast<std::int64_t>(ms)) : Instant{};
}
std::string_view string_of(ondemand::object& object, std::string_view key, Reading& reading,
                           std::string_view place) {
  ondemand::value value = field_of(object, key, reading, place);
  std::string_view out;
  if (!reading.ok()) return out;
  if (const auto error = value.get_string().get(out)) {
    reading.fail(fmt::format("{}.{}", place, key), error);
  }
  return out;
}
void must_name(std::string_view said, const Entry& entry, Reading& reading, std::string_view place) {
  if (reading.ok() && said != entry.instrument.name.view()) {
    reading.fail(std::string{place},
                 fmt::format("'{}' under the topic of {}", said, entry.instrument.name.view()));
  }
}

void read_levels(ondemand::object& data, std::string_view key, const Entry& entry,
                 std::vector<BookLevel>& out, Reading& reading) {
  out.clear();
  ondemand::value list = field_of(data, key, reading, "data");
  ondemand::array levels;
  if (!reading.ok()) return;
  const auto place = [&](std::string_view part) {
    return fmt::format("data.{}[{}].{}", key, out.size(), part);
  };
  if (const auto error = list.get_array().get(levels)) return reading.fail(place(""), error);
  for (auto level : levels) {
    ondemand::array pair;
    if (const auto error = level.get_array().get(pair)) {
      return reading.fail(place("level"), error);
    }
    BookLevel read;
    int parts = 0;
    for (auto part : pair) {
      ondemand::value value;
      if (const auto error = part.get(value)) return reading.fail(place("level"), error);
      if (parts == 0) read.price = price_of(value, entry, reading, [&] { return place("price"); });
      if (parts == 1) read.size = size_of(value, entry, reading, [&] { return place("size"); });
      if (!reading.ok()) return;
      ++parts;
    }
    if (parts < 2) return reading.fail(place("level"), "not a pair of price and size");
    out.push_back(read);
  }
}

UpdateKind kind_of(ondemand::object& root, Reading& reading) {
  const std::string_view type = string_of(root, "type", reading, "message");
  if (type != "snapshot" && type != "delta") {
    reading.fail("message.type", fmt::format("'{}' is neither snapshot nor delta", type));
  }
  return type == "delta" ? UpdateKind::delta : UpdateKind::snapshot;
}

ondemand::object data_object(ondemand::object& root, Reading& reading) {
  ondemand::value value = field_of(root, "data", reading, "message");
  ondemand::object data;
  if (!reading.ok()) return data;
  if (const auto error = value.get_object().get(data)) reading.fail("data", error);
  return data;
}
/// Calls read(row) for every object of `data`; stops at the first fault.
template <class Read>
void each_row(ondemand::object& root, Reading& reading, Read&& read) {
  ondemand::value value = field_of(root, "data", reading, "message");
  ondemand::array list;
  if (!reading.ok()) return;
  if (const auto error = value.get_array().get(list)) return reading.fail("data", error);
  for (auto item : list) {
    ondemand::object row;
    if (const auto error = item.get_object().get(row)) return reading.fail("data", error);
    read(row);
    if (!reading.ok()) return;
  }
}

Event read_book(ondemand::object& root, const Entry& entry, DecodeScratch& scratch, MarketNews& news,
                Reading& reading) {
  BookUpdate book{.symbol = entry.instrument.id};
  book.kind = kind_of(root, reading);
  news.venue_time = time_of(root, "ts", reading, "message");
  ondemand::object data = data_object(root, reading);
  if (!reading.ok()) return book;
  must_name(string_of(data, "s", reading, "data"), entry, reading, "data.s");
  read_levels(data, "b", entry, scratch.records.bids, reading);
  read_levels(data, "a", entry, scratch.records.asks, reading);
  book.update_id = unsigned_of(data, "u", reading, "data");
  book.cross_sequence = unsigned_of(data, "seq", reading, "data");
  if (!reading.ok()) return book;
  std::uint64_t matched_ms = 0;
  const auto error = root.find_field_unordered("cts").get_uint64().get(matched_ms);
  if (error == simdjson::NO_SUCH_FIELD) {  // frames before 2023-11
    book.matched_at = news.venue_time;
  } else if (error) {
    reading.fail("message.cts", error);
  } else if (matched_ms > INT64_MAX / 1'000'000) {
    reading.fail("message.cts", "no time in milliseconds");
  } else {
    book.matched_at = Instant::from_ms(static_cast<std::int64_t>(matched_ms));
  }
  book.bids = scratch.records.bids;
  book.asks = scratch.records.asks;
  return book;
}

Event read_trades(ondemand::object& root, const Entry& entry, DecodeScratch& scratch, MarketNews& news,
                  Reading& reading) {
  auto& list = scratch.records.trades;
  list.clear();
  news.venue_time = time_of(root, "ts", reading, "message");
  each_row(root, reading, [&](ondemand::object& row) {
    const auto place = [&] { return fmt::format("data[{}]", list.size()); };
    Trade trade;
    Row cold{row, "data", list.size(), reading};
    trade.matched_at = cold.time_ms("T");
    must_name(cold.text("s"), entry, reading, "data.s");
    trade.taker = cold.word("S", side_words);
    if (!reading.ok()) return;
    ondemand::value size = field_of(row, "v", reading, "data");
    if (reading.ok()) trade.size = size_of(size, entry, reading, [&] { return place() + ".v"; });
    if (!reading.ok()) return;
    ondemand::value price = field_of(row, "p", reading, "data");
    if (reading.ok()) trade.price = price_of(price, entry, reading, [&] { return place() + ".p"; });
    trade.id = cold.inline_text<VenueId>("i", cold.text("i"));
    trade.block = cold.boolean_or_false("BT");
    trade.price_improvement = cold.boolean_or_false("RPI");  // since 2025
    trade.cross_sequence = static_cast<std::uint64_t>(cold.optional_integer("seq").value_or(0));
    list.push_back(trade);
  });
  return Trades{entry.instrument.id, list};
}

Event read_liquidations(ondemand::object& root, const Entry& entry, DecodeScratch& scratch, MarketNews& news,
                        Reading& reading) {
  auto& list = scratch.records.liquidations;
  list.clear();
  news.venue_time = time_of(root, "ts", reading, "message");
  each_row(root, reading, [&](ondemand::object& object) {
    Row row{object, "data", list.size(), reading};
    Liquidation liquidation;
    liquidation.at = row.time_ms("T");
    must_name(row.text("s"), entry, reading, "data.s");
    liquidation.liquidated = row.word("S", position_side_words);
    const std::string_view size = row.text("v");
    if (const auto lots = entry.instrument.lots(size)) {
      liquidation.size = *lots;
    } else {
      row.fail("v", fmt::format("'{}' is not a multiple of {}", size, to_text(entry.instrument.lot_step)));
    }
    liquidation.bankruptcy_price = row.e8("p");  // the bankruptcy price need not lie on the grid
    list.push_back(liquidation);
  });
  return Liquidations{entry.instrument.id, list};
}

Event read_kline(ondemand::object& root, const Entry& entry, MarketNews& news, Reading& reading,
                 int minutes) {
  Kline kline{.symbol = entry.instrument.id, .interval_minutes = minutes};
  std::size_t rows = 0;
  each_row(root, reading, [&](ondemand::object& object) {
    Row row{object, "data", rows++, reading};
    if (rows > 1) return row.fail("", "a second bar");
    const auto price = [&](std::string_view key) {
      const std::string_view text = row.text(key);
      const auto ticks = entry.instrument.ticks(text);
      if (!ticks)
        row.fail(key, fmt::format("'{}' is not a multiple of {}", text, to_text(entry.instrument.tick_size)));
      return ticks.value_or(PriceTicks{});
    };
    kline.start = row.time_ms("start");
    kline.open = price("open");
    kline.close = price("close");
    kline.high = price("high");
    kline.low = price("low");
    const std::string_view volume = row.text("volume");
    if (const auto lots = entry.instrument.lots(volume)) {
      kline.volume = *lots;
    } else {
      row.fail("volume",
               fmt::format("'{}' is not a multiple of {}", volume, to_text(entry.instrument.lot_step)));
    }
    kline.turnover = row.number("turnover");
    kline.confirmed = row.boolean("confirm");
  });
  if (rows == 0) reading.fail("data", "no bar");
  news.venue_time = time_of(root, "ts", reading, "message");
  return kline;
}

Event read_ticker(ondemand::object& root, const Entry& entry, MarketNews& news, Reading& reading) {
  Ticker ticker{.symbol = entry.instrument.id};
  ticker.kind = kind_of(root, reading);
  ondemand::object data = data_object(root, reading);
  if (!reading.ok()) return ticker;
  bool named = false;
  for (auto field : data) {
    std::string_view key, text;
    ondemand::value value;
    auto error = field.unescaped_key().get(key);
    if (!error) error = field.value().get(value);
    if (!error) error = scalar_text(value, text);
    if (error) {
      reading.fail("data", error);
      return ticker;
    }
    read_ticker_field(ticker, key, text, reading);
    if (key == "symbol") {
      named = true;
      must_name(text, entry, reading, "data.symbol");
    }
    if (!reading.ok()) return ticker;
  }
  if (!named) reading.fail("data.symbol", "missing");
  ticker.cross_sequence = unsigned_of(root, "cs", reading, "message");
  news.venue_time = time_of(root, "ts", reading, "message");
  return ticker;
}

}  // namespace

void read_ticker_field(Ticker& ticker, std::string_view key, std::string_view text, Reading& reading) {
  if (text.empty()) return;
  const auto exact = [&](std::optional<E8>& out, auto parse) {
    out = parse(text);
    if (!out)
      reading.fail(fmt::format("data.{}", key), fmt::format("'{}' is no decimal of at most 8 places", text));
  };
  const auto whole = [&](auto&& set) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc{} && end == text.data() + text.size()) return set(value);
    reading.fail(fmt::format("data.{}", key), fmt::format("'{}' is no whole number", text));
  };
  const auto real = [&](std::optional<double>& out) {
    out = parse_number(text);
    if (!out) reading.fail(fmt::format("data.{}", key), fmt::format("'{}' is no number", text));
  };
  if (key == "lastPrice") return exact(ticker.last_price, parse_e8);
  if (key == "markPrice") return exact(ticker.mark_price, parse_e8_truncated);
  if (key == "indexPrice") return exact(ticker.index_price, parse_e8_truncated);
  if (key == "openInterest") return exact(ticker.open_interest, parse_e8_truncated);
  if (key == "openInterestValue") return real(ticker.open_interest_value);
  if (key == "turnover24h") return real(ticker.turnover_24h);
  if (key == "fundingRate") return exact(ticker.funding_rate, parse_e8_truncated);
  if (key == "nextFundingTime")
    return whole([&](std::int64_t ms) { ticker.next_funding = Instant::from_ms(ms); });
  if (key == "fundingIntervalHour") {
    return whole(
        [&](std::int64_t hours) { ticker.funding_interval_hours = static_cast<std::int32_t>(hours); });
  }
}

Result<PublicMessage, DecodeError> decode_public(PaddedText bytes, const InstrumentTable& table,
                                                 DecodeScratch& scratch) {
  Reading reading;
  ondemand::document document;
  ondemand::object root;
  if (!open_document(bytes, scratch, reading, document, root)) return std::unexpected{reading.take()};
  std::string_view topic_text;
  if (const auto error = root.find_field_unordered("topic").get_string().get(topic_text)) {
    if (error != simdjson::NO_SUCH_FIELD) reading.fail("message.topic", error);
    Control control = reading.ok() ? read_control(root, reading) : Control{};
    if (!reading.ok()) return std::unexpected{reading.take()};
    return control;
  }
  const Topic topic = parse_topic(topic_text);
  const Entry* entry = table.find(topic.symbol);
  MarketNews news{.depth = topic.kind == Topic::Kind::book ? topic.number : 0};
  if (topic.kind == Topic::Kind::unknown || topic.kind == Topic::Kind::account) {
    reading.fail("message.topic", fmt::format("'{}' is no topic that we read", topic_text));
  } else if (entry == nullptr) {
    reading.fail("message.topic", fmt::format("'{}' names a symbol that this run does not know", topic_text));
  } else if (topic.kind == Topic::Kind::book) {
    news.event = read_book(root, *entry, scratch, news, reading);
  } else if (topic.kind == Topic::Kind::trades) {
    news.event = read_trades(root, *entry, scratch, news, reading);
  } else if (topic.kind == Topic::Kind::liquidations) {
    news.event = read_liquidations(root, *entry, scratch, news, reading);
  } else if (topic.kind == Topic::Kind::kline) {
    news.event = read_kline(root, *entry, news, reading, topic.number);
  } else {
    news.event = read_ticker(root, *entry, news, reading);
  }
  if (!reading.ok()) return std::unexpected{reading.take()};
  return news;
}

Result<PublicMessage, DecodeError> decode_public(std::string_view bytes, const InstrumentTable& table,
                                                 DecodeScratch& scratch) {
  return decode_public(padded_copy(bytes, scratch.impl().padded), table, scratch);
}

}  // namespace mlbot::venue::bybit
