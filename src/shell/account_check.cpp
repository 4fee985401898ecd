#include "shell/account_check.h"

#include "io/bybit/key_check.h"
#include "shell/account_venue.h"
#include "venue/bybit/rest_questions.h"

namespace mlbot::shell {

Result<std::int64_t, StartError> check_account(const AccountCheck& check) {
  Result<io::bybit::KeyReport, io::bybit::RestError> report;
  bool told = false;
  io::bybit::check_key(check.rest, check.symbol, [&](auto answer) {
    told = true;
    report = std::move(answer);
  });
  if (auto waited = check.wait(told, "key"); !waited) return std::unexpected{waited.error()};
  if (!report) return std::unexpected{StartError{ExitCode::refused, report.error().what}};
  using Level = io::bybit::KeyFinding::Level;
  for (const auto& finding : report->findings) {
    if (finding.level == Level::refused)
      return std::unexpected{StartError{ExitCode::refused, finding.what + "; " + finding.remedy}};
    if (finding.level == Level::warning)
      check.console.note("warning: " + finding.what + "; " + finding.remedy);
  }
  if (!check.trades) return report->user;
  if (auto agreed = ask_consent(check.environment, report->user, check.confirm); !agreed)
    return std::unexpected{agreed.error()};
  bool set = false;
  std::string trouble;
  check.rest.change(venue::bybit::set_price_band(true), [&](Result<void, io::bybit::RestError> done) {
    set = true;
    if (!done) trouble = done.error().what;
  });
  if (auto waited = check.wait(set, "price band"); !waited) return std::unexpected{waited.error()};
  if (!trouble.empty())
    return std::unexpected{StartError{
        ExitCode::refused, "the venue would move our prices into its band, and does not let us say no: " +
                               trouble + "; set the account to refuse such orders by hand"}};
  return report->user;
}

}  // namespace mlbot::shell
