// Limits, cursors and time windows of the venue's lists, once for all of them.
//
// A cursor is text that has been percent-encoded already ("page_token%3D39380%26"); it comes back as it was
// sent, or encoded once more, and both are understood. It names the last row shown: what came in between does
// not shift the pages.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "shell/exchange/route.h"

namespace mlbot::shell {

/// `limit`, cut to 1..most.
std::size_t page_limit(const venue::bybit::Query& query, std::int64_t otherwise, std::int64_t most);

/// As it stands in nextPageCursor.
std::string cursor_text(std::uint64_t last_shown);
/// Nothing on the first page. @error 10001 for text that is no cursor of ours.
Result<std::optional<std::uint64_t>, venue::bybit::VenueError> cursor_of(const venue::bybit::Query& query);

struct TimeWindow {
  std::int64_t from_ms = INT64_MIN, until_ms = INT64_MAX;  ///< both included
  bool holds(Instant at) const { return at.ms() >= from_ms && at.ms() <= until_ms; }
};
/// startTime and endTime: one that is missing lies `span` from the other, without both it is the last
/// `by_default`.
/// @error 10001 when they are further apart than `span` or in the wrong order.
Result<TimeWindow, venue::bybit::VenueError> time_window(const venue::bybit::Query& query, Instant now,
                                                         Duration span, Duration by_default);

/// Cuts `rows`, newest first, to the page that is asked for. `id_of` rises with age going down.
/// @return the cursor of the next page, "" on the last one.
template <class Row, class IdOf>
Result<std::string, venue::bybit::VenueError> cut_page(const venue::bybit::Query& query,
                                                       std::vector<Row>& rows, std::size_t limit,
                                                       IdOf&& id_of) {
  const auto cursor = cursor_of(query);
  if (!cursor) return std::unexpected{cursor.error()};
  if (*cursor) std::erase_if(rows, [&](const Row& row) { return id_of(row) >= **cursor; });
  if (rows.size() <= limit) return std::string{};
  rows.resize(limit);
  return cursor_text(id_of(rows.back()));
}

/// A cursor for a row that is known by its text alone.
std::uint64_t token_of(std::string_view id);

/// The same for rows that never change and have no number: the cursor is made from the id of the last one
/// shown.
template <class Row, class IdOf>
Result<std::string, venue::bybit::VenueError> cut_history(const venue::bybit::Query& query,
                                                          std::vector<Row>& rows, std::size_t limit,
                                                          IdOf&& id_of) {
  const auto cursor = cursor_of(query);
  if (!cursor) return std::unexpected{cursor.error()};
  if (*cursor) {
    const auto last =
        std::ranges::find_if(rows, [&](const Row& row) { return token_of(id_of(row)) == **cursor; });
    rows.erase(rows.begin(), last == rows.end() ? last : last + 1);
  }
  if (rows.size() <= limit) return std::string{};
  rows.resize(limit);
  return cursor_text(token_of(id_of(rows.back())));
}

}  // namespace mlbot::shell
