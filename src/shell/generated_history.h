// A generated market as a stream of recorded events: the exchange runs alone and what it says is handed over
// one by one, without a file between. Threads: none. Clock: none, but the market's.
#pragma once

#include <deque>
#include <memory>
#include <string>

#include "domain/record.h"
#include "shell/markets.h"
#include "sim/exchange.h"

namespace mlbot::shell {

class GeneratedHistory final : public sim::Listener {
 public:
  /// Runs [choice.start, until); what is said before `heard_from` is made and not handed over, but for the
  /// confirmed candles of that time, which come first, as the venue's REST answers would.
  GeneratedHistory(MarketChoice choice, std::uint64_t seed, Instant heard_from, Instant until);

  /// nullptr at the end. Views live until the next call.
  const Stamped* next();
  const std::vector<Instrument>& instruments() const { return instruments_; }

  void on_market(Instant at, const Event& event) override;
  void on_account(sim::AccountId, Instant, const Event&) override {}

 private:
  struct Said {
    Instant at;
    std::string bytes;
  };
  void begin();
  void say(Instant at, const Event& event);

  std::vector<Instrument> instruments_;
  Instant heard_from_, until_;
  sim::Exchange exchange_;
  bool listening_ = false;
  std::deque<Said> said_;
  std::string bytes_;  ///< behind the views of out_
  RecordScratch scratch_;
  Stamped out_;
};

}  // namespace mlbot::shell
