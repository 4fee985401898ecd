#include "io/archive/migrations.h"

#include <fmt/format.h>

#include <array>
#include <string_view>

#include "io/archive/archive_schema.h"

namespace mlbot::io::archive {
namespace {

using Done = Result<void, ArchiveError>;

/// What version 1 had no column for: the place within an event, and where a row is from. Of rows that are
/// older than `events` no certificate can say what was expected; a rebuild makes them again with one.
Done from_1_to_2(Database& database) {
  constexpr std::array<std::string_view, 11> same{"books",     "tickers", "features",    "executions",
                                                  "positions", "equity",  "links",       "changes",
                                                  "trades",    "klines",  "liquidations"};
  constexpr std::array<std::string_view, 2> views{"fills", "open_positions"};
  for (const auto view : views)
    if (auto done = database.run(fmt::format("DROP VIEW IF EXISTS {}", view)); !done) return done;
  const auto tables = archive_tables({});
  const auto move = [&](std::string_view name, std::string_view added) -> Done {
    const auto spec = std::ranges::find(tables, name, &TableSpec::name);
    MLBOT_ASSERT(spec != tables.end());
    if (auto done = database.run(create_table_sql(spec->stored_name(), spec->columns)); !done) return done;
    if (auto done = database.run(
            fmt::format("INSERT INTO {} BY NAME SELECT *{} FROM {}", spec->stored_name(), added, name));
        !done)
      return done;
    return database.run(fmt::format("DROP TABLE {}", name));
  };
  constexpr std::string_view place =
      ", CAST(row_number() OVER (PARTITION BY sequence ORDER BY rowid) - 1 AS UBIGINT) AS item";
  for (const auto name : same) {
    Done done;
    if (name == "features")  // its columns are those of the catalogue
      done = database.run("ALTER TABLE features RENAME TO hot_features");
    else if (name == "trades")
      done = move(name, std::string{place} + ", 'live' AS source");
    else if (name == "klines")
      done = move(name, ", 'live' AS source");
    else
      done = move(name, name == "liquidations" ? place : "");
    if (!done) return done;
  }
  for (const std::string_view name : {"signals", "orders"})
    if (auto done = move(name, place); !done) return done;
  // Spans had no times then.
  if (auto done = database.run("ALTER TABLE gaps RENAME TO gaps_before"); !done) return done;
  const auto& gaps = tables[static_cast<std::size_t>(Table::gaps)];
  for (const auto& sql :
       {create_table_sql(gaps.name, gaps.columns),
        std::string{"INSERT INTO gaps BY NAME SELECT *, 'journal' AS kind, CASE WHEN before_sequence > "
                    "after_sequence "
                    "THEN before_sequence - after_sequence - 1 ELSE 0 END AS missing FROM gaps_before"},
        std::string{"DROP TABLE gaps_before"},
        std::string{"ALTER TABLE progress ADD COLUMN digest_sequence UBIGINT DEFAULT 0"},
        std::string{"ALTER TABLE progress ADD COLUMN digest_count UBIGINT DEFAULT 0"},
        std::string{"ALTER TABLE progress ADD COLUMN memory_sequence UBIGINT DEFAULT 0"},
        std::string{"ALTER TABLE progress ADD COLUMN route_sequence UBIGINT DEFAULT 0"},
        std::string{"ALTER TABLE progress ADD COLUMN route_count UBIGINT DEFAULT 0"},
        std::string{"ALTER TABLE progress ADD COLUMN fill_quality_sequence UBIGINT DEFAULT 0"},
        std::string{"ALTER TABLE progress ADD COLUMN fill_quality_count UBIGINT DEFAULT 0"}})
    if (auto done = database.run(sql); !done) return done;
  return {};
}

constexpr std::array<Done (*)(Database&), schema_version> steps{nullptr, from_1_to_2};

}  // namespace

Result<std::uint64_t, ArchiveError> migrate(Database& database) {
  const auto tables = database.ask_count("SELECT count(*) FROM information_schema.tables");
  if (!tables) return std::unexpected{tables.error()};
  if (*tables == 0) return 0;
  const auto ours =
      database.ask_count("SELECT count(*) FROM information_schema.tables WHERE table_name = 'progress'");
  if (!ours) return std::unexpected{ours.error()};
  const auto version = *ours > 0 ? database.ask_count("SELECT schema_version FROM progress")
                                 : Result<std::uint64_t, ArchiveError>{0};
  if (!version) return std::unexpected{version.error()};
  if (*version == schema_version) return *version;
  if (*version == 0 || *version > schema_version)
    return std::unexpected{ArchiveError{
        ArchiveFault::other_schema,
        fmt::format(
            "{} has tables of {}, this build knows versions 1 to {}: move the file away, and it is built "
            "again from the journal",
            database.path(), *version == 0 ? "somebody else" : fmt::format("version {}", *version),
            schema_version)}};
  if (auto begun = database.run("BEGIN TRANSACTION"); !begun) return std::unexpected{begun.error()};
  Done done;
  for (auto at = *version; done && at < schema_version; ++at) done = steps[at](database);
  if (done) done = database.run(fmt::format("UPDATE progress SET schema_version = {}", schema_version));
  if (done) done = database.run("COMMIT");
  if (!done) {
    (void)database.run("ROLLBACK");
    return std::unexpected{done.error()};
  }
  return *version;
}

}  // namespace mlbot::io::archive
