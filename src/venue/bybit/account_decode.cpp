#include "venue/bybit/account_decode.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlbot::venue::bybit {
namespace {

PriceTicks price_or_zero(Row& row, std::string_view key, const Instrument& instrument) {
  const std::string_view text = row.text_or_empty(key);
  if (text.empty()) return {};
  const auto ticks = instrument.ticks(text);
  if (!ticks) row.fail(key, fmt::format("'{}' is not a multiple of {}", text, to_text(instrument.tick_size)));
  return ticks.value_or(PriceTicks{});
}

Lots lots_of(Row& row, std::string_view key, const Instrument& instrument) {
  const std::string_view text = row.text(key);
  const auto lots = instrument.lots(text);
  if (!lots) row.fail(key, fmt::format("'{}' is not a multiple of {}", text, to_text(instrument.lot_step)));
  return lots.value_or(Lots{});
}

std::uint8_t position_index(Row& row, std::int64_t index) {
  if (index < 0 || index > 2) row.fail("positionIdx", fmt::format("{} is not 0, 1 or 2", index));
  return static_cast<std::uint8_t>(index);
}

/// Why an order ended: the reject reason when there is one, else who cancelled it.
VenueText reason_of(Row& row) {
  const std::string_view rejected = row.text_or_empty("rejectReason");
  if (!rejected.empty() && rejected != no_reject_reason) return venue_text(rejected);
  const std::string_view cancelled = row.text_or_empty("cancelType");
  return cancelled == no_word ? VenueText{} : venue_text(cancelled);
}

Liquidity liquidity_of(Row& row) {
  const std::string_view maker = row.text_or_empty("isMaker");
  if (maker.empty()) return Liquidity::unknown;  // before 2024 execution.fast did not say
  return maker == "true" ? Liquidity::maker : Liquidity::taker;
}

}  // namespace

const InstrumentTable::Entry* entry_of_row(Row& row, const InstrumentTable& table) {
  const std::string_view category = row.text_or_empty("category");
  if (!category.empty() && category != category_linear) return nullptr;
  return table.find(row.text("symbol"));
}

OrderNews read_order(Row& row, const Instrument& instrument, NewsSource source) {
  OrderNews news{.source = source, .symbol = instrument.id};
  news.venue_id = row.inline_text<VenueId>("orderId", row.text("orderId"));
  news.client_id = row.inline_text<ClientOrderId>("orderLinkId", row.text_or_empty("orderLinkId"));
  news.side = row.word("side", side_words);
  news.status = row.word_or("orderStatus", order_status_words, OrderStatus::unknown);
  news.reason = reason_of(row);
  news.time_in_force = row.word_or("timeInForce", time_in_force_words, TimeInForce::unknown);
  news.price = price_or_zero(row, "price", instrument);
  news.size = lots_of(row, "qty", instrument);
  news.average_price = row.e8_or_zero("avgPrice");
  news.filled = lots_of(row, "cumExecQty", instrument);
  news.type = row.word_or("orderType", order_type_words, OrderType::unknown);
  const std::string_view stop = row.text_or_empty("stopOrderType");
  news.conditional = !stop.empty() && stop != no_word;
  news.trigger_price = price_or_zero(row, "triggerPrice", instrument);
  news.position_index = position_index(row, row.optional_integer("positionIdx").value_or(0));
  news.reduce_only = row.boolean_or_false("reduceOnly");
  news.updated_at = row.time_ms("updatedTime");
  return news;
}

Execution read_execution(Row& row, const Instrument& instrument, NewsSource source) {
  Execution news{.source = source, .symbol = instrument.id};
  news.fee = row.e8_or_zero("execFee");
  news.execution_id = row.inline_text<VenueId>("execId", row.text("execId"));
  news.price = row.e8("execPrice");
  news.size = lots_of(row, "execQty", instrument);
  news.kind = row.word_or("execType", execution_kind_words, ExecutionKind::other);
  news.venue_id = row.inline_text<VenueId>("orderId", row.text("orderId"));
  news.client_id = row.inline_text<ClientOrderId>("orderLinkId", row.text_or_empty("orderLinkId"));
  news.side = row.word("side", side_words);
  news.at = row.time_ms("execTime");
  news.liquidity = liquidity_of(row);
  news.realised_pnl = row.e8_or_zero("execPnl");  // the stream alone says it
  return news;
}

FastExecution read_fast(Row& row, const Instrument& instrument) {
  FastExecution news{.symbol = instrument.id};
  news.execution_id = row.inline_text<VenueId>("execId", row.text("execId"));
  news.price = row.e8("execPrice");
  news.size = lots_of(row, "execQty", instrument);
  news.venue_id = row.inline_text<VenueId>("orderId", row.text("orderId"));
  news.client_id = row.inline_text<ClientOrderId>("orderLinkId", row.text_or_empty("orderLinkId"));
  news.side = row.word("side", side_words);
  news.at = row.time_ms("execTime");
  news.liquidity = liquidity_of(row);
  news.cross_sequence = row.optional_integer("seq").value_or(0);
  return news;
}

PositionNews read_position(Row& row, const Instrument& instrument, NewsSource source) {
  PositionNews news{.source = source, .symbol = instrument.id};
  news.position_index = position_index(row, row.integer("positionIdx"));
  const std::string_view side = row.text("side");
  news.size = lots_of(row, "size", instrument);
  if (side == "Sell") {
    news.size = -news.size;
  } else if (side != "Buy" && news.size.count != 0) {
    row.fail("side", fmt::format("'{}' beside a size", side));
  }
  news.entry_price = row.e8_or_zero(source == NewsSource::stream ? "entryPrice" : "avgPrice");
  news.leverage = row.e8_or_zero("leverage");
  news.mark_price = row.e8_or_zero("markPrice");
  news.take_profit = row.e8_or_zero("takeProfit");
  news.stop_loss = row.e8_or_zero("stopLoss");
  news.realised_pnl = row.e8_or_zero("curRealisedPnl");
  news.updated_at = row.time_ms_or_zero("updatedTime");
  news.liquidation_price = row.e8_or_zero("liqPrice");
  news.adl_rank = static_cast<std::uint8_t>(
      std::clamp<std::int64_t>(row.optional_integer("adlRankIndicator").value_or(0), 0, 5));
  news.cross_sequence = row.optional_integer("seq").value_or(-1);
  return news;
}

std::optional<WalletNews> read_wallet(Row& row, NewsSource source) {
  WalletNews news{.source = source};
  news.available = row.e8_or_zero("totalAvailableBalance");
  const auto initial = row.optional_e8("totalInitialMargin");
  const auto maintenance = row.optional_e8("totalMaintenanceMargin");
  std::optional<WalletNews> found;
  Reading& reading = row.reading();
  const dom::array coins = list_of(row.object(), "coin", "wallet", reading);
  each_object(coins, "coin", reading, [&](const dom::object& object, std::size_t index) {
    Row coin{object, "coin", index, reading};
    if (coin.text("coin") != settle_coin) return;
    news.equity = coin.e8_or_zero("equity");
    news.wallet_balance = coin.e8_or_zero("walletBalance");
    const E8 coin_initial = coin.e8_or_zero("totalOrderIM") + coin.e8_or_zero("totalPositionIM");
    news.unrealised_pnl = coin.e8_or_zero("unrealisedPnl");
    news.initial_margin = initial.value_or(coin_initial);  // the account's figure is blank in isolated mode
    news.maintenance_margin = maintenance.value_or(coin.e8_or_zero("totalPositionMM"));
    found = news;
  });
  return found;
}

}  // namespace mlbot::venue::bybit
