// REST results that only the venue's side writes and that need no row of their own: account information, the
// key's rights, recent prints.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "domain/event.h"
#include "domain/instrument.h"
#include "venue/bybit/rest_paths.h"

namespace mlbot::venue::bybit {

/// Unified account, cross margin. The venue leaves `retExtInfo` and `time` out of this answer alone: a whole
/// body.
std::string account_info_reply(Instant updated_at);
/// A key that may order and hold positions, may not withdraw, and is bound to one address.
/// @param user  number of the account; `note` its name.
std::string api_key_result(std::string_view key, std::string_view note, std::uint64_t user,
                           std::string_view address);
/// @param trades  oldest first, as we keep them; written newest first.
std::string recent_trades_result(const Instrument& instrument, std::span<const Trade> trades);

}  // namespace mlbot::venue::bybit
