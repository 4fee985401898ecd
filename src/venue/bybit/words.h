// The venue's words for our enums, once, for both directions. A word that is not here is `unknown`, never a
// default.
//
// Where two words mean the same to us, the first is the one that is written.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "domain/event.h"

namespace mlbot::venue::bybit {

template <class Enum>
struct Word {
  Enum value;
  std::string_view text;
};

inline constexpr std::array side_words{Word{Side::buy, "Buy"}, Word{Side::sell, "Sell"}};
inline constexpr std::array position_side_words{Word{PositionSide::long_side, "Buy"},
                                                Word{PositionSide::short_side, "Sell"}};
inline constexpr std::array order_type_words{
    Word{OrderType::limit, "Limit"}, Word{OrderType::market, "Market"}, Word{OrderType::unknown, "UNKNOWN"}};
inline constexpr std::array time_in_force_words{
    Word{TimeInForce::gtc, "GTC"}, Word{TimeInForce::ioc, "IOC"}, Word{TimeInForce::fok, "FOK"},
    Word{TimeInForce::post_only, "PostOnly"}, Word{TimeInForce::unknown, "UNKNOWN"}};
inline constexpr std::array order_status_words{Word{OrderStatus::open, "New"},
                                               Word{OrderStatus::part_filled, "PartiallyFilled"},
                                               Word{OrderStatus::untriggered, "Untriggered"},
                                               Word{OrderStatus::triggered, "Triggered"},
                                               Word{OrderStatus::filled, "Filled"},
                                               Word{OrderStatus::cancelled, "Cancelled"},
                                               Word{OrderStatus::cancelled, "PartiallyFilledCanceled"},
                                               Word{OrderStatus::rejected, "Rejected"},
                                               Word{OrderStatus::deactivated, "Deactivated"},
                                               Word{OrderStatus::unknown, "UNKNOWN"}};
inline constexpr std::array execution_kind_words{
    Word{ExecutionKind::trade, "Trade"},   Word{ExecutionKind::funding, "Funding"},
    Word{ExecutionKind::adl, "AdlTrade"},  Word{ExecutionKind::bust, "BustTrade"},
    Word{ExecutionKind::settle, "Settle"}, Word{ExecutionKind::settle, "Delivery"},
    Word{ExecutionKind::other, "UNKNOWN"}};

inline constexpr std::array margin_mode_words{Word{MarginMode::cross, "REGULAR_MARGIN"},
                                              Word{MarginMode::isolated, "ISOLATED_MARGIN"},
                                              Word{MarginMode::portfolio, "PORTFOLIO_MARGIN"}};
inline constexpr std::array transaction_words{Word{TransactionKind::trade, "TRADE"},
                                              Word{TransactionKind::funding, "SETTLEMENT"},
                                              Word{TransactionKind::transfer_in, "TRANSFER_IN"},
                                              Word{TransactionKind::transfer_out, "TRANSFER_OUT"},
                                              Word{TransactionKind::liquidation, "LIQUIDATION"},
                                              Word{TransactionKind::adl, "ADL"},
                                              Word{TransactionKind::settlement, "DELIVERY"},
                                              Word{TransactionKind::other, "UNKNOWN"}};

/// Minutes of a bar as the venue names them. A month has no fixed length: 43200 stands for it.
inline constexpr std::array interval_words{
    Word{std::int32_t{1}, "1"},     Word{std::int32_t{3}, "3"},     Word{std::int32_t{5}, "5"},
    Word{std::int32_t{15}, "15"},   Word{std::int32_t{30}, "30"},   Word{std::int32_t{60}, "60"},
    Word{std::int32_t{120}, "120"}, Word{std::int32_t{240}, "240"}, Word{std::int32_t{360}, "360"},
    Word{std::int32_t{720}, "720"}, Word{std::int32_t{1440}, "D"},  Word{std::int32_t{10'080}, "W"},
    Word{std::int32_t{43'200}, "M"}};

template <class Table, class Enum>
constexpr std::string_view word_of(const Table& table, Enum value) {
  for (const auto& word : table)
    if (word.value == value) return word.text;
  return "";
}
/// Nothing for a word that the table does not hold.
template <class Table>
constexpr auto value_of(const Table& table, std::string_view text)
    -> std::optional<decltype(table[0].value)> {
  for (const auto& word : table)
    if (word.text == text) return word.value;
  return std::nullopt;
}

// Texts that more than one file needs.
inline constexpr std::string_view category_linear = "linear";
inline constexpr std::string_view settle_coin = "USDT";
inline constexpr std::string_view no_reject_reason = "EC_NoError";
inline constexpr std::string_view no_word = "UNKNOWN";

}  // namespace mlbot::venue::bybit
