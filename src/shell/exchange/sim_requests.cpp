#include "shell/exchange/sim_requests.h"

namespace mlbot::shell {

namespace bybit = venue::bybit;

namespace {

sim::PriceSource source_of(bybit::TriggerBy by) {
  switch (by) {
    case bybit::TriggerBy::mark_price:
      return sim::PriceSource::mark;
    case bybit::TriggerBy::index_price:
      return sim::PriceSource::index;
    case bybit::TriggerBy::last_price:
      break;
  }
  return sim::PriceSource::last;
}
std::optional<sim::PriceSource> source_of(std::optional<bybit::TriggerBy> by) {
  return by ? std::optional{source_of(*by)} : std::nullopt;
}

std::optional<sim::StopLeg> leg_of(std::optional<PriceTicks> trigger, bybit::TriggerBy by,
                                   std::optional<PriceTicks> limit) {
  if (!trigger) return std::nullopt;
  return sim::StopLeg{*trigger, source_of(by), limit};
}

sim::StopMode mode_of(bool partial) { return partial ? sim::StopMode::partial : sim::StopMode::full; }

sim::SelfMatch self_match_of(bybit::SelfMatchRule rule) {
  switch (rule) {
    case bybit::SelfMatchRule::cancel_maker:
      return sim::SelfMatch::cancel_maker;
    case bybit::SelfMatchRule::cancel_taker:
      return sim::SelfMatch::cancel_taker;
    case bybit::SelfMatchRule::cancel_both:
      return sim::SelfMatch::cancel_both;
    case bybit::SelfMatchRule::none:
      break;
  }
  return sim::SelfMatch::none;
}

}  // namespace

sim::OrderRequest sim_request(const bybit::PlaceRequest& request) {
  const PlaceOrder& order = request.order;
  sim::OrderRequest out;
  out.client_id = order.id;
  out.symbol = order.symbol;
  out.side = order.side;
  out.position_index = order.position_index;
  out.type = order.type;
  out.time_in_force = order.time_in_force;
  out.price = order.price;
  out.size = order.size;
  out.reduce_only = order.reduce_only;
  out.close_on_trigger = request.close_on_trigger;
  if (request.trigger_price) {
    out.trigger =
        sim::Trigger{*request.trigger_price, source_of(request.trigger_by), request.trigger_direction == 1};
  }
  out.self_match = self_match_of(request.self_match);
  if (request.slippage)
    out.slippage = sim::SlippageTolerance{request.slippage->percent, request.slippage->amount};
  out.stop_mode = mode_of(request.partial_stops);
  out.stop_loss = leg_of(order.stop_loss, request.stop_trigger, request.stop_loss_limit);
  out.take_profit = leg_of(order.take_profit, request.take_profit_trigger, request.take_profit_limit);
  return out;
}

sim::Amendment sim_request(const bybit::AmendRequest& request) {
  sim::Amendment out;
  out.price = request.price;
  out.size = request.size;
  out.trigger_price = request.trigger_price;
  out.trigger_by = source_of(request.trigger_by);
  if (request.partial_stops) out.stop_mode = mode_of(*request.partial_stops);
  out.stop_loss = {request.stop_loss, source_of(request.stop_trigger), request.stop_loss_limit};
  out.take_profit = {request.take_profit, source_of(request.take_profit_trigger), request.take_profit_limit};
  return out;
}

sim::CancelScope sim_request(const bybit::CancelAllRequest& request) {
  sim::CancelScope out;
  out.symbol = request.symbol;
  out.base_coin = request.base_coin;
  out.settle_coin = request.settle_coin;
  if (!request.stops) out.filter = sim::OrderFilter::orders;
  if (!request.orders) out.filter = sim::OrderFilter::stop_orders;
  if (request.stops && request.orders && request.spares_position_stops)
    out.filter = sim::OrderFilter::open_orders;
  out.only_plain_stops = request.spares_position_stops;
  return out;
}

sim::StopRequest sim_request(const bybit::TradingStopRequest& request) {
  sim::StopRequest out;
  out.position_index = request.position_index;
  out.mode = mode_of(request.partial);
  out.stop_loss = leg_of(request.stop_loss, request.stop_trigger, request.stop_loss_limit);
  out.take_profit = leg_of(request.take_profit, request.take_profit_trigger, request.take_profit_limit);
  out.trailing = request.trailing;
  out.active_price = request.active_price;
  out.size = request.size;
  return out;
}

std::optional<PriceTicks> price_from_book(const sim::Exchange& exchange, const bybit::PlaceRequest& request,
                                          const bybit::BestPriceRequest& best) {
  const auto book = exchange.book(request.order.symbol, best.level);
  const bool bids = (request.order.side == Side::buy) != best.counterparty;
  const auto& levels = bids ? book.bids : book.asks;
  return levels.size() < best.level ? std::nullopt : std::optional{levels[best.level - 1].price};
}

}  // namespace mlbot::shell
