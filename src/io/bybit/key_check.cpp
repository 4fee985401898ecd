#include "io/bybit/key_check.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlbot::io::bybit {

namespace dialect = venue::bybit;
using Level = KeyFinding::Level;

bool KeyReport::may_trade() const {
  return std::ranges::none_of(findings, [](const KeyFinding& f) { return f.level == Level::refused; });
}

KeyReport judge_key(const dialect::KeyInfo& key, const dialect::AccountInfo& account,
                    std::optional<dialect::PositionMode> position_mode) {
  KeyReport report{.findings = {}, .user = key.user_id, .account = account, .position_mode = position_mode};
  const auto say = [&](bool good, Level otherwise, std::string_view yes, std::string_view no,
                       std::string_view remedy) {
    report.findings.push_back({good ? Level::ok : otherwise, std::string{good ? yes : no},
                               std::string{good ? std::string_view{} : remedy}});
  };
  constexpr std::string_view another_key = "make a key with read-write access to orders and positions only";
  say(!key.read_only, Level::refused, "the key may write", "the key is read-only", another_key);
  say(key.may("ContractTrade", "Order"), Level::refused, "the key may place orders",
      "the key may not place orders", another_key);
  say(key.may("ContractTrade", "Position"), Level::refused, "the key may hold positions",
      "the key may not change positions", another_key);
  const auto moves_money = std::ranges::find_if(key.permissions, [](const auto& permission) {
    return permission.first == "Wallet" || permission.second.find("Withdraw") != std::string::npos;
  });
  const bool harmless = moves_money == key.permissions.end();
  say(harmless, Level::refused, "the key cannot move money",
      harmless ? "" : fmt::format("the key can move money: {}.{}", moves_money->first, moves_money->second),
      "take its wallet rights away: a bot needs none of them");
  const bool bound = !key.addresses.empty() && std::ranges::count(key.addresses, "*") == 0;
  say(bound, Level::warning, "the key is bound to an address", "the key is good from any address",
      "bind it to the address of this machine");
  const bool unified = account.unified_status == 5 || account.unified_status == 6;
  say(unified, Level::refused, "the account is UTA 2.0",
      fmt::format("the account is not UTA 2.0 (unifiedMarginStatus {})", account.unified_status),
      "upgrade it to the unified trading account");
  say(account.margin_mode != MarginMode::unknown, Level::warning, "the margin mode is known",
      "the margin mode is one that this program does not know", "set it to cross margin");
  if (position_mode)
    say(*position_mode == dialect::PositionMode::one_way, Level::warning, "positions are one-way",
        "positions are in hedge mode", "switch to one-way mode while there are no positions and orders");
  return report;
}

void check_key(BybitRestClient& rest, std::string symbol, RestCallback<KeyReport> done) {
  rest.ask<dialect::KeyInfo>(dialect::ask_key(), [&rest, symbol = std::move(symbol), done = std::move(done)](
                                                     Result<dialect::KeyInfo, RestError> key) {
    if (!key) return done(std::unexpected{key.error()});
    rest.ask<dialect::AccountInfo>(
        dialect::ask_account_info(),
        [&rest, symbol, done, key = *key](const Result<dialect::AccountInfo, RestError>& account) {
          if (!account) return done(std::unexpected{account.error()});
          rest.ask<dialect::NewsPage>(
              dialect::ask_positions(symbol),
              [done, key, account = *account](const Result<dialect::NewsPage, RestError>& positions) {
                if (!positions) return done(std::unexpected{positions.error()});
                std::optional<dialect::PositionMode> mode;
                for (const Event& row : positions->list)
                  if (const auto* position = std::get_if<PositionNews>(&row))
                    mode = position->position_index == 0 ? dialect::PositionMode::one_way
                                                         : dialect::PositionMode::hedge;
                done(judge_key(key, account, mode));
              });
        });
  });
}

}  // namespace mlbot::io::bybit
