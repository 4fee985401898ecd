#include "shell/exchange/paging.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace mlbot::shell {

namespace bybit = venue::bybit;

namespace {

constexpr std::string_view before_token = "page_token=", after_token = "&";
constexpr int encoded_at_most = 3;  // times: by the venue, by a client, by its HTTP library

}  // namespace

std::size_t page_limit(const bybit::Query& query, std::int64_t otherwise, std::int64_t most) {
  return static_cast<std::size_t>(std::clamp<std::int64_t>(query.number("limit", otherwise), 1, most));
}

std::string cursor_text(std::uint64_t last_shown) { return fmt::format("page_token%3D{}%26", last_shown); }

Result<std::optional<std::uint64_t>, bybit::VenueError> cursor_of(const bybit::Query& query) {
  std::string text{query.get("cursor")};
  if (text.empty()) return std::nullopt;
  for (int i = 0; i < encoded_at_most && text.contains('%'); ++i) text = bybit::percent_decoded(text);
  std::uint64_t token = 0;
  if (!text.starts_with(before_token) || !text.ends_with(after_token)) return refuse_params("cursor invalid");
  const char* const end = text.data() + text.size() - after_token.size();
  const auto read = std::from_chars(text.data() + before_token.size(), end, token);
  if (read.ec != std::errc{} || read.ptr != end) return refuse_params("cursor invalid");
  return std::optional{token};
}

Result<TimeWindow, bybit::VenueError> time_window(const bybit::Query& query, Instant now, Duration span,
                                                  Duration by_default) {
  const bool has_from = !query.get("startTime").empty(), has_until = !query.get("endTime").empty();
  const std::int64_t span_ms = span / 1ms;
  TimeWindow window{query.number("startTime", -1), query.number("endTime", -1)};
  if ((has_from && window.from_ms < 0) || (has_until && window.until_ms < 0))
    return refuse_params("startTime or endTime invalid");
  if (!has_from && !has_until) return TimeWindow{(now - by_default).ms(), INT64_MAX};
  if (!has_from) window.from_ms = window.until_ms - span_ms;
  if (!has_until) window.until_ms = window.from_ms + span_ms;
  if (window.until_ms < window.from_ms) return refuse_params("startTime should be smaller than endTime");
  if (window.until_ms - window.from_ms > span_ms)
    return refuse(
        10001, fmt::format("The time range between startTime and endTime cannot exceed {} days", span / 24h));
  return window;
}

std::uint64_t token_of(std::string_view id) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a
  for (const char c : id) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

}  // namespace mlbot::shell
