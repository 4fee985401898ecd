// Which contracts a query means. Only linear contracts live here; lists of the venue's other categories are
// empty, as they are for an account that never traded them.
#pragma once

#include <optional>
#include <string_view>

#include "shell/exchange/route.h"
#include "venue/bybit/rest_encode.h"
#include "venue/bybit/words.h"

namespace mlbot::shell {

/// The answer where `category` is not linear: an empty list, or 10001 for a word that is none. Nothing for
/// linear.
inline std::optional<Outcome> list_of_category(const venue::bybit::Query& query) {
  const auto category = query.get("category");
  if (category == venue::bybit::category_linear) return std::nullopt;
  if (category != "spot" && category != "inverse" && category != "option")
    return refuse_params("Category is invalid");
  return Reply{R"({"category":")" + std::string{category} + R"(","list":[],"nextPageCursor":""})"};
}

/// symbol > baseCoin > settleCoin: the first that is given counts.
struct InstrumentFilter {
  explicit InstrumentFilter(const venue::bybit::Query& query)
      : symbol{query.get("symbol")}, base{query.get("baseCoin")}, settle{query.get("settleCoin")} {}
  bool holds(const Instrument& instrument) const {
    if (!symbol.empty()) return instrument.name.view() == symbol;
    if (!base.empty()) return venue::bybit::base_coin(instrument) == base;
    return settle.empty() || settle == venue::bybit::settle_coin;
  }
  std::string_view symbol, base, settle;
};

}  // namespace mlbot::shell
