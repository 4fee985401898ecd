// The guard's client holds no word that opens a position: what this file says of the type, the compiler
// checks.
#include "shell/guard/reducing_client.h"

#include <gtest/gtest.h>

#include <type_traits>

#include "domain/command.h"

namespace mlbot::shell {
namespace {

template <class Client, class Any>
concept CarriesOut = requires(Client client, Any any) { client.carry_out(any); };
template <class Client, class Any>
concept Places = requires(Client client, Any any) { client.place(any); };
template <class Client, class Any>
concept Amends = requires(Client client, Any any) { client.amend(any); };
template <class Client>
concept SetsStops = requires(Client client, SetPositionStop stop) { client.set_stop(stop); };
template <class Client>
concept Changes = requires(Client client, venue::bybit::Request any) { client.change(any, nullptr); };
template <class Client, class Any>
concept Cancels = requires(Client client, Any any) { client.cancel(any); };
template <class Client, class Any>
concept Closes = requires(Client client, Any any) { client.close(any, Lots{1}, 0); };
template <class Client, class Any>
concept TakesStops = requires(Client client, Any any) { client.cancel_stops(any); };
template <class Client>
concept ShowsWhatItIsMadeOf = requires(Client client) { client.rest_; };

using Client = ReducingClient&;
static_assert(!CarriesOut<Client, PlaceOrder> && !CarriesOut<Client, Command> && !Places<Client, PlaceOrder>);
static_assert(!CarriesOut<Client, AmendOrder> && !Amends<Client, AmendOrder>);
static_assert(!SetsStops<Client> && !Changes<Client> && !ShowsWhatItIsMadeOf<Client>);

// What it takes comes out of a look at the account, and cannot be made up.
static_assert(Cancels<Client, RestingOrder> && !Cancels<Client, CancelOrder> && !Cancels<Client, VenueId>);
static_assert(Closes<Client, HeldPosition> && !Closes<Client, SymbolId> && !Closes<Client, PositionNews>);
static_assert(TakesStops<Client, FlatSymbol> && !TakesStops<Client, SymbolId> &&
              !TakesStops<Client, HeldPosition>);
static_assert(!std::is_default_constructible_v<RestingOrder> &&
              !std::is_default_constructible_v<HeldPosition> && !std::is_default_constructible_v<FlatSymbol>);
static_assert(!std::is_constructible_v<RestingOrder, SymbolId, VenueId>);
static_assert(!std::is_constructible_v<HeldPosition, SymbolId, std::uint8_t, Lots, E8>);
static_assert(!std::is_constructible_v<FlatSymbol, SymbolId>);

TEST(ReducingClient, AHeldPositionComesFromRowsWithASizeAndFromNothingElse) {
  const std::vector<Event> rows{PositionNews{.symbol = {0}, .size = {}},
                                PositionNews{.symbol = {1}, .size = {3}}, WalletNews{}};
  const auto look = AccountLook::of({}, rows, {});
  ASSERT_EQ(look.held().size(), 1u);
  EXPECT_EQ(look.held()[0].size(), Lots{3});
  EXPECT_EQ(look.position({0}), Lots{});
}

}  // namespace
}  // namespace mlbot::shell
