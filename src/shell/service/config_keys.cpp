#include "shell/service/system_config.h"

namespace mlbot::shell {
namespace {

E8 usdt(const ConfigValue& value) { return e8_from_double(std::get<double>(value)); }
std::uint32_t count(const ConfigValue& value) { return static_cast<std::uint32_t>(std::get<std::int64_t>(value)); }
bool has_side(const ConfigValue& value, std::string_view side) {
  for (const auto& word : std::get<std::vector<std::string>>(value))
    if (word == side) return true;
  return false;
}
Mode mode_from(const std::string& word) {
  return word == "live" ? Mode::live : word == "shadow" ? Mode::shadow : Mode::paper;
}

}  // namespace

const std::vector<ConfigKey>& config_keys() {
  using Texts = std::vector<std::string>;
  using C = SystemConfig;
  using V = ConfigValue;
  const auto integer = [](std::int64_t C::*field) {
    return [field](C& c, const V& v) { c.*field = std::get<std::int64_t>(v); };
  };
  const auto number = [](double C::*field) { return [field](C& c, const V& v) { c.*field = std::get<double>(v); }; };
  const auto text = [](std::string C::*field) { return [field](C& c, const V& v) { c.*field = std::get<std::string>(v); }; };
  constexpr bool fixed = false, reloadable = true;
  static const std::vector<ConfigKey> keys{
      {"bot", "mode", "paper", 0, 0, {"paper", "shadow", "live"}, fixed, "paper: simulated money; shadow: scores only; live: real money",
       [](C& c, const V& v) { c.mode = mode_from(std::get<std::string>(v)); }},
      {"bot", "symbols", Texts{"BTCUSDT", "ETHUSDT"}, 0, 0, {}, reloadable, "symbols that may be entered; BTCUSDT and ETHUSDT are always watched",
       [](C& c, const V& v) { c.symbols = std::get<Texts>(v); }},
      {"bot", "state_dir", "state", 0, 0, {}, fixed, "folder of journal, archive, models and locks", text(&C::state_dir)},
      {"exchange", "venue", "sim", 0, 0, {"sim"}, fixed, "sim: the embedded exchange on loopback", text(&C::venue)},
      {"exchange", "key_file", "", 0, 0, {}, fixed, "file with key and secret, mode 0600; not needed for sim", text(&C::key_file)},
      {"exchange", "recv_window_ms", std::int64_t{5000}, 1000, 60'000, {}, fixed, "how long the venue may still accept a request", integer(&C::recv_window_ms)},
      {"exchange", "connect_timeout_ms", std::int64_t{60'000}, 100, 600'000, {}, fixed, "connection attempts are given up after this", integer(&C::connect_timeout_ms)},
      {"exchange", "read_timeout_ms", std::int64_t{30'000}, 1000, 600'000, {}, fixed, "a link silent for this long is down", integer(&C::read_timeout_ms)},
      {"data", "book_depth", std::int64_t{50}, 1, 1000, {}, fixed, "levels of the order-book topic: 1, 50, 200 or 1000", integer(&C::book_depth)},
      {"model", "alias", "champion", 0, 0, {}, fixed, "alias or content hash of the bundle to load", text(&C::model_alias)},
      {"model", "horizon_ms", std::int64_t{120'000}, 1000, 3'600'000, {}, fixed, "horizon of the predicted return", integer(&C::model_horizon_ms)},
      {"model", "max_age_days", std::int64_t{21}, 1, 365, {}, fixed, "a bundle expires this long after training", integer(&C::model_max_age_days)},
      {"decision", "min_edge_bps", 1.0, 0, 1000, {}, reloadable, "expected net return below this is not traded",
       [](C& c, const V& v) { c.decision.min_edge_bps = std::get<double>(v); }},
      {"decision", "max_orders_per_hour", std::int64_t{120}, 0, 100'000, {}, reloadable, "entries of all symbols in a sliding hour",
       [](C& c, const V& v) { c.decision.max_orders_per_hour = count(v); }},
      {"decision", "cooldown_ms", std::int64_t{15'000}, 0, 86'400'000, {}, reloadable, "pause of a symbol after a closed position",
       [](C& c, const V& v) { c.decision.cooldown_ms = count(v); }},
      {"decision", "order_notional_usdt", 1000.0, 5, 1e7, {}, reloadable, "size of one entry before the risk limits",
       [](C& c, const V& v) { c.decision.order_notional_usdt = std::get<double>(v); }},
      {"decision", "sides", Texts{"long", "short"}, 0, 0, {"long", "short"}, reloadable, "sides that may be entered",
       [](C& c, const V& v) { c.decision.long_allowed = has_side(v, "long"); c.decision.short_allowed = has_side(v, "short"); }},
      {"risk", "max_order_notional_usdt", 5'000.0, 0, 1e9, {}, reloadable, "largest single order",
       [](C& c, const V& v) { c.risk.max_order_notional = usdt(v); }},
      {"risk", "max_symbol_notional_usdt", 10'000.0, 0, 1e9, {}, reloadable, "worst-case exposure of one symbol",
       [](C& c, const V& v) { c.risk.max_symbol_notional = usdt(v); }},
      {"risk", "max_total_notional_usdt", 20'000.0, 0, 1e9, {}, reloadable, "worst-case exposure of all symbols",
       [](C& c, const V& v) { c.risk.max_total_notional = usdt(v); }},
      {"risk", "daily_loss_usdt", 200.0, 0, 1e9, {}, reloadable, "loss since 00:00 UTC that stops trading",
       [](C& c, const V& v) { c.risk.daily_loss = usdt(v); }},
      {"risk", "drawdown_usdt", 400.0, 0, 1e9, {}, reloadable, "fall from the highest equity of the run that stops trading",
       [](C& c, const V& v) { c.risk.drawdown = usdt(v); }},
      {"risk", "max_open_orders", std::int64_t{20}, 1, 500, {}, reloadable, "open orders of all symbols",
       [](C& c, const V& v) { c.risk.max_open_orders = count(v); }},
      {"risk", "max_orders_per_minute", std::int64_t{60}, 1, 600, {}, reloadable, "requests that place or amend in a sliding minute",
       [](C& c, const V& v) { c.risk.max_orders_per_minute = count(v); }},
      {"risk", "price_collar_bps", std::int64_t{100}, 1, 1000, {}, reloadable, "furthest limit price from mid",
       [](C& c, const V& v) { c.risk.price_collar_bps = count(v); }},
      {"risk", "max_feed_age_ms", std::int64_t{5000}, 100, 60'000, {}, reloadable, "no entry on an older book",
       [](C& c, const V& v) { c.risk.max_feed_age_ms = count(v); }},
      {"risk", "stop_distance_bps", std::int64_t{100}, 5, 2000, {}, reloadable, "venue-held stop of each entry, from its price",
       [](C& c, const V& v) { c.risk.stop_distance_bps = count(v); }},
      {"sim", "seed", std::int64_t{1}, 0, 9e18, {}, fixed, "seed of the generated market", integer(&C::sim_seed)},
      {"sim", "history_hours", 24.0, 2.5, 48, {}, fixed, "market run at full speed through the recorder at the very first start", number(&C::sim_history_hours)},
      {"sim", "speed", 1.0, 0.1, 1000, {}, fixed, "market seconds a second once live", number(&C::sim_speed)},
      {"sim", "balance_usdt", 10'000.0, 10, 1e9, {}, fixed, "wallet of a new simulated account", number(&C::sim_balance_usdt)},
      {"sim", "maker_fee_bps", 2.0, -5, 50, {}, fixed, "fee of a resting order on the simulated exchange", number(&C::sim_maker_fee_bps)},
      {"sim", "taker_fee_bps", 5.5, 0, 50, {}, fixed, "fee of a taking order on the simulated exchange", number(&C::sim_taker_fee_bps)},
      {"bus", "url", "embedded", 0, 0, {}, fixed, "embedded, or redis://HOST:PORT", text(&C::bus)},
      {"ui", "listen", "127.0.0.1:8787", 0, 0, {}, fixed, "address of the operator's page", text(&C::listen)},
  };
  return keys;
}

}  // namespace mlbot::shell
