// What the core books from what it is told, against what the exchange knows: positions, wallet, realised
// profit, fees, funding and transfers of random accounts in both modes, to the last 1e-8, whatever is done to
// them: partial exits around funding, turns, other fees, taxes, deleveraging, liquidation.
#include <gtest/gtest.h>

#include "base/prng.h"
#include "core/orders/order_executor.h"
#include "core/orders/position_manager.h"
#include "sim/risk_tiers.h"
#include "sim/test_stage.h"

namespace mlbot {
namespace {

using core::Ledger;
using sim::AccountId;

constexpr std::size_t accounts_made = 5;
constexpr std::size_t log_kept = 5'000;

/// What one account's core believes: news and, where it is told, the venue's log.
struct Believer {
  core::OrderExecutor orders;
  core::PositionManager positions;
  bool reads_log = false;
  std::size_t log_read = 0;
  std::uint64_t placed = 0;
};

class Town final : public sim::Listener {
 public:
  explicit Town(std::uint64_t seed) : chance_{seed} {
    sim::ExchangeSetup setup{.instruments = {sim::test_instrument()}, .start = sim::test_start, .seed = seed};
    setup.default_leverage = E8{25 * e8_per_unit};
    setup.insurance_fund = *parse_e8(seed % 2 == 0 ? "0" : "3");  // soon empty: others are deleveraged
    std::vector<sim::RiskTier> tiers;
    const std::array<std::array<std::string_view, 4>, 3> rows{
        {{"100", "0.005", "0.01", "100"}, {"300", "0.02", "0.04", "25"}, {"2000", "0.05", "0.1", "10"}}};
    for (const auto& [limit, maintenance, initial, leverage] : rows)
      tiers.push_back({.id = static_cast<std::int32_t>(tiers.size() + 1),
                       .limit_value = *parse_e8(limit),
                       .maintenance_rate = *parse_e8(maintenance),
                       .initial_rate = *parse_e8(initial),
                       .max_leverage = *parse_e8(leverage),
                       .lowest = tiers.empty()});
    sim::deduct(tiers);
    setup.risk_tiers = {tiers};
    exchange_ = std::make_unique<sim::Exchange>(setup, std::make_unique<sim::PuppetMarket>(script_), this);
    for (std::size_t i = 0; i < accounts_made; ++i) {
      const E8 wallet = *parse_e8(i == 0 ? "500" : "20");
      accounts_.push_back(exchange_->open_account(fmt::format("account {}", i), wallet));
      Believer& b = believers_.emplace_back();
      b.orders.start("town", 2);
      b.positions.add(sim::test_instrument());
      b.positions.on(sim::test_start, WalletNews{.source = NewsSource::query, .wallet_balance = wallet});
      b.reads_log = i % 2 == 1;  // the others are told of transfers alone: all else comes from executions
    }
    exchange_->set_fees(accounts_[1], {*parse_e8("0.0001"), *parse_e8("0.0006")}, *parse_e8("0.18"));
    deed([](sim::MarketDoor& door) { door.set_mark_price(symbol, *parse_e8("100")); });
  }

  void on_market(Instant, const Event&) override {}
  void on_account(AccountId account, Instant at, const Event& event) override {
    Believer& b = believers_[account.index];
    out_.clear();
    if (const auto* order = std::get_if<OrderNews>(&event)) b.orders.on(at, *order, out_);
    if (const auto* news = std::get_if<PositionNews>(&event)) b.positions.on(at, *news);
    if (const auto* fill = std::get_if<Execution>(&event)) {
      ++kinds[static_cast<std::size_t>(fill->kind)];
      for (int times = chance_.chance(0.1) ? 2 : 1; times > 0; --times) {
        const std::uint8_t index = core::position_index(*fill, b.orders.find(*fill), b.positions.mode());
        if (b.reads_log && chance_.chance(0.3)) read_log(account, b);  // the log may be faster than the news
        if (b.orders.on(at, *fill, out_)) b.positions.on(at, *fill, index);
      }
    }
  }

  void live(int days) {
    for (int i = 0; i < days; ++i) {
      do_something();
      exchange_->advance_to(exchange_->now() + 100ms);
      for (int left = 100; left > 0 && !all_told(); --left) exchange_->advance_to(exchange_->now() + 2ms);
      for (const AccountId who : accounts_) {
        if (chance_.chance(0.2) || !believers_[who.index].reads_log) read_log(who, believers_[who.index]);
        check(who, chance_.chance(0.05));
        if (::testing::Test::HasFatalFailure()) return;
      }
    }
    for (const AccountId who : accounts_) check(who, true);
  }

  std::array<std::size_t, 6> kinds{};
  std::size_t hedged = 0;

 private:
  static constexpr SymbolId symbol{0};

  void deed(sim::PuppetMarket::Deed what) {
    script_.deeds.emplace_back(exchange_->now(), std::move(what));
    exchange_->advance_to(exchange_->now() + 1s);
  }

  /// False while news of an execution are on their way.
  bool all_told() const {
    return std::ranges::all_of(accounts_, [&](AccountId who) {
      const auto last = exchange_->executions(who, 1);
      return last.empty() || last[0].execution.at < exchange_->now();
    });
  }

  void do_something() {
    const AccountId who = accounts_[chance_.below(accounts_.size())];
    Believer& b = believers_[who.index];
    const bool hedge = exchange_->position_mode(who, symbol) == sim::PositionMode::hedge;
    switch (chance_.below(14)) {
      case 0: {
        const auto mode = hedge ? sim::PositionMode::one_way : sim::PositionMode::hedge;
        if (exchange_->set_position_mode(who, symbol, mode)) {
          b.positions.set_mode(hedge ? core::PositionMode::one_way : core::PositionMode::hedge);
          ++hedged;
        }
        break;
      }
      case 1:
        exchange_->set_fees(who,
                            {E8{static_cast<std::int64_t>(chance_.below(40'000)) - 10'000},
                             E8{static_cast<std::int64_t>(chance_.below(100'000))}},
                            b.reads_log ? *parse_e8("0.18") : E8{});
        break;
      case 2:
        (void)exchange_->deposit(who, *parse_e8("7.00000003"));
        break;
      case 3:
        (void)exchange_->cancel_all(who, {});
        break;
      case 4:
      case 5:
        jump();
        break;
      default:
        order(who, b, hedge);
    }
  }

  void order(AccountId who, Believer& b, bool hedge) {
    const Side side = chance_.chance(0.5) ? Side::buy : Side::sell;
    const bool reduces = chance_.chance(0.35);
    const auto mode = hedge ? core::PositionMode::hedge : core::PositionMode::one_way;
    const std::uint8_t index =
        core::position_index(side, reduces ? core::Effect::reduces : core::Effect::opens, mode);
    const std::int64_t ticks = exchange_->ticker(symbol).mark_price.count / 10'000'000;
    sim::OrderRequest request{.client_id = core::order_id(core::account_tag("town"), 1, ++b.placed),
                              .symbol = symbol,
                              .side = side,
                              .position_index = index,
                              .type = chance_.chance(0.3) ? OrderType::market : OrderType::limit,
                              .price = {ticks + static_cast<std::int64_t>(chance_.below(9)) - 4},
                              .size = {static_cast<std::int64_t>(60 + chance_.below(2'500))},
                              .reduce_only = reduces};
    if (!reduces && chance_.chance(0.3))
      request.stop_loss =
          sim::StopLeg{PriceTicks{side == Side::buy ? ticks - 20 : ticks + 20}, sim::PriceSource::mark, {}};
    out_.clear();
    b.orders.carry(exchange_->now(),
                   {.id = request.client_id,
                    .symbol = symbol,
                    .side = side,
                    .size = request.size,
                    .reduce_only = reduces,
                    .position_index = index,
                    .placed_at = exchange_->now()},
                   out_);
    if (!exchange_->place(who, request))
      b.orders.on(exchange_->now(),
                  RequestAnswer{.request = RequestKind::place,
                                .outcome = RequestOutcome::refused,
                                .symbol = symbol,
                                .client_id = request.client_id},
                  out_);
  }

  void jump() {
    const E8 mark = exchange_->ticker(symbol).mark_price;
    const double by = chance_.chance(0.3) ? 0.08 : 0.01;
    const auto ticks = static_cast<std::int64_t>(to_double(mark) * 10 * (1 + by * chance_.normal()));
    const E8 next{std::clamp<std::int64_t>(ticks, 300, 3000) * 10'000'000};
    const E8 rate{static_cast<std::int64_t>(chance_.below(600'000)) - 300'000};
    script_.deeds.emplace_back(exchange_->now(), [next, rate](sim::MarketDoor& door) {
      door.set_mark_price(symbol, next);
      door.set_funding_rate(symbol, rate);
    });
    exchange_->advance_to(exchange_->now() + (chance_.chance(0.1) ? Duration{8h} : Duration{150ms}));
  }

  void read_log(AccountId who, Believer& b) {
    const auto rows = exchange_->transactions(who, log_kept);  // newest first
    ASSERT_LT(rows.size(), log_kept) << "rows were lost: a shorter life is needed";
    for (; b.log_read < rows.size(); ++b.log_read) {
      const sim::TransactionRow& row = rows[rows.size() - 1 - b.log_read];
      const bool transfer = row.kind == sim::TransactionKind::transfer_in;
      if (!transfer && !b.reads_log) continue;
      constexpr std::array kinds_of{TransactionKind::trade, TransactionKind::funding,
                                    TransactionKind::liquidation, TransactionKind::adl,
                                    TransactionKind::transfer_in};
      b.positions.on(Transaction{.id = VenueId{fmt::format("log-{}", b.log_read)},
                                 .symbol = transfer ? std::nullopt : std::optional{row.symbol},
                                 .kind = kinds_of[static_cast<std::size_t>(row.kind)],
                                 .execution_id = row.trade_id,
                                 .cash_flow = row.cash_flow,
                                 .funding = row.funding,
                                 .fee = row.fee,
                                 .change = row.change,
                                 .balance_after = row.cash_balance,
                                 .at = row.at});
    }
  }

  void check(AccountId who, bool whole_log) {
    Believer& b = believers_[who.index];
    if (whole_log) read_log(who, b);
    for (const sim::PositionRow& row : exchange_->positions(who, symbol))
      ASSERT_EQ(b.positions.position(symbol, row.position_index).size, row.size)
          << "account " << who.index << " index " << int(row.position_index);
    const Ledger& ledger = b.positions.ledger();
    E8 books, held;
    for (std::size_t i = 0; i < core::book_count; ++i)
      books = books + ledger.balance(static_cast<core::Book>(i));
    ASSERT_EQ(books.count, 0);
    for (std::uint8_t index = 0; index < core::position_indices; ++index)
      held = held + b.positions.position(symbol, index).cost;
    ASSERT_EQ(ledger.balance(core::Book::positions), held) << "what is held, at cost";
    ASSERT_EQ(ledger.differences(), 0u) << "account " << who.index;
    if (b.reads_log && b.log_read < exchange_->transactions(who, log_kept).size())
      return;  // taxes are to come
    ASSERT_EQ(ledger.cash(), exchange_->wallet(who).wallet_balance) << "account " << who.index;
    E8 realised, fees, funding, transfers;
    for (const sim::TransactionRow& row : exchange_->transactions(who, log_kept)) {
      if (row.kind == sim::TransactionKind::transfer_in)
        transfers = transfers + row.cash_flow;
      else
        realised = realised + row.cash_flow;
      fees = fees + row.fee + row.surcharge;
      funding = funding - row.funding;
    }
    ASSERT_EQ(ledger.realised(), realised);
    ASSERT_EQ(ledger.fees(), fees);
    ASSERT_EQ(ledger.funding(), funding);
    ASSERT_EQ(ledger.transfers() - ledger.balance(core::Book::opening), transfers);
  }

  Prng chance_;
  sim::PuppetMarket::Script script_;
  std::unique_ptr<sim::Exchange> exchange_;
  std::vector<AccountId> accounts_;
  std::vector<Believer> believers_;
  Outbox out_;
};

TEST(Money, OfEveryAccountIsWhatTheExchangeSays) {
  std::array<std::size_t, 6> kinds{};
  std::size_t hedged = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Town town{seed};
    town.live(1'500);
    if (HasFatalFailure()) return;
    for (std::size_t i = 0; i < kinds.size(); ++i) kinds[i] += town.kinds[i];
    hedged += town.hedged;
  }
  fmt::print("[ money    ] trades {}, funding {}, deleveraged {}, liquidated {}, modes changed {}\n",
             kinds[0], kinds[1], kinds[2], kinds[3], hedged);
  for (const std::size_t kind : {0u, 1u, 2u, 3u})
    EXPECT_GT(kinds[kind], 10u) << "kind " << kind << " did not happen";
  EXPECT_GT(hedged, 20u);
}

}  // namespace
}  // namespace mlbot
