// Our order ids: a pure function of account, boot epoch and counter, and back.
//
// Why no random part: the epoch is durable and one higher at every start, the counter never goes back within
// a run, so no crash can use an id twice, and replay makes the same ids.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "domain/units.h"

namespace mlbot::core {

/// Marks the ids of one account: "3f9a0c1d".
using AccountTag = InlineText<8>;
AccountTag account_tag(std::string_view account);

/// "3f9a0c1d-7-42": at most 36 characters of 0-9 a-f and '-'. @param counter  below 10^16.
ClientOrderId order_id(const AccountTag& tag, std::uint32_t epoch, std::uint64_t counter);

struct OrderNumber {
  std::uint32_t epoch = 0;
  std::uint64_t counter = 0;
};
/// Nothing for an id that this account's bot cannot have made.
std::optional<OrderNumber> order_number(const AccountTag& tag, const ClientOrderId& id);

/// Who gave an order its id. An id of a later run means that this one is not the newest: another instance, or
/// a disk of yesterday.
enum class IdOrigin : std::uint8_t { stranger, earlier_run, this_run, later_run };
IdOrigin origin_of(const AccountTag& tag, std::uint32_t epoch, const ClientOrderId& id);

}  // namespace mlbot::core
