#include "venue/bybit/public_encode.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

auto into(std::string& out) { return std::back_inserter(out); }

std::string_view kind_word(UpdateKind kind) { return kind == UpdateKind::snapshot ? "snapshot" : "delta"; }

/// The size text of the public stream: padded to the decimals of the lot step, "0" when nothing is left.
std::string padded_size(const Instrument& instrument, Lots size) {
  if (size.count == 0) return "0";
  int decimals = 8;
  for (std::int64_t step = instrument.lot_step.count; decimals > 0 && step % 10 == 0; step /= 10) --decimals;
  return to_text_fixed(instrument.size(size), decimals);
}

void levels(const Instrument& instrument, std::span<const BookLevel> list, std::string& out) {
  out += '[';
  for (const BookLevel& level : list) {
    if (out.back() != '[') out += ',';
    fmt::format_to(into(out), R"(["{}","{}"])", instrument.price_text(level.price),
                   padded_size(instrument, level.size));
  }
  out += ']';
}

/// Plain digits that read back as the same double: shortest form, no exponent below 1e16.
std::string to_text_shortest(double value) { return fmt::format("{}", value); }

/// PlusTick and MinusTick when the price moved, Zero… when it stayed where that move had brought it.
std::string_view advance(TickTrail& trail, PriceTicks price) {
  const bool stayed = price == trail.price || trail.price.count == 0;
  if (!stayed) trail.rising = price > trail.price;
  trail.price = price;
  if (stayed) return trail.rising ? "ZeroPlusTick" : "ZeroMinusTick";
  return trail.rising ? "PlusTick" : "MinusTick";
}

}  // namespace

void encode_book(const Instrument& instrument, const BookUpdate& book, int depth, Instant sent_at,
                 std::string& out) {
  fmt::format_to(into(out), R"({{"topic":"orderbook.{}.{}","type":"{}","ts":{},"data":{{"s":"{}","b":)",
                 depth, instrument.name.view(), kind_word(book.kind), sent_at.ms(), instrument.name.view());
  levels(instrument, book.bids, out);
  out += R"(,"a":)";
  levels(instrument, book.asks, out);
  fmt::format_to(into(out), R"(,"u":{},"seq":{}}},"cts":{}}})", book.update_id, book.cross_sequence,
                 book.matched_at.ms());
}

void encode_trades(const Instrument& instrument, const Trades& trades, TickTrail& trail, Instant sent_at,
                   std::string& out) {
  fmt::format_to(into(out), R"({{"topic":"publicTrade.{}","type":"snapshot","ts":{},"data":[)",
                 instrument.name.view(), sent_at.ms());
  for (const Trade& trade : trades.list) {
    if (out.back() != '[') out += ',';
    fmt::format_to(
        into(out),
        R"({{"T":{},"s":"{}","S":"{}","v":"{}","p":"{}","L":"{}","i":"{}","BT":{},"RPI":{},"seq":{}}})",
        trade.matched_at.ms(), instrument.name.view(), word_of(side_words, trade.taker),
        padded_size(instrument, trade.size), instrument.price_text(trade.price), advance(trail, trade.price),
        trade.id.view(), trade.block, trade.price_improvement, trade.cross_sequence);
  }
  out += "]}";
}

void encode_kline(const Instrument& instrument, const Kline& kline, Instant traded_at, Instant sent_at,
                  std::string& out) {
  const auto price = [&](PriceTicks ticks) { return to_text(instrument.price(ticks)); };
  const std::int64_t end_ms = kline.start.ms() + std::int64_t{kline.interval_minutes} * 60'000 - 1;
  fmt::format_to(into(out), R"({{"topic":"kline.{}.{}","data":[{{"start":{},"end":{},"interval":"{}",)",
                 word_of(interval_words, kline.interval_minutes), instrument.name.view(), kline.start.ms(),
                 end_ms, word_of(interval_words, kline.interval_minutes));
  fmt::format_to(into(out),
                 R"("open":"{}","close":"{}","high":"{}","low":"{}","volume":"{}","turnover":"{}",)",
                 price(kline.open), price(kline.close), price(kline.high), price(kline.low),
                 instrument.size_text(kline.volume), to_text_shortest(kline.turnover));
  fmt::format_to(into(out), R"("confirm":{},"timestamp":{}}}],"ts":{},"type":"snapshot"}})", kline.confirmed,
                 traded_at.ms(), sent_at.ms());
}

void encode_ticker(const Instrument& instrument, const Ticker& ticker, const TickerExtras& extras,
                   Instant sent_at, std::string& out) {
  const bool all = ticker.kind == UpdateKind::snapshot;
  fmt::format_to(into(out), R"({{"topic":"tickers.{}","type":"{}","data":{{"symbol":"{}")",
                 instrument.name.view(), kind_word(ticker.kind), instrument.name.view());
  const auto field = [&](std::string_view key, std::string_view text) {
    if (all || !text.empty()) fmt::format_to(into(out), R"(,"{}":"{}")", key, text);
  };
  const auto ticks = [&](const std::optional<PriceTicks>& price) {
    return price ? instrument.price_text(*price) : std::string{};
  };
  const auto decimal = [&](const std::optional<E8>& value) {
    return value ? to_text(*value) : std::string{};
  };
  const auto padded = [&](const std::optional<E8>& value) {
    if (!value) return std::string{};
    const auto on_grid = instrument.ticks(*value);
    return on_grid ? instrument.price_text(*on_grid) : to_text(*value);
  };
  const auto real = [&](const std::optional<double>& value) {
    return value ? to_text_shortest(*value) : std::string{};
  };
  const auto size = [&](const std::optional<Lots>& lots) {
    return lots ? padded_size(instrument, *lots) : std::string{};
  };
  const auto half = [](auto value) {  // openInterest counts both sides
    if constexpr (std::is_same_v<decltype(value), std::optional<E8>>) {
      if (value) value->count /= 2;
    } else if (value) {
      *value /= 2;
    }
    return value;
  };
  std::string change;
  if (ticker.last_price && extras.previous_24h && extras.previous_24h->count > 0) {
    change = fmt::format("{:.6f}",
                         to_double(*ticker.last_price) / instrument.price_double(*extras.previous_24h) - 1);
  }
  if (all || ticker.last_price) {
    TickTrail trail = extras.trail;
    const auto last = ticker.last_price ? instrument.ticks(*ticker.last_price) : std::nullopt;
    field("tickDirection", last ? advance(trail, *last) : "");
  }
  field("price24hPcnt", change);
  field("lastPrice", padded(ticker.last_price));
  field("prevPrice24h", ticks(extras.previous_24h));
  field("highPrice24h", ticks(extras.high_24h));
  field("lowPrice24h", ticks(extras.low_24h));
  field("prevPrice1h", ticks(extras.previous_1h));
  field("markPrice", padded(ticker.mark_price));
  field("indexPrice", padded(ticker.index_price));
  field("openInterest", decimal(ticker.open_interest));
  field("openInterestValue", real(ticker.open_interest_value));
  field("singleOpenInterest", decimal(half(ticker.open_interest)));
  field("singleOpenInterestValue", real(half(ticker.open_interest_value)));
  field("turnover24h", real(ticker.turnover_24h));
  field("volume24h", decimal(extras.volume_24h));
  field("fundingIntervalHour",
        ticker.funding_interval_hours ? std::to_string(*ticker.funding_interval_hours) : std::string{});
  field("fundingCap", decimal(extras.funding_cap));
  field("nextFundingTime", ticker.next_funding ? std::to_string(ticker.next_funding->ms()) : std::string{});
  field("fundingRate", decimal(ticker.funding_rate));
  field("bid1Price", ticks(extras.bid));
  field("bid1Size", size(extras.bid_size));
  field("ask1Price", ticks(extras.ask));
  field("ask1Size", size(extras.ask_size));
  field("preOpenPrice", "");
  field("preQty", "");
  field("curPreListingPhase", "");
  fmt::format_to(into(out), R"(}},"cs":{},"ts":{}}})", ticker.cross_sequence, sent_at.ms());
}

void encode_liquidations(const Instrument& instrument, const Liquidations& liquidations, Instant sent_at,
                         std::string& out) {
  fmt::format_to(into(out), R"({{"topic":"allLiquidation.{}","type":"snapshot","ts":{},"data":[)",
                 instrument.name.view(), sent_at.ms());
  for (const Liquidation& liquidation : liquidations.list) {
    if (out.back() != '[') out += ',';
    const auto price = instrument.ticks(liquidation.bankruptcy_price);
    fmt::format_to(into(out), R"({{"T":{},"s":"{}","S":"{}","v":"{}","p":"{}"}})", liquidation.at.ms(),
                   instrument.name.view(), word_of(position_side_words, liquidation.liquidated),
                   instrument.size_text(liquidation.size),
                   price ? instrument.price_text(*price) : to_text(liquidation.bankruptcy_price));
  }
  out += "]}";
}

void encode_price_limit(const Instrument& instrument, const PriceLimit& limit, Instant sent_at,
                        std::string& out) {
  fmt::format_to(
      into(out),
      R"({{"topic":"priceLimit.{}","data":{{"symbol":"{}","buyLmt":"{}","sellLmt":"{}"}},"ts":{}}})",
      instrument.name.view(), instrument.name.view(), to_text(limit.highest_buy), to_text(limit.lowest_sell),
      sent_at.ms());
}

void encode_adl_alerts(const InstrumentTable& table, const AdlAlerts& alerts, double threshold,
                       Instant sent_at, std::string& out) {
  fmt::format_to(into(out), R"({{"topic":"adlAlert.{}","type":"snapshot","ts":{},"data":[)", settle_coin,
                 sent_at.ms());
  for (const AdlAlert& alert : alerts.list) {
    if (out.back() != '[') out += ',';
    fmt::format_to(into(out),
                   R"({{"c":"{}","s":"{}","b":{},"mb":{},"i_pr":{},"pr":{},"adl_tt":{},"adl_sr":{}}})",
                   settle_coin, table[alert.symbol].name.view(), alert.balance, alert.balance, alert.trigger,
                   alert.drawdown, threshold, alert.stop);
  }
  out += "]}";
}

void encode_insurance(const InstrumentTable& table, const InsurancePools& pools, Instant sent_at,
                      std::string& out) {
  fmt::format_to(into(out), R"({{"topic":"insurance.{}","type":"snapshot","ts":{},"data":[)", settle_coin,
                 sent_at.ms());
  for (const InsurancePool& pool : pools.list) {
    if (out.back() != '[') out += ',';
    fmt::format_to(into(out), R"({{"coin":"{}","symbols":"{}","balance":"{}","updateTime":"{}"}})",
                   settle_coin, table[pool.symbol].name.view(), to_text(pool.balance), pool.updated_at.ms());
  }
  out += "]}";
}

}  // namespace mlbot::venue::bybit
