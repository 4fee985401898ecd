#include "shell/exchange/accounts.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"

namespace mlbot::shell {
namespace {

constexpr std::uint64_t first_user = 100'000'001;

}  // namespace

ApiAccount make_api_account(std::string_view name, std::string_view entropy, E8 wallet_balance) {
  const auto part = [&](std::string_view purpose, std::size_t length) {
    return to_hex(sha256(fmt::format("{}\n{}\n{}", purpose, name, entropy))).substr(0, length);
  };
  return {std::string{name}, "", "sim-key-" + part("key", 16), "sim-secret-canary-" + part("secret", 32),
          wallet_balance};
}

Accounts::Accounts(const std::vector<ApiAccount>& accounts) {
  for (const auto& account : accounts) {
    MLBOT_ASSERT(!account.key.empty() && find(account.key) == nullptr);
    accounts_.push_back({account.name,
                         account.key,
                         account.wallet_balance,
                         account.read_only,
                         {},
                         0,
                         std::make_unique<HmacSha256>(account.secret)});
  }
}

void Accounts::open(sim::Exchange& exchange) {
  for (auto& account : accounts_) {
    account.id = exchange.open_account(account.name, account.wallet_balance);
    account.user = first_user + account.id.index;
  }
}

Accounts::Account* Accounts::find(std::string_view key) {
  const auto found = std::ranges::find(accounts_, key, &Account::key);
  return found == accounts_.end() ? nullptr : &*found;
}

Result<Accounts::Account*, venue::bybit::VenueError> Accounts::sign_in(
    const venue::bybit::StreamRequest& request, Instant now) {
  using venue::bybit::VenueError;
  Account* const account = find(request.key);
  if (account == nullptr) return std::unexpected{VenueError{10003, "API key is invalid."}};
  if (request.expires_ms <= now.ms()) {
    return std::unexpected{VenueError{10001, "Request expired: the expiry lies behind the server's time."}};
  }
  if (!venue::bybit::auth_signature_valid(request, *account->secret)) {
    return std::unexpected{VenueError{10004, "Invalid sign"}};
  }
  return account;
}

const Accounts::Account* Accounts::find(sim::AccountId id) const {
  const auto found = std::ranges::find(accounts_, id, &Account::id);
  return found == accounts_.end() ? nullptr : &*found;
}

}  // namespace mlbot::shell
