#include "shell/account_venue.h"

#include <fmt/format.h>
#include <unistd.h>

#include <iostream>

#include "io/clock/clock.h"
#include "shell/secret.h"

namespace mlbot::shell {

AccountVenue::AccountVenue(std::string environment, io::bybit::Endpoints endpoints, ApiKey key)
    : environment_{std::move(environment)},
      endpoints_{std::move(endpoints)},
      key_{std::move(key)},
      clock_{io::clock::now(), io::clock::now(), 1} {}

Result<VenueAccess, StartError> AccountVenue::open() {
  return VenueAccess{endpoints_, key_.key, key_.secret, clock_};
}

void AccountVenue::drop_key() {
  wipe(key_.key);
  wipe(key_.secret);
}

void AccountVenue::belongs_to(std::int64_t user) {
  // The last four figures tell an operator's accounts apart; more of it need not stand on a screen.
  const auto text = fmt::format("{:04}", user);
  account_ = "…" + text.substr(text.size() - 4);
}

std::string consent_text(const std::string& environment, std::int64_t user) {
  return fmt::format("live {} {}", environment, user);
}

Result<void, StartError> ask_consent(const std::string& environment, std::int64_t user,
                                     const std::string& given) {
  const auto wanted = consent_text(environment, user);
  std::string typed = given;
  if (typed.empty() && ::isatty(STDIN_FILENO) == 1) {
    std::cerr << "Real orders will leave for " << environment << ". Type \"" << wanted << "\" to go on: ";
    std::getline(std::cin, typed);
  }
  if (typed == wanted) return {};
  return std::unexpected{StartError{
      ExitCode::refused,
      fmt::format("nothing was started: mode live wants the words \"{}\", typed or as --confirm", wanted)}};
}

}  // namespace mlbot::shell
