#include "core/account/account_monitor.h"

#include <algorithm>

#include "base/assert.h"
#include "base/planted.h"

namespace mlbot::core {

void AccountMonitor::add(const Instrument& instrument) {
  MLBOT_ASSERT(instrument.id.index == symbols_.size());
  symbols_.emplace_back();
}

void AccountMonitor::carry(const Carried& carried) {
  day_ = carried.day;
  day_equity_ = carried.day_equity;
  peak_equity_ = carried.peak_equity;
}

void AccountMonitor::carry_into(Carried& out) const {
  out.day = day_;
  out.day_equity = day_equity_;
  out.peak_equity = peak_equity_;
}

bool AccountMonitor::known() const {
  if (MLBOT_PLANTED(enter_before_the_account_is_known)) return wallet_known_;
  return snapshot_ended_ && link_live_;
}

void AccountMonitor::start(Instant at, Mode mode, Outbox& out) {
  may_ask_ = mode != Mode::shadow;
  ask_at_ = may_ask_ ? at : distant_future;
  on_timer(at, {}, out);
}

void AccountMonitor::on(Instant at, const LinkChanged& link, Outbox& out) {
  if (link.link != Link::account) return;
  const bool live = link.state == LinkState::live;
  if (!live && MLBOT_PLANTED(believe_an_account_whose_link_is_down)) return;
  if (live == link_live_) return;
  link_live_ = live;
  snapshot_ended_ = false;  // whatever happened meanwhile was not told
  in_snapshot_ = false;
  if (live) live_since_ = at;
  if (live && may_ask_) {
    ask_at_ = at;
    asked_at_ = {};
    on_timer(at, {}, out);
  }
}

bool AccountMonitor::on(Instant at, const AccountSnapshot& snapshot) {
  switch (snapshot.phase) {
    case SnapshotPhase::begin:
      in_snapshot_ = true;
      return false;
    case SnapshotPhase::end: {
      const Instant of = asking() ? open_since_ : asked_at_;
      open_since_ = Instant{INT64_MIN};
      if (!in_snapshot_) return false;  // its beginning was on a link that broke
      in_snapshot_ = false;
      if (of < live_since_) {  // what happened before the link was live was not told by it
        ask_at_ = at;
        return false;
      }
      for (Symbol& s : symbols_) {
        // What another list told at the instant of the question is no answer to it.
        if (s.total.heard && (s.total.heard_at > of || s.total.heard_at == at)) continue;
        s.rows = {};  // a venue that lists only what is open says "flat" by silence
        s.total = {.heard_at = at, .heard = true};
      }
      snapshot_ended_ = snapshot_ended_once_ = true;
      snapshot_of_ = of;
      if (wallet_apart_.differs && !wallet_proven_ && of >= wallet_apart_.since) wallet_proven_ = at;
      const Instant lists_are_younger = live_since_ + list_lag_max;
      ask_at_ = of < lists_are_younger ? std::max(at, lists_are_younger) : at + recheck_period;
      return true;
    }
    case SnapshotPhase::failed:
      in_snapshot_ = false;
      open_since_ = Instant{INT64_MIN};
      ask_at_ = at + retry_pause;
      return false;
  }
  return false;
}

void AccountMonitor::on(Instant at, const PositionNews& news) {
  if (news.symbol.index >= symbols_.size() || news.position_index > 2) return;
  Symbol& s = symbols_[news.symbol.index];
  PositionNews& row = s.rows[news.position_index];
  if (news.updated_at < row.updated_at) {  // a list that was overtaken by the stream, yet no silence
    s.total.heard_at = at;
    return;
  }
  row = news;
  s.total = {.mark_price = news.mark_price, .heard_at = at, .heard = true};
  for (const PositionNews& r : s.rows) {
    s.total.size = s.total.size + r.size;
    if (r.size.count == 0) continue;
    s.total.entry_price = r.entry_price;
    s.total.stop_loss = r.stop_loss;
    s.total.hedged |= r.position_index != 0;
  }
}

void AccountMonitor::value(Instant now, E8 pnl) {
  if (!wallet_known_) return;
  equity_ = wallet_equity_ + (pnl - wallet_pnl_);
  peak_equity_ = std::max(peak_equity_, equity_);
  const std::int64_t day = now.seconds() / 86'400;
  if (day != day_) {
    day_ = day;
    day_equity_ = equity_;
  }
}

void AccountMonitor::on(Instant at, const WalletNews& wallet, E8 pnl) {
  if (!wallet_known_) peak_equity_ = std::max(peak_equity_, wallet.equity);
  wallet_known_ = true;
  wallet_at_ = at;
  wallet_balance_ = wallet.wallet_balance;
  wallet_equity_ = wallet.equity;
  wallet_pnl_ = pnl;
  value(at, pnl);
}

void AccountMonitor::on_timer(Instant now, E8 pnl, Outbox& out) {
  value(now, pnl);
  if (now < ask_at_) return;
  ask_at_ = now + answer_patience;
  asked_at_ = now;
  note_question(now);
  out.commands.push_back(QueryAccount{});
}

void AccountMonitor::compare(Instant now, SymbolId symbol, Lots believed) {
  Symbol& s = symbols_[symbol.index];
  const bool differs = known() && ((s.total.hedged && !hedge_) || s.total.size != believed);
  if (differs && !s.differs) s.differs_since = now;
  s.differs = differs;
  s.believed = believed;
}

void AccountMonitor::compare_wallet(Instant now, E8 believed) {
  wallet_believed_ = believed;
  const E8 apart = wallet_balance_ - believed;
  wallet_apart_.see(
      now, known() && wallet_known_ && (apart > wallet_tolerance || apart < E8{} - wallet_tolerance));
  if (!wallet_apart_.differs) wallet_proven_.reset();
}

void AccountMonitor::on(Instant at, const AccountModes& modes) {
  hedge_ = modes.hedge;
  modes_ = modes;
  if (!modes_found_) modes_found_ = modes;
  margin_apart_.see(at, modes.margin != modes_found_->margin);
  band_apart_.see(at, modes.price_band_rejects != modes_found_->price_band_rejects);
}

void AccountMonitor::accept() {
  if (modes_found_) modes_found_ = modes_;
  wallet_apart_ = margin_apart_ = band_apart_ = {};
  wallet_proven_.reset();
}

Duration AccountMonitor::mismatch(Instant now, SymbolId symbol) const {
  const Symbol& s = symbols_[symbol.index];
  return s.differs ? now - s.differs_since : Duration{0};
}

Duration AccountMonitor::worst_mismatch(Instant now) const {
  Duration worst{0};
  for (std::uint16_t i = 0; i < symbols_.size(); ++i) worst = std::max(worst, mismatch(now, {i}));
  for (const Apart* apart : {&wallet_apart_, &margin_apart_, &band_apart_})
    if (apart->differs) worst = std::max(worst, now - apart->since);
  return worst;
}

Duration AccountMonitor::proven_mismatch(Instant now) const {
  Duration worst{0};
  for (std::uint16_t i = 0; i < symbols_.size(); ++i) worst = std::max(worst, mismatch(now, {i}));
  for (const Apart* apart : {&margin_apart_, &band_apart_})
    if (apart->differs) worst = std::max(worst, now - apart->since);
  return wallet_proven_ ? std::max(worst, now - *wallet_proven_) : worst;
}

std::optional<AccountDifference> AccountMonitor::difference() const {
  std::optional<AccountDifference> out;
  const auto older = [&](const AccountDifference& found) {
    if (!out || found.since < out->since) out = found;
  };
  for (std::uint16_t i = 0; i < symbols_.size(); ++i) {
    const Symbol& s = symbols_[i];
    if (s.differs) older({AccountPart::position, {i}, s.believed.count, s.total.size.count, s.differs_since});
  }
  if (wallet_apart_.differs)
    older({AccountPart::wallet, {}, wallet_believed_.count, wallet_balance_.count, wallet_apart_.since});
  if (margin_apart_.differs)
    older({AccountPart::margin_mode,
           {},
           static_cast<std::int64_t>(modes_found_->margin),
           static_cast<std::int64_t>(modes_.margin),
           margin_apart_.since});
  if (band_apart_.differs)
    older({AccountPart::price_band,
           {},
           modes_found_->price_band_rejects.value_or(false),
           modes_.price_band_rejects.value_or(false),
           band_apart_.since});
  return out;
}

void AccountMonitor::hash_into(StateHash& hash) const {
  for (const Symbol& s : symbols_) {
    hash.add(s.total.size.count);
    hash.add(s.total.entry_price.count);
    hash.add(s.total.mark_price.count);
    hash.add(s.total.stop_loss.count);
    hash.add(s.total.heard_at.ns);
    hash.add(std::uint64_t{s.total.hedged});
    hash.add(std::uint64_t{s.differs});
    hash.add(s.differs_since.ns);
    hash.add(s.believed.count);
  }
  for (const Apart* apart : {&wallet_apart_, &margin_apart_, &band_apart_}) {
    hash.add(std::uint64_t{apart->differs});
    hash.add(apart->since.ns);
  }
  for (const AccountModes& modes : {modes_found_.value_or(AccountModes{}), modes_}) {
    hash.add(static_cast<std::uint64_t>(modes.margin));
    hash.add(std::uint64_t{modes.hedge} | std::uint64_t{modes.price_band_rejects.value_or(false)} << 1 |
             std::uint64_t{modes.price_band_rejects.has_value()} << 2);
  }
  hash.add(wallet_proven_ ? wallet_proven_->ns : INT64_MIN);
  for (const bool flag :
       {may_ask_, hedge_, link_live_, in_snapshot_, snapshot_ended_, snapshot_ended_once_, wallet_known_})
    hash.add(std::uint64_t{flag});
  for (const Instant at : {asked_at_, open_since_, live_since_, ask_at_, wallet_at_}) hash.add(at.ns);
  for (const E8 amount :
       {wallet_balance_, wallet_believed_, wallet_equity_, wallet_pnl_, equity_, day_equity_, peak_equity_})
    hash.add(amount.count);
  hash.add(day_);
}

}  // namespace mlbot::core
