// What a run asks while it trades: one order, the whole account, what the venue changes without a word.
#include <algorithm>

#include "base/planted.h"
#include "io/bybit/rest_session.h"
#include "venue/bybit/request_encode.h"
#include "venue/bybit/rest_paths.h"

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;
namespace path = venue::bybit::path;

namespace {

/// An order may move from one list to another between them; so a list that waited as long for its turn is not
/// asked any more.
constexpr Duration lists_apart_max = 10s;

}  // namespace

/// A question about one order, and whoever put it again before it left.
struct RestSession::OrderQuestion {
  std::size_t askers = 1;
  std::vector<Event> rows;
  Instant listed_at;  ///< when the open orders were answered
};

/// Open orders and those just closed, then history when that knows nothing, then executions. All three must
/// have answered, none long after the first, before the order may be called absent. A question that still
/// waits for its turn is not put twice: each asker is told its answer.
void RestSession::query_order(const QueryOrder& query, Instant now) {
  const std::string by_id = dialect::request_of(query, table_)->payload;
  if (queue_.waits(path::open_orders, by_id)) {
    ++order_questions_.at(query.id)->askers;
    return;
  }
  const auto question = std::make_shared<OrderQuestion>();
  order_questions_[query.id] = question;
  const auto tell = [this, question, id = query.id](const RequestAnswer& answer) {
    if (const auto last = order_questions_.find(id);
        last != order_questions_.end() && last->second == question)
      order_questions_.erase(last);
    for (std::size_t i = 0; i < question->askers; ++i) handlers_.on_event(answer, {});
  };
  const RequestAnswer blank{.request = RequestKind::query, .symbol = query.symbol, .client_id = query.id};
  const auto fail = [blank, tell](const RestError& error) {
    RequestAnswer answer = blank;
    answer.code = error.code;
    answer.text = venue_text(error.what);
    tell(answer);
  };
  const Continue then_executions = [=, this](Result<Body, RestError> body, Instant then) {
    if (!body) return fail(body.error());
    std::vector<Event> executions;
    const auto page = dialect::decode_executions(*body, table_, scratch_, executions);
    if (MLBOT_PLANTED(a_question_forgets_the_fills)) executions.clear();
    if (!page) return fail(unreadable(path::executions, *body, page.error()));
    for (auto at = executions.rbegin(); at != executions.rend(); ++at) handlers_.on_event(*at, {});
    for (const Event& row : question->rows) handlers_.on_event(row, {});
    RequestAnswer answer = blank;
    if (!question->rows.empty() || !executions.empty()) {
      answer.outcome = RequestOutcome::accepted;
    } else if (then - question->listed_at > lists_apart_max) {
      answer.text = "the venue's lists were read too far apart";
    } else {
      answer.outcome = RequestOutcome::refused;
      answer.code = 110001;
      answer.text = "the venue knows no such order";
    }
    tell(answer);
  };
  const auto ask_executions = [=, this](Instant then) {
    get(path::executions, by_id + "&limit=100", true, then_executions, then, Urgency::step,
        then + lists_apart_max);
  };
  const Continue then_history = [=, this](Result<Body, RestError> body, Instant then) {
    if (!body) return fail(body.error());
    const auto page = dialect::decode_orders(*body, table_, scratch_, question->rows);
    if (!page) return fail(unreadable(path::order_history, *body, page.error()));
    ask_executions(then);
  };
  get(
      path::open_orders, by_id, true,
      [=, this](Result<Body, RestError> body, Instant then) {
        if (!body) return fail(body.error());
        question->listed_at = then;
        const auto page = dialect::decode_orders(*body, table_, scratch_, question->rows);
        if (!page) return fail(unreadable(path::open_orders, *body, page.error()));
        if (!question->rows.empty()) return ask_executions(then);
        get(path::order_history, by_id, true, then_history, then, Urgency::step, then + lists_apart_max);
      },
      now, Urgency::query, now + lists_apart_max);
}

/// The lists of one QueryAccount, asked one after the other: executions before positions, so that a position
/// never lacks what an execution of this answer has told; the money after both.
struct RestSession::AccountQuery {
  dialect::NewsPage executions, orders, positions;
  WalletNews wallet;
  Instant positions_at;  ///< the venue's clock when they were there: tells which fills they hold
  Instant wallet_at;     ///< the same of the wallet: tells which transactions it holds
  AccountModes modes;
};

void RestSession::query_account(Instant now) {
  if (account_asked_) return;  // its answer is on the way
  account_asked_ = true;
  const auto query = std::make_shared<AccountQuery>();
  const Instant since = venue_time() - settings_.executions_back;
  // One step of the chain: keeps what was answered, or ends the whole question.
  const auto then = [this](auto keep) {
    return [this, keep](auto answer, Instant at) {
      if (answer) return keep(std::move(*answer), at);
      account_asked_ = false;
      handlers_.on_event(AccountSnapshot{SnapshotPhase::failed}, {});
    };
  };
  const auto ask_transactions = [=, this](dialect::UserSettings settings, Instant at) {
    query->modes.price_band_rejects = settings.rejects_beyond_limit;
    ask_all_then<dialect::RowPage<dialect::TransactionRow>>(
        dialect::ask_transactions({.from = since, .until = {}}), at,
        then([=, this](dialect::RowPage<dialect::TransactionRow> rows, Instant) { tell(*query, rows.list); }),
        Urgency::step);
  };
  const auto ask_settings = [=, this](const dialect::AccountInfo& info, Instant at) {
    query->modes.margin = info.margin_mode;
    ask_then<dialect::UserSettings>(dialect::ask_user_settings(), at, then(ask_transactions), Urgency::step);
  };
  const auto ask_info = [=, this](const WalletNews& wallet, Instant at) {
    query->wallet = wallet;
    query->wallet_at = replied_at_;
    ask_then<dialect::AccountInfo>(dialect::ask_account_info(), at, then(ask_settings), Urgency::step);
  };
  const auto ask_wallet = [=, this](dialect::NewsPage positions, Instant at) {
    query->positions = std::move(positions);
    query->positions_at = replied_at_;
    ask_then<WalletNews>(dialect::ask_wallet(), at, then(ask_info), Urgency::step);
  };
  const auto ask_positions = [=, this](dialect::NewsPage orders, Instant at) {
    query->orders = std::move(orders);
    ask_all_then<dialect::NewsPage>(dialect::ask_positions(""), at, then(ask_wallet), Urgency::step);
  };
  const auto ask_orders = [=, this](dialect::NewsPage executions, Instant at) {
    query->executions = std::move(executions);
    ask_all_then<dialect::NewsPage>(dialect::ask_open_orders(""), at, then(ask_positions), Urgency::step);
  };
  ask_all_then<dialect::NewsPage>(dialect::ask_executions("", {.from = since, .until = {}}), now,
                                  then(ask_orders));
}

void RestSession::tell(AccountQuery& query, const std::vector<dialect::TransactionRow>& transactions) {
  account_asked_ = false;
  counters_.foreign_rows +=
      query.executions.foreign_rows + query.orders.foreign_rows + query.positions.foreign_rows;
  handlers_.on_event(AccountSnapshot{SnapshotPhase::begin}, {});
  const auto& executions = query.executions.list;
  for (auto at = executions.rbegin(); at != executions.rend(); ++at)
    if (told_executions_.insert(std::get<Execution>(*at).execution_id)) handlers_.on_event(*at, {});
  if (!MLBOT_PLANTED(an_account_without_orders))
    for (const Event& row : query.orders.list) handlers_.on_event(row, {});
  for (const Event& row : query.positions.list) {
    if (MLBOT_PLANTED(an_account_without_positions)) continue;
    if (std::get<PositionNews>(row).position_index != 0) query.modes.hedge = true;
    handlers_.on_event(row, {});
  }
  handlers_.on_event(query.wallet, query.wallet_at);
  handlers_.on_event(query.modes, {});
  for (auto at = transactions.rbegin(); at != transactions.rend(); ++at) {
    const auto transaction = dialect::transaction_of(*at, table_);
    if (transaction && told_transactions_.insert(transaction->id)) handlers_.on_event(*transaction, {});
  }
  handlers_.on_event(AccountSnapshot{SnapshotPhase::end}, query.positions_at);
}

/// What may change under a run without a word on a stream: contracts, whether they trade, the venue's state.
void RestSession::ask_standing(Instant now) {
  standing_at_ = now + settings_.standing_every;
  ask_all_then<dialect::InstrumentPage>(dialect::ask_instruments(), now,
                                        [this](Result<dialect::InstrumentPage, RestError> page, Instant) {
                                          if (!page) return;  // asked again in time
                                          for (std::uint16_t i = 0; i < table_.size(); ++i)
                                            tell_standing({i}, *page);
                                        });
  ask_then<std::vector<dialect::MaintenanceRow>>(
      dialect::ask_system_status(), now,
      [this](const Result<std::vector<dialect::MaintenanceRow>, RestError>& rows, Instant) {
        if (!rows) return;
        const auto under_way = std::ranges::find(*rows, "ongoing", &dialect::MaintenanceRow::state);
        VenueStatus status{.maintenance = under_way != rows->end(), .what = {}};
        if (status.maintenance) status.what = venue_text(under_way->title);
        if (status == venue_status_) return;
        venue_status_ = status;
        handlers_.on_event(status, {});
      });
}

void RestSession::tell_standing(SymbolId symbol, const dialect::InstrumentPage& page) {
  const Instrument& known = table_[symbol];
  const auto found = std::ranges::find(page.list, known.name, &Instrument::name);
  const bool trading = found != page.list.end();
  if (suspended_.size() <= symbol.index) suspended_.resize(symbol.index + std::size_t{1});
  if (trading == suspended_[symbol.index]) {
    suspended_[symbol.index] = !trading;
    handlers_.on_event(SymbolStatus{symbol, trading}, {});
  }
  if (!trading) return;
  Instrument now = *found;
  now.id = symbol;
  now.maintenance_margin = known.maintenance_margin;  // of the tiers and the account, asked elsewhere
  now.fees = known.fees;
  if (now == known) return;
  const bool same_grid = now.tick_size == known.tick_size && now.lot_step == known.lot_step;
  if (!same_grid) {
    // Ticks and lots of this run mean something else from now on: only a new run can count in them.
    if (!suspended_[symbol.index]) handlers_.on_event(SymbolStatus{symbol, false}, {});
    suspended_[symbol.index] = true;
    return;
  }
  table_.redefine(now);
  handlers_.on_event(InstrumentDefined{now}, {});
}

}  // namespace mlbot::io::bybit
