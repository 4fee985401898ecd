#include "shell/generated_history.h"

#include "base/assert.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t candles_kept = 1'000;

}  // namespace

GeneratedHistory::GeneratedHistory(MarketChoice choice, std::uint64_t seed, Instant heard_from, Instant until)
    : instruments_{choice.instruments},
      heard_from_{heard_from},
      until_{until},
      exchange_{{.instruments = choice.instruments, .start = choice.start, .seed = seed},
                std::move(choice.market),
                this} {}

void GeneratedHistory::say(Instant at, const Event& event) {
  auto& said = said_.emplace_back(at, std::string{});
  encode(Stamped{{}, at, at, at, event}, said.bytes);
}

void GeneratedHistory::on_market(Instant at, const Event& event) {
  if (listening_) say(at, event);
}

void GeneratedHistory::begin() {
  exchange_.advance_to(heard_from_);
  listening_ = true;
  for (const auto& instrument : instruments_) {
    for (const Kline& candle : exchange_.klines(instrument.id, candles_kept))
      if (candle.confirmed) say(heard_from_, candle);
    const auto ticker = exchange_.ticker(instrument.id);
    say(heard_from_, Ticker{.symbol = instrument.id,
                            .cross_sequence = ticker.cross_sequence,
                            .last_price = ticker.last_price,
                            .mark_price = ticker.mark_price,
                            .index_price = ticker.index_price,
                            .open_interest = ticker.open_interest,
                            .open_interest_value = ticker.open_interest_value,
                            .turnover_24h = ticker.turnover_24h,
                            .funding_rate = ticker.funding_rate,
                            .next_funding = ticker.next_funding,
                            .funding_interval_hours = ticker.funding_interval_hours});
    const auto book = exchange_.book(instrument.id, SIZE_MAX);
    if (!book.bids.empty() && !book.asks.empty())
      say(heard_from_, BookUpdate{instrument.id, UpdateKind::snapshot, book.update_id, book.cross_sequence,
                                  book.matched_at, book.bids, book.asks});
  }
}

const Stamped* GeneratedHistory::next() {
  if (!listening_) begin();
  while (said_.empty()) {
    const Instant due = exchange_.next_event_at();
    if (due >= until_) return nullptr;
    exchange_.advance_to(due);
  }
  bytes_ = std::move(said_.front().bytes);
  said_.pop_front();
  const auto record = decode(bytes_, scratch_);
  MLBOT_ASSERT(record && std::holds_alternative<Stamped>(*record));
  out_ = std::get<Stamped>(*record);
  return &out_;
}

}  // namespace mlbot::shell
