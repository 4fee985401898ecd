// The exchange's customers: a name, a key pair, an account in the simulator.
//
// Secrets stay in here: they are never written to a log, an answer or a file.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "sim/exchange.h"
#include "venue/bybit/stream_requests.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::shell {

struct ApiAccount {
  std::string name;
  std::string label;  ///< of a further key of the same account; empty for the first
  std::string key, secret;
  E8 wallet_balance{10'000 * e8_per_unit};  ///< at the account's first opening, USDT
  bool read_only = false;                   ///< the key may look and not act
};
/// Keys that can be told from real ones at sight ("sim-key-...", "sim-secret-canary-..."), so that one found
/// in a log or a repository says where it came from. The same entropy gives the same pair.
ApiAccount make_api_account(std::string_view name, std::string_view entropy, E8 wallet_balance);

class Accounts {
 public:
  struct Account {
    std::string name, key;
    E8 wallet_balance;
    bool read_only = false;
    sim::AccountId id;       ///< from open() on
    std::uint64_t user = 0;  ///< number that the dialect shows
    std::unique_ptr<HmacSha256> secret;
  };

  /// Keys are unique.
  explicit Accounts(const std::vector<ApiAccount>& accounts);
  /// Opens them in the exchange, or finds them there again.
  void open(sim::Exchange& exchange);
  /// Null for a key that nobody holds.
  Account* find(std::string_view key);
  /// Whose the auth of a socket is. @error 10003 key, 10001 expiry behind `now`, 10004 signature.
  Result<Account*, venue::bybit::VenueError> sign_in(const venue::bybit::StreamRequest& request, Instant now);
  /// Null for accounts that hold no key.
  const Account* find(sim::AccountId id) const;

 private:
  std::vector<Account> accounts_;
};

}  // namespace mlbot::shell
