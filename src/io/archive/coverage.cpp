#include "io/archive/coverage.h"

#include <fmt/format.h>

#include "io/archive/hour_seal.h"

namespace mlbot::io::archive {
namespace {

struct Certified {
  Table table;
  bool by_symbol;
  /// Which gaps say that something of it was not heard; candles are counted one by one.
  std::string_view gap_kinds;
};

constexpr std::array certified{
    Certified{Table::trades, true, "'journal', 'pause', 'link'"},
    Certified{Table::books, true, "'journal', 'pause', 'link', 'books'"},
    Certified{Table::klines, true, "'klines'"},
    Certified{Table::tickers, true, "'journal', 'pause', 'link'"},
    Certified{Table::liquidations, true, "'journal', 'pause', 'link'"},
    Certified{Table::price_limits, true, "'journal', 'pause', 'link'"},
    Certified{Table::adl_alerts, false, "'journal', 'pause', 'link'"},
    Certified{Table::insurance_pools, false, "'journal', 'pause', 'link'"},
    Certified{Table::executions, true, "'journal'"},
    Certified{Table::positions, true, "'journal'"},
    Certified{Table::equity, false, "'journal'"},
};

}  // namespace

Result<void, ArchiveError> certify(Database& database, const std::string& directory,
                                   std::span<const TableSpec> tables, Instant hour, bool closed) {
  const auto spec = [&](Table which) -> const TableSpec& { return tables[static_cast<std::size_t>(which)]; };
  const auto relation = [&](Table which) { return hour_relation(database, directory, spec(which), hour); };
  const auto begin = sql_time(hour), end = sql_time(hour + 1h);
  const auto events = relation(Table::events);
  if (!events) return std::unexpected{events.error()};

  // One row for each kind and symbol: kind, symbol, expected, stored, first_at, last_at, kinds of gaps.
  std::string counts;
  const auto add = [&](const std::string& sql) { counts += (counts.empty() ? "" : " UNION ALL ") + sql; };
  for (const auto& [which, by_symbol, gap_kinds] : certified) {
    const auto stored = relation(which);
    if (!stored) return std::unexpected{stored.error()};
    const auto& name = spec(which).name;
    const bool sourced = spec(which).has("source");
    // What was repaired later is not what the journal calls for.
    const std::string own = sourced ? " WHERE sequence > 0" : "";
    const std::string_view symbol = by_symbol ? "symbol" : "CAST(NULL AS VARCHAR) AS symbol";
    add(fmt::format(
        "SELECT {0} AS kind, e.symbol, e.expected, coalesce(s.stored, 0) AS stored, e.first_at, e.last_at, "
        "[{1}] AS gap_kinds FROM (SELECT {2}, CAST(sum(items) AS UBIGINT) AS expected, min(time) AS "
        "first_at, max(time) "
        "AS last_at FROM {3} WHERE kind = {0} GROUP BY ALL) e LEFT JOIN (SELECT {2}, CAST(count(*) AS "
        "UBIGINT) AS stored "
        "FROM {4}{5} GROUP BY ALL) s ON e.symbol IS NOT DISTINCT FROM s.symbol",
        sql_text(name), gap_kinds, symbol, *events, *stored, own));
  }
  const auto frames = relation(Table::frames), features = relation(Table::features);
  if (!frames) return std::unexpected{frames.error()};
  if (!features) return std::unexpected{features.error()};
  add(
      fmt::format("SELECT 'features' AS kind, e.symbol, e.expected, coalesce(s.stored, 0) AS stored, "
                  "e.first_at, e.last_at, "
                  "['features'] AS gap_kinds FROM (SELECT symbol, CAST(count(*) AS UBIGINT) AS expected, "
                  "min(time) AS first_at, "
                  "max(time) AS last_at FROM {} GROUP BY ALL) e LEFT JOIN (SELECT symbol, CAST(count(*) AS "
                  "UBIGINT) AS stored FROM "
                  "{} GROUP BY ALL) s ON e.symbol IS NOT DISTINCT FROM s.symbol",
                  *frames, *features));
  add(
      fmt::format("SELECT 'events' AS kind, CAST(NULL AS VARCHAR) AS symbol, CAST(max(sequence) - "
                  "min(sequence) + 1 AS UBIGINT) AS "
                  "expected, CAST(count(*) AS UBIGINT) AS stored, min(time) AS first_at, max(time) AS "
                  "last_at, ['journal', 'pause', "
                  "'link'] AS gap_kinds FROM {} HAVING count(*) > 0",
                  *events));

  // A gap that was repaired for this kind and symbol does not count.
  const std::string hits = fmt::format(
      "SELECT x.* FROM (SELECT c.kind, c.symbol, g.kind AS gap, g.begins, g.ends, g.missing, g.bytes FROM "
      "counts c JOIN "
      "gaps g ON list_contains(c.gap_kinds, g.kind) AND (g.symbol IS NULL OR c.symbol IS NULL OR g.symbol = "
      "c.symbol) "
      "AND g.ends >= {0} AND g.begins < {1}) x ANTI JOIN repairs r ON r.kind = x.kind AND r.symbol = "
      "x.symbol AND "
      "r.begins <= x.begins AND r.ends >= x.ends",
      begin, end);
  const std::string missing = fmt::format(
      "SELECT c.kind, c.symbol, count(h.gap) AS gaps, coalesce(sum(epoch(least(h.ends, {1})) - "
      "epoch(greatest(h.begins, "
      "{0}))) FILTER (WHERE h.gap IS NOT NULL), 0) AS gap_seconds, CAST(coalesce(sum(h.missing), 0) AS "
      "UBIGINT) AS missing, count(*) FILTER "
      "(WHERE h.gap = "
      "'journal' AND h.missing + h.bytes > 0) AS holes FROM counts c LEFT JOIN hits h ON c.kind = h.kind AND "
      "c.symbol IS "
      "NOT DISTINCT FROM h.symbol GROUP BY ALL",
      begin, end);
  if (auto begun = database.run("BEGIN TRANSACTION"); !begun) return begun;
  for (
      const auto& sql :
      {fmt::format("DELETE FROM gaps WHERE kind = 'features' AND begins >= {} AND begins < {}", begin, end),
       fmt::format(
           "INSERT INTO gaps BY NAME SELECT 'features' AS kind, f.symbol, min(f.time) AS begins, max(f.time) "
           "AS ends, CAST(count(*) AS UBIGINT) AS missing, min(f.sequence) AS after_sequence, "
           "max(f.sequence) AS before_sequence, 'the journal names frames that are not here' AS what FROM {} "
           "f ANTI JOIN {} r ON f.symbol = r.symbol AND f.sequence = r.sequence AND f.number = r.number "
           "GROUP BY f.symbol",
           *frames, *features),
       fmt::format("DELETE FROM coverage WHERE hour = {}", begin),
       fmt::format(
           "INSERT INTO coverage WITH counts AS MATERIALIZED ({}), hits AS ({}), missing_spans AS ({}) "
           "SELECT "
           "{}, c.kind, c.symbol, c.expected, c.stored, m.gaps, m.gap_seconds, m.missing, c.first_at, "
           "c.last_at, {}, c.stored = c.expected AND m.holes = 0 AND m.gap_seconds <= {} FROM counts c JOIN "
           "missing_spans m ON c.kind = m.kind AND c.symbol IS NOT DISTINCT FROM m.symbol ORDER BY c.kind, "
           "c.symbol",
           counts, hits, missing, begin, closed, gap_seconds_max)})
    if (auto done = database.run(sql); !done) {
      (void)database.run("ROLLBACK");
      return done;
    }
  return database.run("COMMIT");
}

}  // namespace mlbot::io::archive
