#include "shell/exchange/own_account.h"

#include "base/json.h"

namespace mlbot::shell {

std::string own_account(const sim::Exchange& exchange, sim::AccountId account) {
  Json positions = Json::array();
  for (const auto& instrument : exchange.instruments()) {
    for (const auto& row : exchange.positions(account, instrument.id)) {
      if (row.size.count == 0) continue;
      positions.push_back({{"symbol", instrument.name.view()},
                           {"position_index", row.position_index},
                           {"size", to_text(instrument.size(row.size))},
                           {"entry_price", to_text(row.entry_price)},
                           {"realised_pnl", to_text(row.realised_pnl)},
                           {"realised_pnl_ever", to_text(row.realised_pnl_ever)}});
    }
  }
  const auto wallet = exchange.wallet(account);
  return Json{{"wallet_balance", to_text(wallet.wallet_balance)},
              {"realised_pnl_ever", to_text(wallet.realised_pnl_ever)},
              {"positions", positions}}
      .dump();
}

}  // namespace mlbot::shell
