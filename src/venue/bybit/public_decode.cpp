#include "venue/bybit/public_decode.h"

#include <fmt/format.h>

#include <charconv>

#include "venue/bybit/control_decode.h"
#include "venue/bybit/grid_text.h"
#include "venue/bybit/json_reader.h"
#include "venue/bybit/scan.h"
#include "venue/bybit/stream_requests.h"

namespace mlbot::venue::bybit {

DecodeScratch::DecodeScratch() : impl_{std::make_unique<Impl>()} {}
DecodeScratch::~DecodeScratch() = default;

namespace {

using Entry = InstrumentTable::Entry;

/// Steps of decimal text; the slow way accepts exponents and finds the words for what is wrong.
template <class Place>
std::int64_t steps(std::string_view text, const Grid& grid, E8 step, Reading& reading, Place&& place) {
  if (!reading.ok()) return 0;
  const char* at = text.data();
  const char* const end = text.data() + text.size();
  if (const auto count = read_steps(at, end, grid); count && at == end) return *count;
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
PriceTicks price_of(std::string_view text, const Entry& entry, Reading& reading, Place&& place) {
  const PriceTicks price{steps(text, entry.price, entry.instrument.tick_size, reading, place)};
  if (price.count == 0) reading.fail(place(), "a price of 0");
  return price;
}
template <class Place>
Lots size_of(std::string_view text, const Entry& entry, Reading& reading, Place&& place) {
  return {steps(text, entry.size, entry.instrument.lot_step, reading, place)};
}
PriceTicks price_of(Row& row, std::string_view key, const Entry& entry) {
  return price_of(row.text(key), entry, row.reading(), [&] { return row.where(key); });
}
Lots size_of(Row& row, std::string_view key, const Entry& entry) {
  return size_of(row.text(key), entry, row.reading(), [&] { return row.where(key); });
}

void must_name(Row& row, std::string_view key, const Entry& entry) {
  const std::string_view said = row.text(key);
  if (said != entry.instrument.name.view()) {
    row.fail(key, fmt::format("'{}' under the topic of {}", said, entry.instrument.name.view()));
  }
}
UpdateKind kind_of(Row& message) {
  const std::string_view type = message.text("type");
  if (type != "snapshot" && type != "delta") {
    message.fail("type", fmt::format("'{}' is neither snapshot nor delta", type));
  }
  return type == "delta" ? UpdateKind::delta : UpdateKind::snapshot;
}
std::uint64_t counter(Row& row, std::string_view key) {
  const std::int64_t value = row.integer(key);
  if (value < 0) row.fail(key, "negative");
  return static_cast<std::uint64_t>(value);
}

void read_levels(const dom::object& data, std::string_view key, const Entry& entry,
                 std::vector<BookLevel>& out, Reading& reading) {
  out.clear();
  const dom::array list = list_of(data, key, "data", reading);
  if (!reading.ok()) return;
  const auto place = [&](std::string_view part) {
    return fmt::format("data.{}[{}].{}", key, out.size(), part);
  };
  for (const dom::element level : list) {
    dom::array pair;
    if (const auto error = level.get_array().get(pair)) return reading.fail(place("level"), error);
    std::array<std::string_view, 2> texts;
    std::size_t parts = 0;
    for (const dom::element part : pair) {
      if (parts == texts.size()) break;
      if (const auto error = part.get_string().get(texts[parts])) {
        return reading.fail(place(parts == 0 ? "price" : "size"), error);
      }
      ++parts;
    }
    if (parts < texts.size()) return reading.fail(place("level"), "not a pair of price and size");
    const PriceTicks price = price_of(texts[0], entry, reading, [&] { return place("price"); });
    const Lots size = size_of(texts[1], entry, reading, [&] { return place("size"); });
    if (!reading.ok()) return;
    out.push_back({price, size});
  }
}

Event read_book(Row& message, const Entry& entry, DecodeScratch& scratch) {
  Reading& reading = message.reading();
  BookUpdate book{.symbol = entry.instrument.id};
  book.kind = kind_of(message);
  const dom::object object = object_of(message.object(), "data", "message", reading);
  Row data{object, "data", reading};
  must_name(data, "s", entry);
  read_levels(object, "b", entry, scratch.records.bids, reading);
  read_levels(object, "a", entry, scratch.records.asks, reading);
  book.update_id = counter(data, "u");
  book.cross_sequence = counter(data, "seq");
  std::string_view matched;  // frames before 2023-11 have none
  book.matched_at = message.has_text("cts", matched) ? message.time_ms("cts") : message.time_ms("ts");
  book.bids = scratch.records.bids;
  book.asks = scratch.records.asks;
  return book;
}

Event read_trades(Row& message, const Entry& entry, DecodeScratch& scratch) {
  auto& list = scratch.records.trades;
  list.clear();
  Reading& reading = message.reading();
  each_object(list_of(message.object(), "data", "message", reading), "data", reading,
              [&](const dom::object& object, std::size_t index) {
                Row row{object, "data", index, reading};
                Trade trade;
                trade.matched_at = row.time_ms("T");
                must_name(row, "s", entry);
                trade.taker = row.word("S", side_words);
                trade.size = size_of(row, "v", entry);
                trade.price = price_of(row, "p", entry);
                trade.id = row.inline_text<VenueId>("i", row.text("i"));
                trade.block = row.boolean_or_false("BT");
                trade.price_improvement = row.boolean_or_false("RPI");  // since 2025
                trade.cross_sequence = static_cast<std::uint64_t>(row.optional_integer("seq").value_or(0));
                list.push_back(trade);
              });
  return Trades{entry.instrument.id, list};
}

/// The topic that the venue removed in 2025: one object, other names.
Event read_old_liquidation(Row& message, const Entry& entry, DecodeScratch& scratch) {
  auto& list = scratch.records.liquidations;
  list.clear();
  Reading& reading = message.reading();
  Row data{object_of(message.object(), "data", "message", reading), "data", reading};
  Liquidation liquidation;
  liquidation.at = data.time_ms("updatedTime");
  must_name(data, "symbol", entry);
  liquidation.liquidated = data.word("side", position_side_words);
  liquidation.size = size_of(data, "size", entry);
  liquidation.bankruptcy_price = data.e8("price");
  list.push_back(liquidation);
  return Liquidations{entry.instrument.id, list};
}

Event read_liquidations(Row& message, const Entry& entry, DecodeScratch& scratch) {
  auto& list = scratch.records.liquidations;
  list.clear();
  Reading& reading = message.reading();
  each_object(list_of(message.object(), "data", "message", reading), "data", reading,
              [&](const dom::object& object, std::size_t index) {
                Row row{object, "data", index, reading};
                Liquidation liquidation;
                liquidation.at = row.time_ms("T");
                must_name(row, "s", entry);
                liquidation.liquidated = row.word("S", position_side_words);
                liquidation.size = size_of(row, "v", entry);
                liquidation.bankruptcy_price = row.e8("p");  // need not lie on the grid
                list.push_back(liquidation);
              });
  return Liquidations{entry.instrument.id, list};
}

Event read_kline(Row& message, const Entry& entry, int minutes) {
  Reading& reading = message.reading();
  Kline kline{.symbol = entry.instrument.id, .interval_minutes = minutes};
  std::size_t bars = 0;
  each_object(list_of(message.object(), "data", "message", reading), "data", reading,
              [&](const dom::object& object, std::size_t index) {
                Row row{object, "data", index, reading};
                if (++bars > 1) return row.fail("bar", "a second one");
                kline.start = row.time_ms("start");
                kline.open = price_of(row, "open", entry);
                kline.close = price_of(row, "close", entry);
                kline.high = price_of(row, "high", entry);
                kline.low = price_of(row, "low", entry);
                kline.volume = size_of(row, "volume", entry);
                kline.turnover = row.number("turnover");
                kline.confirmed = row.boolean("confirm");
              });
  if (bars == 0) reading.fail("data", "no bar");
  return kline;
}

Event read_ticker(Row& message, const Entry& entry) {
  Reading& reading = message.reading();
  Ticker ticker{.symbol = entry.instrument.id};
  ticker.kind = kind_of(message);
  const dom::object object = object_of(message.object(), "data", "message", reading);
  Row data{object, "data", reading};
  must_name(data, "symbol", entry);
  if (!reading.ok()) return ticker;
  NumberBuffer buffer;
  for (const dom::key_value_pair field : object) {
    std::string_view text;
    if (const auto error = scalar_text(field.value, buffer, text)) {
      reading.fail(data.where(field.key), error);
      return ticker;
    }
    read_ticker_field(ticker, field.key, text, reading);
  }
  ticker.cross_sequence = counter(message, "cs");
  return ticker;
}

Event read_price_limit(Row& message, const Entry& entry) {
  Reading& reading = message.reading();
  Row data{object_of(message.object(), "data", "message", reading), "data", reading};
  must_name(data, "symbol", entry);
  return read_limits(data, entry.instrument.id);
}

Event read_adl_alerts(Row& message, const InstrumentTable& table, DecodeScratch& scratch,
                      std::uint32_t& foreign) {
  constexpr AdlAlertKeys keys{"s", "b", "pr", "i_pr", "adl_sr"};
  Reading& reading = message.reading();
  const dom::array list = list_of(message.object(), "data", "message", reading);
  return AdlAlerts{read_adl_rows(list, "data", keys, table, reading, scratch, foreign)};
}

Event read_insurance(Row& message, const InstrumentTable& table, DecodeScratch& scratch,
                     std::uint32_t& foreign) {
  auto& out = scratch.records.insurance_pools;
  out.clear();
  Reading& reading = message.reading();
  each_object(list_of(message.object(), "data", "message", reading), "data", reading,
              [&](const dom::object& object, std::size_t index) {
                Row row{object, "data", index, reading};
                const Instant updated = row.time_ms("updateTime");
                read_pool(row, updated, table, out, foreign);
              });
  return InsurancePools{out};
}

}  // namespace

PriceLimit read_limits(Row& row, SymbolId symbol) {
  return {.symbol = symbol, .highest_buy = row.e8("buyLmt"), .lowest_sell = row.e8("sellLmt")};
}

std::span<const AdlAlert> read_adl_rows(const dom::array& list, std::string_view place,
                                        const AdlAlertKeys& keys, const InstrumentTable& table,
                                        Reading& reading, DecodeScratch& scratch, std::uint32_t& foreign) {
  auto& out = scratch.records.adl_alerts;
  out.clear();
  each_object(list, place, reading, [&](const dom::object& object, std::size_t index) {
    Row row{object, place, index, reading};
    const Entry* const entry = table.find(row.text(keys.symbol));
    const AdlAlert alert{.symbol = entry == nullptr ? SymbolId{} : entry->instrument.id,
                         .balance = row.number(keys.balance),
                         .drawdown = row.number(keys.drawdown),
                         .trigger = row.number(keys.trigger),
                         .stop = row.number(keys.stop)};
    if (entry == nullptr) {
      ++foreign;
    } else {
      out.push_back(alert);
    }
  });
  return out;
}

void read_pool(Row& row, Instant updated, const InstrumentTable& table, std::vector<InsurancePool>& out,
               std::uint32_t& foreign) {
  const E8 balance = row.e8_truncated("balance");
  std::string_view names = row.text_or_empty("symbols");  // none for a coin's shared pool
  while (row.ok() && !names.empty()) {
    const auto comma = names.find(',');
    const std::string_view name = names.substr(0, comma);
    names = comma == names.npos ? std::string_view{} : names.substr(comma + 1);
    if (const Entry* const entry = table.find(name)) {
      out.push_back({entry->instrument.id, balance, updated});
    } else {
      ++foreign;
    }
  }
}

void read_ticker_field(Ticker& ticker, std::string_view key, std::string_view text, Reading& reading) {
  if (text.empty()) return;
  const auto exact = [&](std::optional<E8>& out, auto parse) {
    out = parse(text);
    if (!out)
      reading.fail(fmt::format("data.{}", key), fmt::format("'{}' is no decimal of at most 8 places", text));
  };
  const auto whole = [&](std::int64_t most, auto&& set) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool read = error == std::errc{} && end == text.data() + text.size();
    if (read && value >= 0 && value <= most) return set(value);
    reading.fail(fmt::format("data.{}", key), fmt::format("'{}' is no whole number up to {}", text, most));
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
    return whole(time_ms_max, [&](std::int64_t ms) { ticker.next_funding = Instant::from_ms(ms); });
  if (key == "fundingIntervalHour") {
    return whole(24 * 365, [&](std::int64_t hours) {
      ticker.funding_interval_hours = static_cast<std::int32_t>(hours);
    });
  }
}

Result<PublicMessage, DecodeError> parse_public(PaddedText bytes, const InstrumentTable& table,
                                                DecodeScratch& scratch) {
  using Kind = Topic::Kind;
  Reading reading;
  Row message{open_document(bytes, scratch, reading), "message", reading};
  std::string_view topic_text;
  if (!message.has_text("topic", topic_text)) {
    Control control = reading.ok() ? read_control(message) : Control{};
    if (!reading.ok()) return std::unexpected{reading.take()};
    return control;
  }
  MarketNews news;
  const Topic topic = parse_topic(topic_text);
  const bool of_a_coin = topic.kind == Kind::adl_alert || topic.kind == Kind::insurance;
  const Entry* entry = of_a_coin ? nullptr : table.find(topic.symbol);
  news.depth = topic.kind == Kind::book ? topic.number : 0;
  if (topic.kind == Kind::book || topic.kind == Kind::trades) ++scratch.fallback_frames;
  if (topic.kind == Kind::unknown || topic.kind == Kind::account) {
    reading.fail("message.topic", fmt::format("'{}' is no topic that we read", topic_text));
  } else if (entry == nullptr && !of_a_coin) {
    reading.fail("message.topic", fmt::format("'{}' names a symbol that this run does not know", topic_text));
  } else if (topic.kind == Kind::book) {
    news.event = read_book(message, *entry, scratch);
  } else if (topic.kind == Kind::trades) {
    news.event = read_trades(message, *entry, scratch);
  } else if (topic.kind == Kind::liquidations) {
    news.event = read_liquidations(message, *entry, scratch);
  } else if (topic.kind == Kind::old_liquidation) {
    news.event = read_old_liquidation(message, *entry, scratch);
  } else if (topic.kind == Kind::kline) {
    news.event = read_kline(message, *entry, topic.number);
  } else if (topic.kind == Kind::price_limit) {
    news.event = read_price_limit(message, *entry);
  } else if (topic.kind == Kind::adl_alert) {
    news.event = read_adl_alerts(message, table, scratch, news.foreign_rows);
  } else if (topic.kind == Kind::insurance) {
    news.event = read_insurance(message, table, scratch, news.foreign_rows);
  } else {
    news.event = read_ticker(message, *entry);
  }
  news.venue_time = message.time_ms("ts");
  if (!reading.ok()) return std::unexpected{reading.take()};
  return news;
}

Result<PublicMessage, DecodeError> decode_public(PaddedText bytes, const InstrumentTable& table,
                                                 DecodeScratch& scratch) {
  Result<PublicMessage, DecodeError> out;  // filled in place: a message is a few hundred bytes
  if (scan_frame(bytes, table, scratch, std::get<MarketNews>(*out))) {
    ++scratch.scanned_frames;
  } else {
    out = parse_public(bytes, table, scratch);
  }
  return out;
}

Result<PublicMessage, DecodeError> decode_public(std::string_view bytes, const InstrumentTable& table,
                                                 DecodeScratch& scratch) {
  return decode_public(padded_copy(bytes, scratch.impl().padded), table, scratch);
}

}  // namespace mlbot::venue::bybit
