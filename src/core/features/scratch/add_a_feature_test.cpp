// The how-to's block in a scratch copy of the price rows: it is counted, documented, and equal to its
// definition.
#include <gtest/gtest.h>

#include "core/features/feature_catalogue.cpp"           // over the copied rows and count
#include "core/features/feature_catalogue_markdown.cpp"  // and its page
#include "core/features/test_market.h"

namespace mlbot::core {
namespace {

using namespace testing;

constexpr const auto& added = std::get<std::tuple_size_v<decltype(price_rows)> - 1>(price_rows);

TEST(AddAFeature, IsCountedAndDocumented) {
  ASSERT_EQ(feature_catalogue().size(), 143u);
  EXPECT_EQ(feature_catalogue()[142].name, added.spec.name);
  EXPECT_EQ(feature_index(added.spec.name), 142u);
  const std::string page = feature_catalogue_markdown();
  EXPECT_NE(page.find("# The 143 features"), std::string::npos);
  EXPECT_NE(page.find("| 143 | `" + std::string{added.spec.name} + "` |"), std::string::npos);
}

TEST(AddAFeature, EqualsItsDefinition) {
  const Instrument instrument = test_instrument(0, "BTCUSDT");
  SymbolMarket market{instrument};
  PriceEngine price{market};
  Histories twin;
  twin.add(instrument);
  OrderBook book{200};
  Instant heard;
  int compared = 0;
  for (const Taped& taped : random_tape({instrument}, 61, 1'000)) {
    if (!market.started()) market.start(taped.at);
    while (market.open_second() < taped.at.seconds()) {
      market.seal_second(heard);
      price.seal_second();
    }
    market.roll(taped.at);
    market.on_link(true);
    heard = taped.at;
    if (const auto* news = std::get_if<TapedBook>(&taped.what)) {
      BookUpdate update = news->update;
      update.bids = news->bids;
      update.asks = news->asks;
      const BookChange change = book.apply(update);
      market.on_book(taped.at, book.top());
      price.on_book();
      twin.on(taped.at, update, change, book);
    } else {
      twin.advance(taped.at);
    }
    if (!std::holds_alternative<Second>(taped.what) || taped.at.seconds() % 50 != 0) continue;
    const double forward = added.forward(price), slow = twin.value({0}, 142);
    EXPECT_EQ(std::isfinite(forward), std::isfinite(slow));
    if (!std::isfinite(slow)) continue;
    EXPECT_NEAR(forward, slow, 1e-9 * (1 + std::abs(slow)));
    ++compared;
  }
  EXPECT_GT(compared, 0);
}

}  // namespace
}  // namespace mlbot::core
