#include "shell/service/trading_state_file.h"

#include <filesystem>

#include "base/json.h"
#include "domain/words.h"
#include "io/files/files.h"

namespace mlbot::shell {
namespace {

constexpr int format = 1;
constexpr Duration figures_period = 10s;

std::optional<TradingState> state_from(const std::string& text) {
  for (int i = 0; i <= static_cast<int>(TradingState::killed); ++i)
    if (word(static_cast<TradingState>(i)) == text) return static_cast<TradingState>(i);
  return std::nullopt;
}

}  // namespace

Result<std::optional<Carried>, std::string> load_trading_state(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return std::optional<Carried>{};
  const auto refuse = [&](const std::string& what) {
    return std::unexpected{path + ": " + what +
                           "; trading starts halted. Look at what happened, then `mlbot resume`"};
  };
  const auto bytes = io::files::read_file(path);
  if (!bytes) return refuse(bytes.error().what);
  const Json json = Json::parse(*bytes, nullptr, false);
  if (!json.is_object() || json.value("format", 0) != format) return refuse("it is damaged");
  const auto state = state_from(json.value("state", std::string{}));
  const auto stopped_by = json.value("stopped_by", std::string{});
  const auto reason = reason_from(stopped_by);
  if (!state || (!stopped_by.empty() && !reason))
    return refuse("it names a state that this version does not know");
  const auto amount = [&](const char* key) { return E8{json.value(key, std::int64_t{0})}; };
  return std::optional{
      Carried{.state = *state,
              .stopped_by = reason,
              .day = json.value("day", std::int64_t{-1}),
              .day_equity = amount("day_equity_e8"),
              .peak_equity = amount("peak_equity_e8"),
              .orders_today = json.value("orders_today", 0u),
              .round_trips_today = json.value("round_trips_today", 0u),
              .cancels_today = json.value("cancels_today", 0u),
              .fills_today = json.value("fills_today", 0u),
              .model_trades = json.value("model_trades", 0u),
              .loss_pause_until = Instant{json.value("loss_pause_until_ns", std::int64_t{0})}}};
}

Carried take_over_trading_state(const std::string& path, const std::function<void(std::string_view)>& note) {
  const auto found = load_trading_state(path);
  if (!found) {
    note(found.error());
    return {.state = TradingState::halted, .stopped_by = ReasonCode::halted};
  }
  const Carried carried = found->value_or(Carried{});
  if (carried.state >= TradingState::paused)
    note("trading is " + std::string{word(carried.state)} + " since the last run" +
         (carried.stopped_by ? ": " + std::string{to_string(*carried.stopped_by)} : ""));
  return carried;
}

Result<void, std::string> save_trading_state(const std::string& path, const Carried& c) {
  const Json json{{"format", format},
                  {"state", word(c.state)},
                  {"stopped_by", c.stopped_by ? to_string(*c.stopped_by) : ""},
                  {"day", c.day},
                  {"day_equity_e8", c.day_equity.count},
                  {"peak_equity_e8", c.peak_equity.count},
                  {"orders_today", c.orders_today},
                  {"round_trips_today", c.round_trips_today},
                  {"cancels_today", c.cancels_today},
                  {"fills_today", c.fills_today},
                  {"model_trades", c.model_trades},
                  {"loss_pause_until_ns", c.loss_pause_until.ns}};
  auto written = io::files::write_file_atomically(path, json.dump(1) + "\n");
  if (!written) return std::unexpected{written.error().what};
  return {};
}

bool must_keep(const Carried& wanted, const Carried& kept, Duration since) {
  const bool turned = wanted.state != kept.state || wanted.stopped_by != kept.stopped_by;
  return turned || (wanted != kept && since >= figures_period);
}

std::optional<std::string> TradingStateFile::keep(const Carried& wanted, Instant now) {
  if (!must_keep(wanted, written_, now - written_at_)) return std::nullopt;
  written_at_ = now;
  if (const auto saved = save_trading_state(path_, wanted); !saved) {
    if (saved.error() == trouble_) return std::nullopt;
    return trouble_ = saved.error();
  }
  trouble_.clear();
  written_ = wanted;
  return std::nullopt;
}

}  // namespace mlbot::shell
