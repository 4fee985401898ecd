#include "io/web/dashboard.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>

namespace mlbot::io::web {
namespace {

constexpr Instant noon = Instant::from_ms(1'781'000'000'000);

std::vector<FeatureText> texts() {
  std::vector<FeatureText> list;
  for (int id = 1; id <= 142; ++id)
    list.push_back({id, fmt::format("row_{}", id), "price", "bps", "5 s", "d", "u"});
  return list;
}

Instrument bitcoin() {
  Instrument instrument;
  instrument.id = SymbolId{0};
  instrument.name = "BTCUSDT";
  instrument.tick_size = E8{10'000'000};
  instrument.lot_step = E8{100'000};
  return instrument;
}

/// A dashboard that knows BTCUSDT, and short ways to tell it things.
struct Teller {
  explicit Teller(DashboardLimits limits = {}) : dashboard{texts(), limits} {
    tell(noon, InstrumentDefined{bitcoin()});
  }

  void tell(Instant at, Event what) {
    sequence = sequence.next();
    dashboard.take(Stamped{sequence, at, at, at, std::move(what)});
  }
  void frame(Instant at, std::int64_t bid, std::int64_t ask) {
    FeatureFrame frame;
    frame.number = ++frames;
    frame.at = frame.book_at = at;
    frame.top = {PriceTicks{bid}, PriceTicks{ask}, Lots{5}, Lots{7}, true};
    for (std::size_t i = 0; i < feature_count; ++i) frame.set(i, 0.1 * static_cast<double>(i));
    frame.set_missing(3);
    frame.digest = 0xabc;
    dashboard.take(frame);
  }
  void decide(Instant at, ReasonCode reason, const char* order = "") {
    Decision decision{.at = at, .reason = reason, .expected_bps = 3.25, .cost_bps = 4.5, .edge_bps = -1.25};
    decision.order = order;
    decision.price = PriceTicks{618'000};
    decision.size = Lots{20};
    dashboard.take(decision);
  }
  void place(const char* id) {
    dashboard.take(
        StampedCommand{sequence, noon, PlaceOrder{.id = id, .price = PriceTicks{618'000}, .size = Lots{20}}});
  }
  OrderNews news(const char* id, OrderStatus status) {
    return {.client_id = id,
            .venue_id = VenueId{fmt::format("v-{}", id)},
            .status = status,
            .price = PriceTicks{617'990},
            .size = Lots{20},
            .filled = Lots{4}};
  }
  void execute(const char* id, Instant at) {
    tell(at, Execution{.execution_id = id,
                       .price = E8{6'179'900'000'000},
                       .size = Lots{20},
                       .fee = E8{24'719'600},
                       .realised_pnl = E8{150'000'000},
                       .liquidity = Liquidity::maker});
  }

  Dashboard dashboard;
  Sequence sequence;
  std::uint64_t frames = 0;
};

TEST(Dashboard, says_null_for_what_it_was_never_told) {
  const Dashboard dashboard{texts()};
  const Json state = dashboard.snapshot();
  EXPECT_TRUE(state["account"]["equity"].is_null());
  EXPECT_TRUE(state["account"]["day_pnl"].is_null());
  EXPECT_TRUE(state["limits"].is_null());
  EXPECT_EQ(state["symbols"].size(), 0u);
  EXPECT_EQ(dashboard.history("BTCUSDT"), std::nullopt);
}

TEST(Dashboard, shows_the_numbers_of_the_frame) {
  Teller teller;
  teller.frame(noon, 617'990, 618'010);
  const Json symbol = teller.dashboard.snapshot()["symbols"][0];
  EXPECT_EQ(symbol["name"], "BTCUSDT");
  EXPECT_EQ(symbol["price_decimals"], 1);
  EXPECT_DOUBLE_EQ(symbol["book"]["mid"], 61'800.0);
  EXPECT_EQ(symbol["book"]["spread_ticks"], 20);
  EXPECT_NEAR(symbol["book"]["spread_bps"], 2.0 / 61'800 * 1e4, 1e-12);
  ASSERT_EQ(symbol["frame"]["values"].size(), 142u);
  EXPECT_DOUBLE_EQ(symbol["frame"]["values"][141], 0.1 * 141);
  EXPECT_TRUE(symbol["frame"]["values"][3].is_null()) << "missing is missing";
  EXPECT_EQ(symbol["frame"]["missing"], 1);
  EXPECT_EQ(symbol["frame"]["digest"], "0000000000000abc");
}

TEST(Dashboard, an_unsynced_book_gives_no_price_point) {
  Teller teller;
  FeatureFrame frame;
  frame.at = noon;
  teller.dashboard.take(frame);
  EXPECT_FALSE(teller.dashboard.snapshot()["symbols"][0]["book"]["synced"]);
  EXPECT_EQ((*teller.dashboard.history("BTCUSDT"))["prices"].size(), 0u);
}

TEST(Dashboard, alike_decisions_share_a_row_and_every_one_is_counted) {
  Teller teller;
  for (int i = 0; i < 5; ++i) teller.decide(noon + i * 1s, ReasonCode::edge_below_zero);
  teller.decide(noon + 5s, ReasonCode::order_entry, "m1-1");
  teller.decide(noon + 6s, ReasonCode::edge_below_zero);
  const Json state = teller.dashboard.snapshot();
  ASSERT_EQ(state["signals"].size(), 3u);
  EXPECT_EQ(state["signals"][0]["count"], 5);
  EXPECT_EQ(state["signals"][0]["first_at_ms"], noon.ms());
  EXPECT_EQ(state["signals"][0]["at_ms"], (noon + 4s).ms());
  EXPECT_DOUBLE_EQ(state["signals"][0]["edge_bps"], -1.25);
  EXPECT_TRUE(state["signals"][0]["order"].is_null());
  EXPECT_EQ(state["signals"][1]["order"], "m1-1");
  EXPECT_DOUBLE_EQ(state["signals"][1]["price"], 61'800.0);
  EXPECT_EQ(state["reasons"]["edge_below_zero"], 6);
  EXPECT_EQ(state["reasons"]["order_entry"], 1);
  EXPECT_EQ(state["symbols"][0]["decision"]["reason"], "edge_below_zero");
}

TEST(Dashboard, an_order_is_shown_from_sending_until_the_venue_ends_it) {
  Teller teller;
  teller.place("m1-1");
  EXPECT_EQ(teller.dashboard.snapshot()["orders"][0]["phase"], "sent");
  teller.tell(noon, teller.news("m1-1", OrderStatus::part_filled));
  const Json order = teller.dashboard.snapshot()["orders"][0];
  EXPECT_EQ(order["phase"], "part_filled");
  EXPECT_EQ(order["venue_id"], "v-m1-1");
  EXPECT_DOUBLE_EQ(order["price"], 61'799.0);
  EXPECT_DOUBLE_EQ(order["filled"], 0.004);
  teller.tell(noon, teller.news("m1-1", OrderStatus::filled));
  EXPECT_EQ(teller.dashboard.snapshot()["orders"].size(), 0u);
}

TEST(Dashboard, silence_leaves_an_order_unknown_until_the_venue_was_asked) {
  Teller teller;
  teller.place("m1-1");
  teller.tell(noon, RequestAnswer{.outcome = RequestOutcome::unknown, .client_id = "m1-1"});
  EXPECT_EQ(teller.dashboard.snapshot()["orders"][0]["phase"], "unknown");
  teller.tell(
      noon,
      RequestAnswer{.request = RequestKind::query, .outcome = RequestOutcome::accepted, .client_id = "m1-1"});
  EXPECT_EQ(teller.dashboard.snapshot()["orders"].size(), 0u);
}

TEST(Dashboard, a_refused_order_leaves_and_the_events_say_why) {
  Teller teller;
  teller.place("m1-1");
  teller.tell(noon, RequestAnswer{.outcome = RequestOutcome::refused,
                                  .client_id = "m1-1",
                                  .code = 110'007,
                                  .text = "not enough margin"});
  const Json state = teller.dashboard.snapshot();
  EXPECT_EQ(state["orders"].size(), 0u);
  EXPECT_EQ(state["events"].back()["text"], "BTCUSDT place refused by the venue: 110007 not enough margin");
  EXPECT_EQ(state["events"].back()["severity"], "warning");
}

TEST(Dashboard, what_a_whole_account_snapshot_does_not_list_is_gone) {
  Teller teller;
  teller.place("m1-1");
  teller.place("m1-2");
  teller.place("m1-3");
  teller.tell(noon, teller.news("m1-1", OrderStatus::open));
  teller.tell(noon, teller.news("m1-2", OrderStatus::open));
  teller.tell(noon, AccountSnapshot{SnapshotPhase::begin});
  teller.tell(noon, teller.news("m1-2", OrderStatus::open));
  teller.tell(noon, AccountSnapshot{SnapshotPhase::end});
  const Json orders = teller.dashboard.snapshot()["orders"];
  ASSERT_EQ(orders.size(), 2u);
  EXPECT_EQ(orders[0]["client_id"], "m1-2");
  EXPECT_EQ(orders[1]["client_id"], "m1-3") << "just sent: the venue could not know it yet";
}

TEST(Dashboard, a_position_tells_entry_mark_stop_and_open_pnl) {
  Teller teller;
  teller.tell(noon, PositionNews{.size = Lots{-20},
                                 .entry_price = E8{6'180'000'000'000},
                                 .mark_price = E8{6'180'000'000'000},
                                 .updated_at = noon});
  teller.tell(noon, Ticker{.mark_price = E8{6'170'000'000'000}});
  const Json position = teller.dashboard.snapshot()["positions"][0];
  EXPECT_DOUBLE_EQ(position["size"], -0.02);
  EXPECT_DOUBLE_EQ(position["entry_price"], 61'800.0);
  EXPECT_DOUBLE_EQ(position["mark_price"], 61'700.0);
  EXPECT_DOUBLE_EQ(position["unrealised_pnl"], 2.0);
  EXPECT_TRUE(position["stop_loss"].is_null()) << "no stop at the venue";
  teller.tell(noon, PositionNews{.size = Lots{0}});
  EXPECT_EQ(teller.dashboard.snapshot()["positions"].size(), 0u);
}

TEST(Dashboard, a_fill_that_is_told_twice_counts_once) {
  Teller teller;
  teller.execute("e1", noon);
  teller.execute("e1", noon + 1s);
  teller.execute("e2", noon + 2s);
  const Json state = teller.dashboard.snapshot();
  ASSERT_EQ(state["fills"].size(), 2u);
  EXPECT_DOUBLE_EQ(state["fills"][0]["price"], 61'799.0);
  EXPECT_DOUBLE_EQ(state["fills"][0]["size"], 0.02);
  EXPECT_DOUBLE_EQ(state["account"]["fees_paid"], 0.494392);
  EXPECT_EQ(state["account"]["fills"], 2);
}

TEST(Dashboard, day_pnl_starts_again_at_midnight_and_drawdown_counts_from_the_peak) {
  Teller teller;
  const Instant evening = Instant::from_seconds(86'400 * 20'000 + 86'390);
  const auto wallet = [&](Instant at, std::int64_t units) {
    teller.tell(at, WalletNews{.equity = E8{units * e8_per_unit}});
  };
  wallet(evening, 1'000);
  wallet(evening + 2s, 1'040);
  EXPECT_DOUBLE_EQ(teller.dashboard.snapshot()["account"]["day_pnl"], 40);
  wallet(evening + 20s, 1'025);
  const Json account = teller.dashboard.snapshot()["account"];
  EXPECT_DOUBLE_EQ(account["day_pnl"], -15) << "against the last equity of yesterday";
  EXPECT_DOUBLE_EQ(account["drawdown"], 15);
  EXPECT_DOUBLE_EQ(account["peak"], 1'040);
}

TEST(Dashboard, lists_are_bounded_and_the_curve_keeps_the_whole_run) {
  Teller teller{
      {.signals = 4, .open_orders = 2, .fills = 3, .events = 5, .equity_points = 8, .price_seconds = 10}};
  for (int i = 0; i < 100; ++i) {
    const Instant at = noon + i * 1s;
    teller.decide(at, i % 2 ? ReasonCode::cooldown : ReasonCode::spread_wide);
    teller.place(fmt::format("m1-{}", i).c_str());
    teller.execute(fmt::format("e{}", i).c_str(), at);
    teller.frame(at, 617'990, 618'010);
    teller.dashboard.note(at, Severity::info, "again");
    teller.tell(at, WalletNews{.equity = E8{i * e8_per_unit}});
  }
  const Json state = teller.dashboard.snapshot();
  EXPECT_EQ(state["signals"].size(), 4u);
  EXPECT_EQ(state["orders"].size(), 2u);
  EXPECT_EQ(state["orders_not_shown"], 98);
  EXPECT_EQ(state["fills"].size(), 3u);
  EXPECT_EQ(state["fills"][2]["at_ms"], (noon + 99s).ms());
  EXPECT_EQ(state["account"]["fills"], 100) << "counted, though not kept";
  EXPECT_EQ(state["events"].size(), 5u);
  EXPECT_LE(state["equity"]["points"].size(), 8u);
  EXPECT_EQ(state["equity"]["points"][0][0], noon.ms()) << "the first moment is still there";
  EXPECT_EQ((*teller.dashboard.history("BTCUSDT"))["prices"].size(), 10u);
}

TEST(Dashboard, a_symbol_beyond_the_limit_is_counted_not_shown) {
  Teller teller{{.symbols = 1}};
  Instrument other = bitcoin();
  other.id = SymbolId{1};
  teller.tell(noon, InstrumentDefined{other});
  teller.tell(noon, Ticker{.symbol = SymbolId{1}});
  EXPECT_EQ(teller.dashboard.snapshot()["symbols"].size(), 1u);
  EXPECT_EQ(teller.dashboard.snapshot()["symbols_not_shown"], 1);
}

TEST(Dashboard, changes_laid_over_a_snapshot_give_the_next_snapshot) {
  Teller teller;
  teller.frame(noon, 617'990, 618'010);
  teller.decide(noon, ReasonCode::cooldown);
  teller.execute("e1", noon);
  teller.dashboard.changes_since_last_push();

  const Json quiet = teller.dashboard.changes_since_last_push();
  for (const char* list : {"symbols", "signals", "fills", "events"})
    EXPECT_EQ(quiet[list].size(), 0u) << list;
  EXPECT_EQ(quiet["equity"]["points"].size(), 0u);

  teller.decide(noon + 1s, ReasonCode::cooldown);
  teller.execute("e2", noon + 1s);
  teller.dashboard.note(noon + 1s, Severity::notice, "news");
  Json changes = teller.dashboard.changes_since_last_push();
  const Json whole = teller.dashboard.snapshot();
  EXPECT_EQ(changes["kind"], "changes");
  ASSERT_EQ(changes["signals"].size(), 1u);
  EXPECT_EQ(changes["signals"][0], whole["signals"][0]) << "the row grew, its id stayed";
  ASSERT_EQ(changes["fills"].size(), 1u);
  EXPECT_EQ(changes["fills"][0], whole["fills"][1]);
  EXPECT_EQ(changes["events"][0], whole["events"].back());
  ASSERT_EQ(changes["symbols"].size(), 1u);
  EXPECT_FALSE(changes["symbols"][0].contains("frame")) << "no new frame: not sent again";

  teller.frame(noon + 2s, 617'990, 618'030);
  changes = teller.dashboard.changes_since_last_push();
  EXPECT_EQ(changes["symbols"][0]["frame"], teller.dashboard.snapshot()["symbols"][0]["frame"]);
  EXPECT_EQ(changes["symbols"][0]["prices"].back()[0], (noon + 2s).seconds());
}

TEST(Dashboard, the_curve_is_sent_whole_once_it_was_thinned) {
  Teller teller{{.equity_points = 4}};
  for (int i = 0; i < 4; ++i) teller.tell(noon + i * 1s, WalletNews{.equity = E8{i}});
  EXPECT_FALSE(teller.dashboard.changes_since_last_push()["equity"]["replace"]);
  teller.tell(noon + 8s, WalletNews{.equity = E8{8}});
  const Json equity = teller.dashboard.changes_since_last_push()["equity"];
  EXPECT_TRUE(equity["replace"]);
  EXPECT_EQ(equity["points"].size(), 3u);
  EXPECT_FALSE(teller.dashboard.changes_since_last_push()["equity"]["replace"]);
}

TEST(Dashboard, the_same_records_give_the_same_bytes) {
  const auto tell = [] {
    Teller teller;
    teller.frame(noon, 617'990, 618'010);
    teller.decide(noon, ReasonCode::near_funding);
    teller.place("m1-1");
    teller.tell(noon, WalletNews{.equity = E8{1'000'050'000'000}});
    teller.dashboard.set_services({{"ingestor", "running", "", {{"admitted", 7}}, noon}});
    return teller.dashboard.snapshot().dump();
  };
  EXPECT_EQ(tell(), tell());
  EXPECT_NE(tell().find("\"equity\":10000.5"), std::string::npos) << "numbers are numbers";
}

TEST(Dashboard, a_cell_is_coloured_only_after_twenty_values_that_moved) {
  Teller teller;
  for (int i = 0; i < 30; ++i) {
    FeatureFrame frame;
    frame.at = noon + i * 1s;
    frame.set(0, i % 2 ? 1.0 : -1.0);
    frame.set(1, 5.0);
    teller.dashboard.take(frame);
    const Json scores = teller.dashboard.snapshot()["symbols"][0]["frame"]["scores"];
    if (i < 19) {
      EXPECT_TRUE(scores[0].is_null()) << i;
    }
    EXPECT_TRUE(scores[1].is_null()) << "it never moved";
    if (i == 29) {
      EXPECT_NEAR(scores[0], 1.0, 0.1);
    }
  }
}

}  // namespace
}  // namespace mlbot::io::web
