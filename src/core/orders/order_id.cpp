#include "core/orders/order_id.h"

#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/assert.h"
#include "base/digest.h"

namespace mlbot::core {

AccountTag account_tag(std::string_view account) {
  constexpr std::string_view digits = "0123456789abcdef";
  const std::uint64_t hash = xxh64(account);
  std::array<char, AccountTag::capacity> text;
  for (std::size_t i = 0; i < text.size(); ++i) text[i] = digits[(hash >> (60 - 4 * i)) & 15];
  return {std::string_view{text.data(), text.size()}};
}

ClientOrderId order_id(const AccountTag& tag, std::uint32_t epoch, std::uint64_t counter) {
  MLBOT_ASSERT(counter < 10'000'000'000'000'000);
  std::array<char, ClientOrderId::capacity> text;
  const auto end = fmt::format_to_n(text.data(), text.size(), "{}-{}-{}", tag.view(), epoch, counter);
  return {std::string_view{text.data(), end.size}};
}

std::optional<OrderNumber> order_number(const AccountTag& tag, const ClientOrderId& id) {
  const std::string_view text = id.view();
  if (text.size() < tag.view().size() + 4 || !text.starts_with(tag.view())) return std::nullopt;
  const char* at = text.data() + tag.view().size();
  const char* const end = text.data() + text.size();
  OrderNumber number;
  if (*at++ != '-') return std::nullopt;
  const auto epoch = std::from_chars(at, end, number.epoch);
  if (epoch.ec != std::errc{} || epoch.ptr == end || *epoch.ptr != '-') return std::nullopt;
  const auto counter = std::from_chars(epoch.ptr + 1, end, number.counter);
  if (counter.ec != std::errc{} || counter.ptr != end) return std::nullopt;
  return number;
}

IdOrigin origin_of(const AccountTag& tag, std::uint32_t epoch, const ClientOrderId& id) {
  const auto number = order_number(tag, id);
  if (!number) return IdOrigin::stranger;
  if (number->epoch == epoch) return IdOrigin::this_run;
  return number->epoch < epoch ? IdOrigin::earlier_run : IdOrigin::later_run;
}

}  // namespace mlbot::core
