#include "shell/markets.h"

#include <fmt/format.h>

#include "sim/generated_market.h"
#include "sim/instruments.h"
#include "sim/replayed_market.h"

namespace mlbot::shell {

Result<MarketChoice, SourceError> choose_market(const std::string& name, std::uint64_t seed, Instant start,
                                                Duration skip, const FeeRates& fees, std::size_t contracts) {
  MarketChoice choice;
  if (is_made_up(name)) {
    choice.instruments = sim::default_instruments();
    while (choice.instruments.size() < contracts) {
      auto more = choice.instruments.back();
      more.id = {static_cast<std::uint16_t>(choice.instruments.size())};
      more.name = std::string_view{fmt::format("C{:03}USDT", choice.instruments.size())};
      choice.instruments.push_back(more);
    }
    for (auto& instrument : choice.instruments) instrument.fees = fees;
    auto settings =
        name == "lifelike" ? sim::lifelike_generated_settings() : sim::default_generated_settings();
    settings.resize(choice.instruments.size(), settings.back());
    choice.market = sim::make_generated_market(choice.instruments, settings, seed, start);
    choice.start = start;
    return choice;
  }
  constexpr std::string_view prefix = "replay:";
  if (!name.starts_with(prefix))
    return std::unexpected{SourceError{fmt::format("no market \"{}\": use {}", name, markets_help)}};
  const auto directory = name.substr(prefix.size()) + "/journal";
  auto summary = summarise_journal(directory);
  if (!summary) return std::unexpected{SourceError{summary.error().what + "; `mlbot data import` makes one"}};
  if (summary->instruments.empty()) return std::unexpected{SourceError{directory + " holds no market"}};
  for (std::size_t i = 0; i < summary->instruments.size(); ++i) {
    choice.instruments.push_back(summary->instruments[i]);
    choice.instruments.back().id = {static_cast<std::uint16_t>(i)};
    choice.instruments.back().fees = fees;
  }
  choice.start = summary->first_at + skip;
  choice.end = summary->last_at;
  auto market = JournalMarket::open(directory, choice.instruments, {.from_at = choice.start});
  if (!market) return std::unexpected{market.error()};
  auto shared = std::make_shared<JournalMarket>(std::move(*market));
  choice.market = sim::make_replayed_market([shared] { return shared->next(); }, Duration{0});
  return choice;
}

FeeRates fee_rates(double maker_bps, double taker_bps) {
  return {e8_from_double(maker_bps * 1e-4), e8_from_double(taker_bps * 1e-4)};
}

}  // namespace mlbot::shell
