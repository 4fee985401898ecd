#include "shell/data/gap_filling.h"

#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include "base/decimal.h"
#include "io/archive/import_bybit_archive.h"
#include "shell/data/archive_files.h"

namespace mlbot::shell {
namespace {

using io::archive::ArchiveError;
using io::archive::ArchiveFault;
using io::archive::QueryTable;
using io::archive::RepairedCandle;
using io::archive::RepairedTrade;

constexpr std::size_t gaps_max = 100'000;

Instant midnight(Instant at) { return Instant::from_seconds(at.seconds() - at.seconds() % 86'400); }

/// "start_ms,open,high,low,close,volume,turnover", as backfill.h writes it.
std::optional<RepairedCandle> candle_of(const std::string& line) {
  std::array<std::string, 7> fields;
  std::istringstream in{line};
  for (auto& field : fields)
    if (!std::getline(in, field, ',')) return std::nullopt;
  RepairedCandle candle{.start = Instant::from_ms(std::strtoll(fields[0].c_str(), nullptr, 10))};
  const std::array prices{&candle.open, &candle.high, &candle.low, &candle.close};
  for (std::size_t i = 0; i < prices.size(); ++i) {
    const auto price = parse_e8(fields[i + 1]);
    if (!price) return std::nullopt;
    *prices[i] = *price;
  }
  candle.volume = std::strtod(fields[5].c_str(), nullptr);
  candle.turnover = std::strtod(fields[6].c_str(), nullptr);
  return candle;
}

Result<std::uint64_t, ArchiveError> fill_candles(io::archive::DataArchiver& archiver,
                                                 const std::string& directory, const OpenGap& gap) {
  std::vector<RepairedCandle> candles;
  for (Instant day = midnight(gap.begins); day < gap.ends; day = day + 24h) {
    std::ifstream file{fmt::format("{}/kline/{}/{}.csv", directory, gap.symbol, date_text(day))};
    for (std::string line; std::getline(file, line);)
      if (const auto candle = candle_of(line);
          candle && candle->start >= gap.begins && candle->start < gap.ends)
        candles.push_back(*candle);
  }
  if (candles.empty()) return 0;
  return archiver.repair_candles(gap.symbol, gap.begins, gap.ends, candles, "rest");
}

Result<std::uint64_t, ArchiveError> fill_trades(io::archive::DataArchiver& archiver,
                                                const std::string& directory, const OpenGap& gap) {
  std::vector<RepairedTrade> trades;
  for (Instant day = midnight(gap.begins); day < gap.ends; day = day + 24h) {
    const auto path = fmt::format("{0}/trading/{1}/{1}{2}.csv.gz", directory, gap.symbol, date_text(day));
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) return 0;  // half of a span fills none
    auto rows = io::archive::read_bybit_trades(path, gap.symbol, gap.begins, gap.ends);
    if (!rows) return std::unexpected{ArchiveError{ArchiveFault::sql, rows.error()}};
    trades.insert(trades.end(), rows->begin(), rows->end());
  }
  if (trades.empty()) return 0;
  return archiver.repair_trades(gap.symbol, gap.begins, gap.ends, trades, "archive");
}

}  // namespace

Result<std::vector<OpenGap>, ArchiveError> open_gaps(
    const std::function<Result<QueryTable, ArchiveError>(const std::string&)>& ask) {
  auto rows =
      ask("SELECT x.kind, x.symbol, CAST(epoch_us(x.begins) AS BIGINT), CAST(epoch_us(x.ends) AS BIGINT) "
          "FROM (SELECT kind, "
          "symbol, begins, ends FROM gaps WHERE kind = 'klines' UNION ALL SELECT 'trades' AS kind, i.symbol, "
          "g.begins, g.ends "
          "FROM gaps g CROSS JOIN (SELECT DISTINCT symbol FROM instruments) i WHERE g.kind IN ('journal', "
          "'pause', 'link')) x "
          "ANTI JOIN repairs r ON r.kind = x.kind AND r.symbol = x.symbol AND r.begins <= x.begins AND "
          "r.ends >= x.ends WHERE "
          "x.begins IS NOT NULL ORDER BY ALL");
  if (!rows) return std::unexpected{rows.error()};
  std::vector<OpenGap> out;
  const auto instant = [](const io::archive::QueryCell& cell) {
    return Instant{std::strtoll(cell_text(cell).c_str(), nullptr, 10) * 1'000};
  };
  for (const auto& row : rows->rows)
    out.push_back({cell_text(row[0]), cell_text(row[1]), instant(row[2]), instant(row[3])});
  return out;
}

Result<std::uint64_t, ArchiveError> fill_gaps(io::archive::DataArchiver& archiver,
                                              const std::string& directory) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(directory, ignored)) return 0;
  const auto gaps = open_gaps([&](const std::string& sql) { return archiver.database().ask(sql, gaps_max); });
  if (!gaps) return std::unexpected{gaps.error()};
  std::uint64_t added = 0;
  for (const auto& gap : *gaps) {
    const auto rows =
        gap.kind == "klines" ? fill_candles(archiver, directory, gap) : fill_trades(archiver, directory, gap);
    if (!rows) return std::unexpected{rows.error()};
    added += *rows;
  }
  return added;
}

}  // namespace mlbot::shell
