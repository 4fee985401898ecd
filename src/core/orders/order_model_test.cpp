// Every order of things that can happen to one order, walked by machine.
//
// A small venue (its own code, nothing shared with the core), a network that reorders, doubles and loses, our
// own restarts, and the real OrderExecutor. From the first create on every interleaving up to a stated depth
// is enumerated; states that are alike are walked once. At each step exposure must not be counted too low;
// from each state faults end, and what we believe must become what the venue knows.
//
// Depth: MLBOT_MODEL_DEPTH adds to it (make nightly); the numbers of states and paths are printed.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <unordered_map>

#include "base/result.h"
#include "core/orders/order_executor.h"
#include "core/orders/test_stamp.h"

namespace mlbot::core {
namespace {

constexpr Instant start = Instant::from_seconds(1'000'000);
constexpr OrderRoom small{.own = 2, .foreign = 2, .executions = 16, .orphans = 4};
constexpr std::int64_t first_price = 1'000'000, other_price = 1'000'010;

// ---- the venue's side

struct Version {
  bool exists = false, open = false;
  std::int64_t price = 0, size = 0, filled = 0;
  Instant since;
};

enum class To : std::uint8_t {
  // us to venue
  create,
  amend,
  cancel,
  query_order,
  query_account,
  // venue to us
  create_done,
  create_refused,
  create_duplicate,
  amend_done,
  amend_refused,
  cancel_done,
  cancel_refused,
  news,
  fill,
  rows,
  account_rows,
};
bool is_request(To to) { return to <= To::query_account; }

struct Message {
  To to = To::create;
  std::int64_t detail = 0;  ///< version of news and rows, number of a fill
  bool blank = false;       ///< without our client id
  bool wiped = false;       ///< rows of a venue that forgot what was closed, with executions that lag
  Instant sent_at;
  auto operator<=>(const Message&) const = default;
};

/// What may happen, and how often.
struct Script {
  const char* name = "";
  std::size_t depth = 8;
  std::int64_t size = 2;
  int our_cancels = 0, venue_cancels = 0, amends = 0, doubles = 0, losses = 0, timers = 0, restarts = 0;
  std::int64_t amended_size = 3;
  bool blank_ids = false;  ///< news and fills may come without our id
  bool hints = false;      ///< and fills are told early
};

struct World {
  OrderExecutor executor{small};
  Instant now = start;
  std::int64_t position = 0;         ///< what we hold by our own count
  bool adopting = false;             ///< after a restart, until the account was read
  std::vector<int> noted;            ///< fills that were told before it was
  std::size_t version_at_start = 0;  ///< the first reading of an account is not older than our start
  std::uint32_t epoch = 7;
  int creates = 0;
  std::vector<Version> versions{Version{.since = start}};
  std::vector<Message> flying;
  Script left;

  const Version& truth() const { return versions.back(); }
};

class Walker {
 public:
  explicit Walker(const Script& script) : script_{script} {
    // Ids are a function of account, epoch and counter: one stamp serves every path.
    OrderExecutor executor{small};
    executor.start("main", 7);
    intent_ = PlaceOrder{.id = executor.next_id(),
                         .symbol = {0},
                         .side = Side::buy,
                         .time_in_force = TimeInForce::gtc,
                         .price = {first_price},
                         .size = {script.size}};
    Stamp stamp;
    create_.emplace_back(stamp.place(start, intent_));
    if (script.amends > 0)
      amend_.emplace_back(
          stamp.amend(start, Side::buy, {intent_.id, {0}, {other_price}, {script.amended_size}}));
  }

  void walk() {
    World world;
    world.left = script_;
    world.executor.start("main", 7);
    act(world, [&](World& w, Outbox& out) { w.executor.place(w.now, create_.front(), out); });
    visit(world, script_.depth);
    fmt::print("[ model    ] {}: depth {}, {} states, {} steps, {} paths\n", script_.name, script_.depth,
               seen_.size(), steps_, paths_);
  }
  bool failed() const { return failed_; }
  std::size_t states() const { return seen_.size(); }

 private:
  // ---- the walk

  void visit(const World& world, std::size_t depth) {
    if (failed_) return;
    const std::uint64_t hash = hash_of(world);
    auto [known, is_new] = seen_.try_emplace(hash, depth);
    if (!is_new && known->second >= depth) return;
    known->second = depth;
    if (is_new) {
      World calm = world;
      drain(calm);
      if (failed_) return;
    }
    if (depth == 0) {
      ++paths_;
      return;
    }
    const std::size_t before = steps_;
    each_step(world, [&](const char* what, const auto& happen) {
      World next = world;
      trail_.push_back(what);
      ++steps_;
      happen(next);
      check(next);
      visit(next, depth - 1);
      trail_.pop_back();
    });
    if (steps_ == before) ++paths_;
  }

  template <class Each>
  void each_step(const World& world, const Each& each) {
    for (std::size_t i = 0; i < world.flying.size(); ++i) {
      if (i > 0 && world.flying[i] == world.flying[i - 1]) continue;
      each(name_of(world.flying[i].to), [&](World& w) { deliver(w, take_out(w, i)); });
      const To to = world.flying[i].to;
      if (world.left.doubles > 0 && to != To::rows && to != To::account_rows)  // those are told once
        each("twice", [&](World& w) {
          --w.left.doubles;
          deliver(w, w.flying[i]);
        });
      if (world.left.losses > 0)
        each("lost", [&](World& w) {
          --w.left.losses;
          take_out(w, i);
        });
      if (is_row_request(world.flying[i].to))
        each("lagging list", [&](World& w) { answer(w, take_out(w, i), oldest_shown(w, to), false); });
      if (world.flying[i].to == To::query_order && world.truth().exists && !world.truth().open)
        each("wiped list", [&](World& w) { answer(w, take_out(w, i), oldest_shown(w, to), true); });
      if (script_.blank_ids && (world.flying[i].to == To::news || world.flying[i].to == To::fill))
        each("blank", [&](World& w) {
          Message message = take_out(w, i);
          message.blank = true;
          deliver(w, message);
        });
      if (script_.hints && world.flying[i].to == To::fill)
        each("hint", [&](World& w) {
          w.executor.on(w.now, FastExecution{.symbol = {0},
                                             .venue_id = venue_id,
                                             .execution_id = execution_id(w.flying[i].detail),
                                             .size = {1}});
        });
    }
    if (world.truth().open) {
      each("fill", [](World& w) { fill(w); });
      if (world.left.venue_cancels > 0)
        each("venue cancels", [](World& w) {
          --w.left.venue_cancels;
          close(w);
        });
    }
    const Order* ours = world.executor.find(intent_.id);
    if (world.left.our_cancels > 0 && ours && !is_over(ours->state))
      each("we cancel", [&](World& w) {
        --w.left.our_cancels;
        act(w, [&](World& x, Outbox& out) { x.executor.cancel(x.now, intent_.id, out); });
      });
    if (world.left.amends > 0 && ours && ours->state == OrderState::open && !ours->amended_price &&
        !ours->foreign)
      each("we amend", [&](World& w) {
        --w.left.amends;
        act(w, [&](World& x, Outbox& out) { x.executor.amend(x.now, amend_.front(), out); });
      });
    if (world.left.timers > 0 && world.executor.next_deadline() != distant_future)
      each("time passes", [&](World& w) {
        --w.left.timers;
        pass_time(w);
      });
    if (world.left.restarts > 0)
      each("we restart", [&](World& w) {
        --w.left.restarts;
        restart(w);
      });
  }

  // ---- our side

  template <class Deed>
  void act(World& w, const Deed& deed) {
    out_.clear();
    deed(w, out_);
    for (const Command& command : out_.commands) {
      Message message{.sent_at = w.now};
      std::visit(Overloaded{[&](const PlaceOrder&) {
                              message.to = To::create;
                              ++w.creates;
                            },
                            [&](const AmendOrder&) { message.to = To::amend; },
                            [&](const CancelOrder&) { message.to = To::cancel; },
                            [&](const QueryOrder&) { message.to = To::query_order; },
                            [&](const QueryAccount&) { message.to = To::query_account; }, [](const auto&) {}},
                 command);
      fly(w, message);
    }
  }

  void pass_time(World& w) {
    w.now = std::max(w.now, w.executor.next_deadline());
    act(w, [](World& x, Outbox& out) { x.executor.on_timer(x.now, out); });
  }

  /// The process dies and comes back: what it sent is still on its way, what it heard is gone.
  void restart(World& w) {
    const Order* ours = w.executor.find(intent_.id);
    const bool carried = ours && !ours->settled();
    const Instant placed_at = start;
    const bool amended = ours && ours->asked_price.count == other_price;
    w.executor = OrderExecutor{small};
    w.executor.start("main", ++w.epoch);
    w.position = 0;
    w.adopting = true;
    w.version_at_start = w.versions.size() - 1;
    w.noted.clear();
    std::erase_if(w.flying, [](const Message& m) { return !is_request(m.to) || is_row_request(m.to); });
    act(w, [&](World& x, Outbox& out) {
      if (carried)
        x.executor.carry(x.now,
                         {.id = intent_.id,
                          .symbol = {0},
                          .side = Side::buy,
                          .price = {amended ? other_price : first_price},
                          .size = {std::max(script_.size, amended ? script_.amended_size : 0)},
                          .placed_at = placed_at},
                         out);
      out.commands.push_back(QueryAccount{});
    });
  }

  /// Faults are over: everything arrives, questions are answered at once and truly, the account is read every
  /// thirty seconds.
  void drain(World& w) {
    for (int round = 0; round < 40; ++round) {
      while (!w.flying.empty()) {
        deliver(w, take_out(w, 0));
        check(w);
        if (failed_) return;
      }
      const Instant next = w.executor.next_deadline();
      if (next == distant_future && !w.adopting && round > 2) break;
      if (next == distant_future || round % 6 == 5) {
        w.now = w.now + 30s;
        fly(w, {.to = To::query_account, .sent_at = w.now});
      } else {
        pass_time(w);
      }
    }
    check(w);
    const Version& truth = w.truth();
    const Order* ours = w.executor.find(intent_.id);
    if (w.executor.next_deadline() != distant_future) return fail(w, "no end to the questions");
    if (w.position != truth.filled) return fail(w, "position");
    if (w.executor.open_entries({0}, Side::buy).count != (truth.open ? truth.size - truth.filled : 0))
      return fail(w, "exposure at rest");
    if (!ours) return truth.open ? fail(w, "an order was forgotten") : void();
    const bool over = is_over(ours->state);
    if (over == truth.open || (!over && ours->state != OrderState::open)) return fail(w, "state");
    if (truth.open && (ours->price.count != truth.price || ours->size.count != truth.size))
      return fail(w, "price or size");
    if (!truth.exists && ours->state != OrderState::rejected) return fail(w, "an order that never was");
    if (truth.exists && !truth.open &&
        (ours->state == OrderState::filled) != (truth.filled == truth.size && truth.size > 0))
      return fail(w, "filled");
    if (w.executor.odd_pairs() > 0) ++odd_;
  }

  /// At every step: what we count covers what the venue may still do to us.
  void check(const World& w) {
    if (w.creates > 1) return fail(w, "a create was sent twice");
    const OrderCounts counts = w.executor.counts();
    if (counts.orders > counts.ids || counts.creates != counts.intents)
      return fail(w, "one intent, one order");
    if (w.adopting) return;  // nothing is counted before the account is known, and nothing may be entered
    const Version& truth = w.truth();
    std::int64_t may = truth.filled + (truth.open ? truth.size - truth.filled : 0);
    for (const Message& m : w.flying) {
      if (m.to == To::create && !truth.exists && w.now - m.sent_at < recv_window)
        may = std::max(may, script_.size);
      if (m.to == To::amend && truth.open && w.now - m.sent_at < recv_window)
        may = std::max(may, script_.amended_size);
    }
    const std::int64_t counted = w.position + w.executor.open_entries({0}, Side::buy).count;
    if (counted < may) fail(w, fmt::format("exposure: counted {}, may become {}", counted, may).c_str());
  }

  void fail(const World& w, const char* what) {
    if (failed_) return;
    failed_ = true;
    std::string story;
    for (const char* step : trail_) story += fmt::format("  {}\n", step);
    const Order* ours = w.executor.find(intent_.id);
    const Version& t = w.truth();
    ADD_FAILURE()
        << script_.name << ": " << what << "\n"
        << story
        << fmt::format("venue: exists {} open {} {}/{} @ {}; we: state {} {}/{} claimed {} @ {}, holds {}\n",
                       t.exists, t.open, t.filled, t.size, t.price, ours ? static_cast<int>(ours->state) : -1,
                       ours ? ours->filled.count : 0, ours ? ours->size.count : 0,
                       ours ? ours->filled_claimed.count : 0, ours ? ours->price.count : 0, w.position);
  }

  // ---- the network

  static void fly(World& w, const Message& message) {
    const auto alike =
        std::count_if(w.flying.begin(), w.flying.end(), [&](const Message& m) { return m.to == message.to; });
    if (is_row_request(message.to) && alike > 0) return;  // one question at a time; a second one is lost
    w.flying.insert(std::upper_bound(w.flying.begin(), w.flying.end(), message), message);
  }
  static Message take_out(World& w, std::size_t i) {
    const Message message = w.flying[i];
    w.flying.erase(w.flying.begin() + static_cast<std::ptrdiff_t>(i));
    return message;
  }
  static bool is_row_request(To to) { return to == To::query_order || to == To::query_account; }

  void deliver(World& w, const Message& m) {
    if (is_request(m.to))
      receive(w, m);
    else
      hear(w, m);
  }

  // ---- the venue

  static void change(World& w, const auto& deed) {
    Version next = w.truth();
    next.since = w.now;
    deed(next);
    w.versions.push_back(next);
    fly(w, {.to = To::news, .detail = static_cast<std::int64_t>(w.versions.size() - 1)});
  }
  static void fill(World& w) {
    fly(w, {.to = To::fill, .detail = w.truth().filled + 1});
    change(w, [](Version& v) {
      ++v.filled;
      v.open = v.filled < v.size;
    });
  }
  static void close(World& w) {
    change(w, [](Version& v) { v.open = false; });
  }

  void receive(World& w, const Message& m) {
    const Version& truth = w.truth();
    const bool late = w.now - m.sent_at >= recv_window;
    switch (m.to) {
      case To::create:
        if (truth.exists) {
          if (!late) fly(w, {.to = To::create_duplicate});  // a network that doubles does so at once
        } else if (late) {
          fly(w, {.to = To::create_refused});
        } else {
          fly(w, {.to = To::create_done});
          change(w, [&](Version& v) { v = {true, true, first_price, script_.size, 0, w.now}; });
        }
        break;
      case To::amend:
        if (late || !truth.open || truth.filled >= script_.amended_size || truth.price == other_price) {
          fly(w, {.to = To::amend_refused});
        } else {
          fly(w, {.to = To::amend_done});
          change(w, [&](Version& v) {
            v.price = other_price;
            v.size = script_.amended_size;
          });
        }
        break;
      case To::cancel:
        if (late || !truth.open) {
          fly(w, {.to = To::cancel_refused});
        } else {
          fly(w, {.to = To::cancel_done});
          close(w);
        }
        break;
      default:
        answer(w, m, w.versions.size() - 1, false);
    }
  }

  /// The oldest version that a list may still show.
  static std::size_t oldest_shown(const World& w, To question) {
    const std::size_t oldest = w.adopting && question == To::query_account ? w.version_at_start : 0;
    std::size_t version = w.versions.size() - 1;
    while (version > oldest && w.versions[version].since > w.now - list_lag_max) --version;
    return version;
  }
  void answer(World& w, const Message& m, std::size_t version, bool wiped) {
    fly(w, {.to = m.to == To::query_order ? To::rows : To::account_rows,
            .detail = static_cast<std::int64_t>(version),
            .wiped = wiped,
            .sent_at = m.sent_at});
  }

  // ---- what we hear

  OrderNews news_of(const World& w, std::int64_t version, NewsSource source, bool blank) const {
    const Version& v = w.versions[static_cast<std::size_t>(version)];
    OrderStatus status = v.filled > 0 ? OrderStatus::part_filled : OrderStatus::open;
    if (!v.open) status = v.filled == v.size ? OrderStatus::filled : OrderStatus::cancelled;
    return {.source = source,
            .symbol = {0},
            .client_id = blank ? ClientOrderId{} : intent_.id,
            .venue_id = venue_id,
            .side = Side::buy,
            .time_in_force = TimeInForce::gtc,
            .status = status,
            .price = {v.price},
            .size = {v.size},
            .filled = {v.filled},
            .updated_at = Instant{start.ns + version}};
  }
  static VenueId execution_id(std::int64_t number) { return {fmt::format("e-{}", number)}; }
  void hear_fill(World& w, std::int64_t number, NewsSource source, bool blank) {
    const Execution execution{.source = source,
                              .symbol = {0},
                              .client_id = blank ? ClientOrderId{} : intent_.id,
                              .venue_id = venue_id,
                              .execution_id = execution_id(number),
                              .side = Side::buy,
                              .size = {1},
                              .at = Instant{start.ns + number}};
    if (w.adopting) w.noted.push_back(static_cast<int>(number));
    act(w, [&](World& x, Outbox& out) {
      if (x.executor.on(x.now, execution, out) && !x.adopting) ++x.position;
    });
  }
  void say(World& w, RequestKind kind, RequestOutcome outcome) {
    const bool names = kind == RequestKind::place && outcome == RequestOutcome::accepted;
    act(w, [&](World& x, Outbox& out) {
      x.executor.on(x.now,
                    RequestAnswer{.request = kind,
                                  .outcome = outcome,
                                  .symbol = {0},
                                  .client_id = intent_.id,
                                  .venue_id = names ? VenueId{venue_id} : VenueId{}},
                    out,
                    x.position == x.truth().filled ? PositionEvidence::agrees : PositionEvidence::differs);
    });
  }
  void hear_news(World& w, std::int64_t version, NewsSource source, bool blank) {
    act(w, [&](World& x, Outbox& out) { x.executor.on(x.now, news_of(x, version, source, blank), out); });
  }

  void hear(World& w, const Message& m) {
    using enum RequestOutcome;
    switch (m.to) {
      case To::create_done:
        return say(w, RequestKind::place, accepted);
      case To::create_refused:
        return say(w, RequestKind::place, refused);
      case To::create_duplicate:
        return say(w, RequestKind::place, duplicate);
      case To::amend_done:
        return say(w, RequestKind::amend, accepted);
      case To::amend_refused:
        return say(w, RequestKind::amend, refused);
      case To::cancel_done:
        return say(w, RequestKind::cancel, accepted);
      case To::cancel_refused:
        return say(w, RequestKind::cancel, refused);
      case To::news:
        return hear_news(w, m.detail, NewsSource::stream, m.blank);
      case To::fill:
        return hear_fill(w, m.detail, NewsSource::stream, m.blank);
      case To::rows: {
        const Version v = w.versions[static_cast<std::size_t>(m.detail)];
        for (std::int64_t k = 1; k <= v.filled; ++k) hear_fill(w, k, NewsSource::query, false);
        const bool shown = v.exists && !m.wiped;
        if (shown) hear_news(w, m.detail, NewsSource::query, false);
        return say(w, RequestKind::query, shown || v.filled > 0 ? accepted : refused);
      }
      case To::account_rows: {
        const Version v = w.versions[static_cast<std::size_t>(m.detail)];
        for (std::int64_t k = 1; k <= v.filled; ++k) hear_fill(w, k, NewsSource::query, false);
        if (v.open) hear_news(w, m.detail, NewsSource::query, false);
        if (w.adopting) {  // the position as that list has it, and what was told of later fills
          w.adopting = false;
          std::sort(w.noted.begin(), w.noted.end());
          w.noted.erase(std::unique(w.noted.begin(), w.noted.end()), w.noted.end());
          w.position = v.filled + std::count_if(w.noted.begin(), w.noted.end(),
                                                [&](int number) { return number > v.filled; });
        }
        const PositionEvidence evidence =
            w.position == v.filled ? PositionEvidence::agrees : PositionEvidence::differs;
        act(w, [&](World& x, Outbox& out) {
          x.executor.snapshot_ended(x.now, m.sent_at, out, [&](SymbolId) { return evidence; });
        });
        return;
      }
      default:
        return;
    }
  }

  static const char* name_of(To to) {
    constexpr std::array names{"create arrives",
                               "amend arrives",
                               "cancel arrives",
                               "question arrives",
                               "question (account) arrives",
                               "create done",
                               "create refused",
                               "create duplicate",
                               "amend done",
                               "amend refused",
                               "cancel done",
                               "cancel refused",
                               "news",
                               "execution",
                               "rows",
                               "account rows"};
    return names[static_cast<std::size_t>(to)];
  }

  static std::uint64_t hash_of(const World& w) {
    StateHash hash;
    w.executor.hash_into(hash);
    hash.add(w.now.ns);
    for (const std::int64_t number :
         {w.position, std::int64_t{w.adopting}, std::int64_t{w.epoch},
          static_cast<std::int64_t>(w.version_at_start), std::int64_t{w.left.our_cancels},
          std::int64_t{w.left.venue_cancels}, std::int64_t{w.left.amends}, std::int64_t{w.left.doubles},
          std::int64_t{w.left.losses}, std::int64_t{w.left.timers}, std::int64_t{w.left.restarts}})
      hash.add(number);
    for (const int number : w.noted) hash.add(std::int64_t{number});
    for (const Version& v : w.versions) {
      for (const std::int64_t number : {v.price, v.size, v.filled, v.since.ns}) hash.add(number);
      hash.add(std::uint64_t{v.exists} << 1 | std::uint64_t{v.open});
    }
    for (const Message& m : w.flying) {
      hash.add(static_cast<std::uint64_t>(m.to) << 2 | std::uint64_t{m.blank} << 1 | std::uint64_t{m.wiped});
      hash.add(m.detail);
      hash.add(m.sent_at.ns);
    }
    return hash.value();
  }

  static constexpr const char* venue_id = "v-1";
  Script script_;
  PlaceOrder intent_;
  std::vector<Approved<PlaceOrder>> create_;
  std::vector<Approved<AmendOrder>> amend_;
  Outbox out_;
  std::unordered_map<std::uint64_t, std::size_t> seen_;
  std::vector<const char*> trail_;
  std::size_t steps_ = 0, paths_ = 0, odd_ = 0;
  bool failed_ = false;
};

std::size_t deeper() {
  const char* text = std::getenv("MLBOT_MODEL_DEPTH");
  return text ? static_cast<std::size_t>(std::strtoul(text, nullptr, 10)) : 0;
}

class OrderModel : public ::testing::TestWithParam<Script> {};

TEST_P(OrderModel, EveryInterleavingEndsInTheVenuesTruth) {
  Script script = GetParam();
  script.depth += deeper();
  Walker walker{script};
  walker.walk();
  EXPECT_FALSE(walker.failed());
  EXPECT_GT(walker.states(), 100u) << "the walk did not walk";
}

INSTANTIATE_TEST_SUITE_P(
    Worlds, OrderModel,
    ::testing::Values(
        Script{.name = "cancel_race", .depth = 12, .our_cancels = 1, .venue_cancels = 1, .doubles = 1},
        Script{.name = "silence", .depth = 8, .our_cancels = 1, .losses = 2, .timers = 3},
        Script{.name = "lost_and_doubled",
               .depth = 8,
               .venue_cancels = 1,
               .doubles = 1,
               .losses = 1,
               .timers = 2},
        Script{.name = "amend_up", .depth = 8, .amends = 1, .doubles = 1, .losses = 1, .timers = 2},
        Script{.name = "amend_down", .depth = 9, .amends = 1, .losses = 1, .timers = 2, .amended_size = 1},
        Script{.name = "restart", .depth = 8, .our_cancels = 1, .losses = 1, .timers = 2, .restarts = 1},
        Script{
            .name = "blank_ids", .depth = 8, .our_cancels = 1, .losses = 1, .timers = 1, .blank_ids = true},
        Script{.name = "everything",
               .depth = 6,
               .our_cancels = 1,
               .venue_cancels = 1,
               .amends = 1,
               .doubles = 1,
               .losses = 1,
               .timers = 2,
               .restarts = 1,
               .blank_ids = true,
               .hints = true},
        Script{.name = "early_fills", .depth = 9, .our_cancels = 1, .timers = 2, .hints = true}),
    [](const auto& world) { return std::string{world.param.name}; });

}  // namespace
}  // namespace mlbot::core
