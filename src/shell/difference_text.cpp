#include "shell/difference_text.h"

#include <fmt/format.h>

#include "base/assert.h"
#include "base/decimal.h"

namespace mlbot::shell {
namespace {

std::string_view margin_word(std::int64_t mode) {
  switch (static_cast<MarginMode>(mode)) {
    case MarginMode::cross:
      return "cross";
    case MarginMode::isolated:
      return "isolated";
    case MarginMode::portfolio:
      return "portfolio";
    case MarginMode::unknown:
      break;
  }
  return "unknown";
}

}  // namespace

std::string why_text(const core::Core::Overview& overview, const std::vector<Instrument>& instruments) {
  std::string out{overview.why ? to_string(*overview.why) : ""};
  if (overview.differs) out += (out.empty() ? "" : "; ") + difference_text(*overview.differs, instruments);
  if (overview.warning) out += (out.empty() ? "warning: " : "; warning: ") + core::to_text(*overview.warning);
  return out;
}

std::string difference_text(const core::AccountDifference& difference,
                            const std::vector<Instrument>& instruments) {
  using enum core::AccountPart;
  const auto [part, symbol, ours, theirs, since] = difference;
  switch (part) {
    case position: {
      MLBOT_ASSERT(symbol.index < instruments.size());
      const Instrument& instrument = instruments[symbol.index];
      return fmt::format("{}: we count {}, the venue says {}", instrument.name.view(),
                         to_text(instrument.size({ours})), to_text(instrument.size({theirs})));
    }
    case wallet:
      return fmt::format("wallet: our books say {}, the venue says {} USDT", to_text(E8{ours}),
                         to_text(E8{theirs}));
    case margin_mode:
      return fmt::format("margin mode: the run began with {}, now it is {}", margin_word(ours),
                         margin_word(theirs));
    case price_band:
      break;
  }
  return theirs != 0 ? "the venue now refuses a price outside its band, at the start it moved it"
                     : "the venue now moves a price that lies outside its band, at the start it refused it";
}

}  // namespace mlbot::shell
