#include "shell/guard/reducing_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "io/clock/clock.h"

namespace mlbot::shell {

namespace dialect = venue::bybit;
using io::bybit::RestError;

namespace {

constexpr Duration fills_back = std::chrono::minutes{15};
constexpr std::int64_t bps = 10'000;
constexpr Duration answer_timeout = 3s;  ///< a guard asks again rather than wait

/// The grid's price nearest to `wanted` that is no nearer to the market.
PriceTicks on_grid(E8 wanted, const Instrument& instrument, Side side) {
  const auto down = wanted.count / instrument.tick_size.count;
  const bool exact = wanted.count % instrument.tick_size.count == 0;
  return PriceTicks{std::max<std::int64_t>(1, side == Side::sell || exact ? down : down + 1)};
}

}  // namespace

Result<std::unique_ptr<ReducingClient>, std::string> ReducingClient::create(
    io::net::EventLoop& loop, const io::bybit::Endpoints& endpoints, const ApiKey& key, Handlers handlers) {
  std::unique_ptr<ReducingClient> client{new ReducingClient{}};
  client->boot_ = static_cast<std::uint64_t>(io::clock::now().ms());
  auto rest = io::bybit::BybitRestClient::create(
      loop, endpoints.rest, {.key = key.key, .secret = key.secret, .timeout = answer_timeout},
      {.on_event =
           [on_answer = std::move(handlers.on_answer)](const Event& event, Instant) {
             if (const auto* answer = std::get_if<RequestAnswer>(&event)) on_answer(*answer);
           },
       .on_undecoded = [](std::string_view, const dialect::DecodeError&) {},
       .on_send = [on_send = std::move(handlers.on_send)](std::string_view path, std::string_view body,
                                                          bool) { on_send(path, body); }});
  if (!rest) return std::unexpected{rest.error().what};
  client->rest_ = std::move(*rest);
  client->rest_->start();
  return client;
}

void ReducingClient::start(Done done) {
  if (contracts_known_) return check_rights(std::move(done));
  know_contracts(std::move(done));
}

/// All that the venue trades: a position may be held in any of them.
void ReducingClient::know_contracts(Done done) {
  rest_->ask_all<dialect::InstrumentPage>(
      dialect::ask_instruments(),
      [this, done = std::move(done)](Result<dialect::InstrumentPage, RestError> page) {
        if (!page) return done(std::unexpected{"the venue's contracts: " + page.error().what});
        std::vector<Instrument> contracts;
        for (auto& contract : page->list) {
          contract.id = {static_cast<std::uint16_t>(contracts.size())};
          contracts.push_back(contract);
        }
        if (contracts.empty()) return done(std::unexpected{std::string{"the venue trades nothing"}});
        rest_->use(std::move(contracts));
        contracts_known_ = true;
        check_rights(done);
      });
}

void ReducingClient::check_rights(Done done) {
  io::bybit::check_key(*rest_, rest_->table()[SymbolId{0}].name.str(),
                       [this, done = std::move(done)](Result<io::bybit::KeyReport, RestError> report) {
                         if (!report) return done(std::unexpected{"the guard's key: " + report.error().what});
                         for (const auto& finding : report->findings)
                           if (finding.level == io::bybit::KeyFinding::Level::refused)
                             return done(std::unexpected{finding.what + "; " + finding.remedy});
                         ready_ = true;
                         done({});
                       });
}

void ReducingClient::look(Look what, std::function<void(Result<AccountLook, std::string>)> done) {
  using Page = Result<dialect::NewsPage, RestError>;
  rest_->ask_all<dialect::NewsPage>(dialect::ask_open_orders(""), [this, what, done](Page orders) {
    if (!orders) return done(std::unexpected{orders.error().what});
    if (what == Look::orders) return done(AccountLook::of(orders->list, {}, {}));
    rest_->ask_all<dialect::NewsPage>(
        dialect::ask_positions(""), [this, done, orders = std::move(orders->list)](Page positions) {
          if (!positions) return done(std::unexpected{positions.error().what});
          rest_->ask_all<dialect::NewsPage>(
              dialect::ask_executions("", {.from = rest_->venue_time() - fills_back, .until = {}}),
              [done, orders, positions = std::move(positions->list)](Page executions) {
                if (!executions) return done(std::unexpected{executions.error().what});
                done(AccountLook::of(orders, positions, executions->list));
              });
        });
  });
}

void ReducingClient::cancel(const RestingOrder& entry) {
  rest_->carry_out(CancelOrder{.id = {}, .venue_id = entry.id(), .symbol = entry.symbol()});
}

void ReducingClient::close(const HeldPosition& position, Lots size, int collar_bps) {
  const Instrument& instrument = rest_->table()[position.symbol()];
  const Side side = position.size().count > 0 ? Side::sell : Side::buy;
  const E8 collar{position.mark_price().count / bps * (bps - sign_of(opposite(side)) * collar_bps)};
  PlaceOrder order{.id = ClientOrderId{fmt::format("guard-{:x}-{}", boot_, ++closes_)},
                   .symbol = position.symbol(),
                   .side = side,
                   .type = OrderType::market,
                   .time_in_force = TimeInForce::ioc,
                   .price = {},
                   .size = std::min({size, absolute(position.size()), instrument.max_market_order}),
                   .reduce_only = true,
                   .position_index = position.index()};
  if (collar_bps > 0 && collar.count > 0) order.price = on_grid(collar, instrument, side);
  MLBOT_ASSERT(order.size.count > 0 && order.reduce_only);
  rest_->carry_out(order);
}

void ReducingClient::cancel_stops(const FlatSymbol& flat) {
  rest_->carry_out(CancelAllOrders{.symbol = flat.symbol(), .stops = true});
}

std::string ReducingClient::name_of(SymbolId symbol) const {
  const auto& table = rest_->table();
  return table.contains(symbol) ? table[symbol].name.str() : fmt::format("#{}", symbol.index);
}

}  // namespace mlbot::shell
