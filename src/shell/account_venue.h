// A real account at a venue: its own stream, its own orders, its own money.
#pragma once

#include "shell/service/key_file.h"
#include "shell/trading_venue.h"

namespace mlbot::shell {

class AccountVenue final : public TradingVenue {
 public:
  /// @param key  of the same environment as the endpoints; load_key_file() has seen to that.
  AccountVenue(std::string environment, io::bybit::Endpoints endpoints, ApiKey key);

  std::string title() const override { return environment_ + ", real orders"; }
  std::string account() const override { return account_; }
  Instant now() const override { return clock_.now(); }
  Result<VenueAccess, StartError> open() override;
  Result<void, StartError> begin(const std::vector<Instrument>&, Tell) override { return {}; }

  void drop_key() override;

  /// Whose it is, once the venue has said so.
  void belongs_to(std::int64_t user);

 private:
  std::string environment_, account_ = "unknown";
  io::bybit::Endpoints endpoints_;
  ApiKey key_;
  io::clock::PacedClock clock_;
};

/// What must be typed before real orders leave: "live testnet 100000001".
std::string consent_text(const std::string& environment, std::int64_t user);
/// @param given  --confirm; when empty a person at the terminal is asked.
/// @error StartError refused, naming the text that is wanted.
Result<void, StartError> ask_consent(const std::string& environment, std::int64_t user,
                                     const std::string& given);

}  // namespace mlbot::shell
