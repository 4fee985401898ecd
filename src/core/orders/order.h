// What is known of one order: what was asked for, what the venue said of it, and what it may still become.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "core/account/account_monitor.h"
#include "core/orders/order_life.h"
#include "domain/command.h"

namespace mlbot::core {

inline constexpr Duration answer_patience_order = 5s;
inline constexpr Duration recv_window = 5s;         ///< the venue refuses a request that is older than this
inline constexpr Duration recv_window_margin = 2s;  ///< clocks differ
inline constexpr Duration question_life = 30s;      ///< an answer that took longer will not come
inline constexpr std::size_t order_slots = 512;
inline constexpr std::size_t foreign_slots = 128;
inline constexpr std::size_t remembered_executions = 16'384;
inline constexpr std::size_t order_parts_max = 4;

/// One of the venue's orders under one id of ours: it splits an order that reduces when it is too large.
struct OrderPart {
  VenueId venue_id;
  Lots size, filled;
  bool over = false;
  Instant updated_at;
};

struct Order {
  ClientOrderId id;  ///< empty for a foreign order without one
  VenueId venue_id;
  SymbolId symbol;
  Side side = Side::buy;
  OrderType type = OrderType::limit;
  TimeInForce time_in_force = TimeInForce::gtc;
  PriceTicks price;
  PriceTicks
      asked_price;  ///< by the create or the last amend: what the venue may show without having moved it
  Lots size;        ///< as the venue has it
  Lots wanted;      ///< as it was asked for
  bool reduce_only = false;
  std::uint8_t position_index = 0;
  bool foreign = false;  ///< of another epoch, or not of this bot at all
  bool earlier = false;  ///< of an earlier run of ours
  OrderState state = OrderState::in_flight;
  Lots filled;             ///< sum of distinct executions
  Lots filled_claimed;     ///< the highest the venue named in order news
  bool seen = false;       ///< the venue showed it: an empty answer is then a lagging list, no proof
  bool confirmed = false;  ///< by order news, not only by an answer
  bool cancel_wanted = false;
  std::optional<PriceTicks> amended_price;  ///< asked for, not yet confirmed
  Lots amended_size;                        ///< beside it: new total
  Instant amended_at;
  Instant placed_at;
  Instant deadline = distant_future;  ///< when silence becomes news, or a question is put again
  Instant queried_at{INT64_MIN};      ///< the last question
  Instant asked_since{INT64_MIN};     ///< the oldest question whose answer may still come
  std::uint8_t questions = 0;         ///< put and not answered
  Instant missed_at{INT64_MIN};       ///< when a question first found nothing, since it was last heard of
  Instant unknown_since{};
  Instant cancel_sent_at{INT64_MIN};
  Instant claimed_at{INT64_MIN};  ///< when filled_claimed rose last
  Instant heard_at{INT64_MIN};    ///< core time of the last news or fill
  Instant updated_at{INT64_MIN};  ///< the venue's clock, of the newest news
  bool query_found = false;       ///< a row came since the last question
  bool query_news = false;        ///< one that was not older than what we knew
  std::array<OrderPart, order_parts_max> parts;
  std::uint8_t part_count = 0;  ///< 0 as long as there is one venue id

  /// The most that may have been ordered: an amend may be in force or not.
  Lots worst_size() const noexcept { return amended_price ? std::max(size, amended_size) : size; }
  /// What may still be filled, or was and has not been shown: never negative.
  Lots open_size() const {
    const Lots rest = is_over(state) ? filled_claimed - filled : worst_size() - filled;
    return std::max(rest, Lots{0});
  }
  void claim(Instant now, Lots lots) {
    if (lots <= filled_claimed) return;
    filled_claimed = lots;
    claimed_at = now;
  }
  bool settled() const { return is_over(state) && filled >= filled_claimed; }
  /// A question put before this proves nothing by finding nothing. What was seen must be missed twice: lists
  /// lag by different spans, and what closed it may be in none of them yet.
  Instant provable_at() const {
    const Instant since = seen ? std::max(missed_at, heard_at) : placed_at + recv_window;
    return since + recv_window_margin + list_lag_max;
  }
};

}  // namespace mlbot::core
