// Some hours of two contracts, for tests of hours and of what survives a kill.
#pragma once

#include <fmt/format.h>

#include <filesystem>
#include <set>

#include "io/archive/archive_hash.h"
#include "io/archive/archive_views.h"
#include "io/archive/test_script.h"

namespace mlbot::io::archive {

/// Two contracts over some hours: a trade, a book and now and then a candle each ten seconds.
struct Market {
  Script script;
  std::uint64_t trade = 0, update_id = 0;
  Instant clock = noon;

  Market() {
    script.clock = &clock;
    open_run();
  }
  void open_run() {
    script.open_run();
    auto ether = bitcoin();
    ether.id = {1};
    ether.name = "ETHUSDT";
    script.event(InstrumentDefined{ether});
  }
  void snapshot(std::uint16_t symbol) {
    update_id = 100;
    script.levels.push_back({{{714'238}, {1'500}}});
    script.levels.push_back({{{714'239}, {20}}});
    script.event(BookUpdate{.symbol = {symbol},
                            .update_id = update_id,
                            .matched_at = clock,
                            .bids = script.levels[script.levels.size() - 2],
                            .asks = script.levels.back()});
  }
  void print(std::uint16_t symbol) {
    const auto id = fmt::format("id-{}-{}", symbol, ++trade);
    script.trades.push_back(
        {{.matched_at = clock, .price = {700'000}, .size = {3}, .id = std::string_view{id}}});
    script.event(Trades{{symbol}, script.trades.back()});
  }
  void candle(std::uint16_t symbol, Instant start) {
    script.event(Kline{.symbol = {symbol},
                       .start = start,
                       .open = {1},
                       .high = {2},
                       .low = {1},
                       .close = {2},
                       .volume = {5},
                       .turnover = 1,
                       .confirmed = true});
  }
  /// @param skip_candles  minutes of the first contract whose candles never come
  void run_until(Instant end, std::set<std::int64_t> skip_candles = {}) {
    for (; clock < end; clock = clock + 10s)
      for (const std::uint16_t symbol : {0, 1}) {
        if (clock.seconds() % 60 == 0) {
          const Instant start = clock - 1min;
          if (symbol == 1 || !skip_candles.contains((start - noon) / 1min)) candle(symbol, start);
          snapshot(symbol);
        }
        print(symbol);
      }
  }
};

inline ContentHash hash_of(const std::string& path) {
  auto database = Database::open(path, Access::read_write,
                                 {.directory = std::filesystem::absolute(parquet_directory(path)).string()});
  EXPECT_TRUE(database) << database.error().what;
  auto connection = (*database)->connect();
  auto hash = content_hash(**connection);
  EXPECT_TRUE(hash) << hash.error().what;
  return hash ? *hash : ContentHash{};
}

}  // namespace mlbot::io::archive
