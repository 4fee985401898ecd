// From one run to the next. The bytes: a magic word, a version, the instruments' names, the state, a checksum
// over all.
#include <algorithm>
#include <array>

#include "base/digest.h"
#include "sim/engine.h"
#include "sim/saving.h"

namespace mlbot::sim {
namespace {

constexpr std::string_view magic = "mlbot-exchange";
constexpr std::uint8_t version = 3;
constexpr std::uint64_t accounts_max = 10'000;
constexpr std::uint64_t rows_max = 1'000'000;

/// The words of cancel types, reject reasons and makers of orders that this exchange ever writes.
constexpr std::array words = std::to_array<std::string_view>({"UNKNOWN",
                                                              "CancelByUser",
                                                              "CancelByDCP",
                                                              "CancelByReduceOnly",
                                                              "CancelAllBeforeLiq",
                                                              "CancelByTpSlTsClear",
                                                              "EC_NoError",
                                                              "EC_PerCancelRequest",
                                                              "EC_PostOnlyWillTakeLiquidity",
                                                              "EC_NoEnoughQtyToFill",
                                                              "EC_NoImmediateQtyToFill",
                                                              "EC_CancelForNoFullFill",
                                                              "CreateByUser",
                                                              "CreateByStopLoss",
                                                              "CreateByTakeProfit",
                                                              "CancelBySmp",
                                                              "CancelByOCOTpCanceledBySlTriggered",
                                                              "CancelByOCOSlCanceledByTpTriggered",
                                                              "EC_Others",
                                                              "EC_OrigClOrdIDDoesNotExist",
                                                              "EC_LimitOrderInvalidPrice",
                                                              "CreateByStopOrder",
                                                              "CreateByPartialStopLoss",
                                                              "CreateByPartialTakeProfit",
                                                              "CreateByTrailingStop",
                                                              "CancelByPrepareLiq",
                                                              "CancelByDCP",
                                                              "CreateByLiq",
                                                              "CreateByTakeOver_PassThrough",
                                                              "CreateByAdl_PassThrough"});

template <class Io>
void word(Io& io, std::string_view& value) {
  const auto found = std::ranges::find(words, value);
  MLBOT_ASSERT(found != words.end());
  auto index = static_cast<std::uint64_t>(found - words.begin());
  io(index);
  if (index >= words.size()) return io.fail();
  value = words[index];
}

}  // namespace

template <class Io>
static void fields(Io& io, Trigger& trigger) {
  fields(io, trigger.price);
  choice(io, trigger.by, PriceSource::mark);
  io(trigger.rising);
}

template <class Io>
static void fields(Io& io, StopLeg& leg) {
  fields(io, leg.trigger);
  choice(io, leg.by, PriceSource::mark);
  fields(io, leg.limit);
}

template <class Io>
static void fields(Io& io, SlippageTolerance& tolerance) {
  io(tolerance.percent);
  io(tolerance.amount);
}

template <class Io>
static void fields(Io& io, OrderRow& row) {
  fields(io, row.venue_id);
  fields(io, row.client_id);
  fields(io, row.symbol);
  io(row.position_index);
  choice(io, row.side, Side::sell);
  choice(io, row.type, OrderType::unknown);
  choice(io, row.time_in_force, TimeInForce::unknown);
  choice(io, row.status, OrderStatus::deactivated);
  fields(io, row.price);
  fields(io, row.size);
  fields(io, row.filled);
  for (E8* value : {&row.filled_value, &row.fees, &row.realised_pnl}) fields(io, *value);
  io(row.reduce_only);
  io(row.close_on_trigger);
  choice(io, row.stop, StopKind::trailing);
  fields(io, row.trigger);
  choice(io, row.stop_mode, StopMode::partial);
  fields(io, row.stop_loss);
  fields(io, row.take_profit);
  fields(io, row.active_price);
  io(row.trailing.count);
  io(row.stops_set);
  for (std::uint64_t* number : {&row.stop_loss_order, &row.take_profit_order, &row.other_leg}) io(*number);
  choice(io, row.self_match, SelfMatch::cancel_both);
  fields(io, row.smp_order_id);
  fields(io, row.slippage);
  fields(io, row.last_price_on_created);
  for (auto* text : {&row.cancel_type, &row.reject_reason, &row.create_type}) word(io, *text);
  fields(io, row.created_at);
  fields(io, row.updated_at);
  io(row.number);
}

template <class Io>
static void fields(Io& io, ExecutionRow& row) {
  Execution& execution = row.execution;
  fields(io, execution.symbol);
  choice(io, execution.kind, ExecutionKind::other);
  fields(io, execution.client_id);
  fields(io, execution.venue_id);
  fields(io, execution.execution_id);
  choice(io, execution.side, Side::sell);
  fields(io, execution.price);
  fields(io, execution.size);
  fields(io, execution.fee);
  fields(io, execution.realised_pnl);
  choice(io, execution.liquidity, Liquidity::unknown);
  fields(io, execution.at);
  fields(io, row.order_price);
  fields(io, row.order_size);
  fields(io, row.leaves);
  choice(io, row.order_type, OrderType::unknown);
  choice(io, row.stop, StopKind::trailing);
  word(io, row.create_type);
  fields(io, row.value);
  for (E8* value : {&row.fee_rate, &row.surcharge, &row.surcharge_rate}) fields(io, *value);
  fields(io, row.closed);
  fields(io, row.mark_price);
  io(row.cross_sequence);
}

template <class Io>
static void fields(Io& io, ClosedPnlRow& row) {
  fields(io, row.symbol);
  fields(io, row.order_id);
  choice(io, row.side, Side::sell);
  fields(io, row.order_size);
  fields(io, row.order_price);
  choice(io, row.order_type, OrderType::unknown);
  choice(io, row.kind, ExecutionKind::other);
  fields(io, row.closed);
  for (E8* value : {&row.entry_value, &row.exit_value, &row.average_entry, &row.average_exit, &row.closed_pnl,
                    &row.open_fee, &row.close_fee, &row.leverage}) {
    fields(io, *value);
  }
  io(row.fills);
  fields(io, row.created_at);
  fields(io, row.updated_at);
}

template <class Io>
static void fields(Io& io, TransactionRow& row) {
  fields(io, row.symbol);
  choice(io, row.side, Side::sell);
  choice(io, row.kind, TransactionKind::transfer_in);
  fields(io, row.size);
  fields(io, row.position);
  for (E8* value : {&row.price, &row.funding, &row.fee, &row.fee_rate, &row.surcharge, &row.cash_flow,
                    &row.change, &row.cash_balance}) {
    fields(io, *value);
  }
  fields(io, row.trade_id);
  fields(io, row.order_id);
  fields(io, row.client_id);
  io(row.cross_sequence);
  fields(io, row.at);
}

template <class Io>
static void fields(Io& io, FundingRow& row) {
  fields(io, row.at);
  fields(io, row.rate);
}

template <class Io>
static void fields(Io& io, OpenInterestRow& row) {
  fields(io, row.at);
  fields(io, row.base_coins);
}

template <class Io>
static void fields(Io& io, FeeRates& rates) {
  fields(io, rates.maker);
  fields(io, rates.taker);
}

template <class Io>
static void fields(Io& io, Position& position) {
  fields(io, position.size);
  for (E8* value : {&position.entry_value, &position.leverage, &position.extra_margin, &position.open_fees,
                    &position.realised, &position.realised_ever}) {
    fields(io, *value);
  }
  io(position.auto_add_margin);
  io(position.liquidating);
  fields(io, position.deleveraged_until);
  io(position.stop_loss);
  io(position.take_profit);
  io(position.trailing);
  io(position.cross_sequence);
  fields(io, position.created_at);
  fields(io, position.updated_at);
}

template <class Io>
static void fields(Io& io, PositionMode& mode) {
  bool hedge = mode == PositionMode::hedge;
  io(hedge);
  mode = hedge ? PositionMode::hedge : PositionMode::one_way;
}

template <class Io>
static void fields(Io& io, Holdings& holdings) {
  fields(io, holdings.mode);
  for (std::uint8_t index = 0; index < holdings.positions.size(); ++index) {
    holdings.positions[index].index = index;
    fields(io, holdings.positions[index]);
  }
}

template <class Io>
static void fields(Io& io, Account& account) {
  io(account.name);
  fields(io, account.wallet);
  fields(io, account.realised_ever);
  fields(io, account.default_mode);
  choice(io, account.margin_mode, MarginMode::isolated);
  io(account.liquidating);
  fields(io, account.fees);
  fields(io, account.surcharge);
  list(io, account.holdings, rows_max);
  for (std::size_t i = 0; i < account.holdings.size(); ++i) {
    for (Position& position : account.holdings[i].positions) {
      position.symbol = SymbolId{static_cast<std::uint16_t>(i)};
    }
  }
  std::vector<OrderRow> open;
  for (const auto& [number, row] : account.open) open.push_back(row);
  list(io, open, rows_max);
  io(account.moves_limit_price);
  list(io, account.closed, rows_max);
  list(io, account.executions, rows_max);
  list(io, account.closed_pnl, rows_max);
  list(io, account.transactions, rows_max);
  if constexpr (Io::loads) {
    for (const OrderRow& row : open) {
      account.open[row.number] = row;
      if (row.is_held()) account.held.push_back(row.number);
    }
    const auto know = [&](const OrderRow& row) {
      if (!row.client_id.empty()) account.client_ids[row.client_id] = row.number;
    };
    std::ranges::for_each(account.closed, know);
    std::ranges::for_each(open, know);
  }
}

template <class Io>
static void fields(Io& io, SymbolState& symbol) {
  for (E8* value : {&symbol.index_price, &symbol.mark_price, &symbol.open_interest, &symbol.funding_rate}) {
    fields(io, *value);
  }
  io(symbol.mark_given);
  io(symbol.funding_given);
  symbol.basis.each_field(io);
  symbol.premium_index.each_field(io);
  list(io, symbol.funding_history, rows_max);
  list(io, symbol.open_interest_history, rows_max);
  io(symbol.cross_sequence);
  io(symbol.live);
  list(io, symbol.premium.samples, PremiumMean::samples_max);
  fields(io, symbol.premium.sum);
  fields(io, symbol.premium.sampled_at);
}

template <class Io>
static void fields(Io& io, InsuranceFund& fund) {
  fields(io, fund.balance);
  fields(io, fund.peak);
  fields(io, fund.peak_at);
  io(fund.changed);
  fields(io, fund.told_at);
}

template <class Io>
static void fields(Io& io, Liquidating& which) {
  io(which.account.index);
  fields(io, which.symbol);
  io(which.position_index);
  fields(io, which.due);
}

namespace {

/// Whether what was read can be lived in: a saved book and account must speak of one another.
bool fits_together(const Account& account, std::size_t symbols) {
  if (account.holdings.size() != symbols) return false;
  for (const Holdings& holdings : account.holdings) {
    for (const Position& position : holdings.positions) {
      if (position.leverage.count < e8_per_unit || position.entry_value.count < 0) return false;
      if (position.index == 1 && position.size.count < 0) return false;
      if (position.index == 2 && position.size.count > 0) return false;
      for (const OrderNumber stop : {position.stop_loss, position.take_profit, position.trailing}) {
        const auto held = account.open.find(stop);
        if (stop != anonymous && (held == account.open.end() || !held->second.is_held())) return false;
      }
    }
  }
  return std::ranges::all_of(account.open, [&](const auto& entry) {
    const OrderRow& row = entry.second;
    if (row.is_held() && !row.trigger && row.stop != StopKind::trailing) return false;
    return row.symbol.index < symbols &&
           row.position_index < std::tuple_size_v<decltype(Holdings::positions)>;
  });
}

}  // namespace

void Exchange::Engine::save(ByteWriter& out) const {
  Saver io{out, now_};
  std::uint64_t last_order = last_order_, last_id = last_id_;
  InsuranceFund fund = fund_;
  E8 fees = fees_collected_, funding = funding_balance_;
  std::vector<Liquidating> liquidating = liquidating_;
  io(last_order);
  io(last_id);
  fields(io, fund);
  fields(io, fees);
  fields(io, funding);
  list(io, liquidating, accounts_max);
  Prng chance = chance_;
  fields(io, chance);
  std::vector<OrderNumber> due = due_;
  list(io, due, rows_max);
  std::vector<Account> accounts = accounts_;
  list(io, accounts, accounts_max);
  for (const SymbolState& symbol : symbols_) {
    SymbolState copy = symbol;
    fields(io, copy);
    symbol.book.save(out);
    symbol.feed.save(out, now_);
  }
  market_->save(out, now_);
}

void Exchange::Engine::restore(ByteReader& in, Instant resume_at) {
  now_ = resume_at;
  Loader io{in, now_};
  io(last_order_);
  io(last_id_);
  fields(io, fund_);
  fields(io, fees_collected_);
  fields(io, funding_balance_);
  list(io, liquidating_, accounts_max);
  fields(io, chance_);
  list(io, due_, rows_max);
  accounts_need_check_ = true;
  list(io, accounts_, accounts_max);
  for (SymbolState& symbol : symbols_) {
    fields(io, symbol);
    symbol.book.restore(in);
    symbol.feed.restore(in, now_);
    if (!symbol.basis.sound()) return in.fail();
    symbol.next_minute = minute_after(now_);
    symbol.next_funding = funding_after(now_, symbol.instrument);
    symbol.moved = true;
  }
  market_->restore(in, now_);
  for (std::uint32_t i = 0; i < accounts_.size() && in.ok(); ++i) {
    if (!fits_together(accounts_[i], symbols_.size())) return in.fail();
    for (const auto& [number, row] : accounts_[i].open) places_[number] = {{i}, row.symbol};
    for (SymbolState& symbol : symbols_) note_holder({i}, symbol);
    unchecked_.push_back({i});
  }
  const auto is_held = [&](OrderNumber number) {
    const auto place = places_.find(number);
    return place != places_.end() && at(place->second.account).open.at(number).is_held();
  };
  if (!std::ranges::all_of(due_, is_held)) in.fail();
  const auto is_known = [&](const Liquidating& which) {
    return which.account.index < accounts_.size() && which.position_index < 3 &&
           (!which.symbol || which.symbol->index < symbols_.size());
  };
  if (!std::ranges::all_of(liquidating_, is_known)) in.fail();
}

std::string Exchange::save() const {
  std::string bytes;
  ByteWriter out{bytes};
  out.text(magic);
  out.u8(version);
  out.varint(engine_->setup_.instruments.size());
  for (const Instrument& instrument : engine_->setup_.instruments) out.text(instrument.name);
  engine_->save(out);
  out.fixed64(xxh64(bytes));
  return bytes;
}

Result<void, RestoreError> Exchange::restore(std::string_view bytes, Instant resume_at) {
  const auto damaged = [](std::string_view what) {
    return std::unexpected{RestoreError{"exchange state: " + std::string{what} +
                                        "; remove the file to start with a new market and new accounts"}};
  };
  constexpr std::size_t checksum_size = 8;
  if (bytes.size() < checksum_size) return damaged("cut off");
  ByteReader tail{bytes.substr(bytes.size() - checksum_size)};
  const std::string_view body = bytes.substr(0, bytes.size() - checksum_size);
  ByteReader in{body};
  if (in.text() != magic) return damaged("not a saved exchange");
  if (const auto found = in.u8(); found != version) {
    return damaged("version " + std::to_string(found) + ", this program reads " + std::to_string(version));
  }
  if (tail.fixed64() != xxh64(body)) return damaged("checksum differs, the bytes are damaged or cut off");
  const auto& instruments = engine_->setup_.instruments;
  bool same = in.varint() == instruments.size();
  for (const Instrument& instrument : instruments) same = same && in.text() == instrument.name.view();
  if (!same) return damaged("made with other symbols than are traded now");
  engine_->restore(in, resume_at);
  if (!in.ok() || !in.done()) return damaged("contents do not fit together");
  return {};
}

}  // namespace mlbot::sim
