// Any body through every decoder of rows.
#include "venue/bybit/fuzz_support.h"
#include "venue/bybit/rest_rows.h"

namespace bybit = mlbot::venue::bybit;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  bybit::DecodeScratch scratch;
  const auto& table = bybit::fuzz::table();
  const auto body = bybit::fuzz::text_of(data, size);
  (void)bybit::decode_price_bars(body, scratch);
  (void)bybit::decode_recent_trades(body, table, scratch);
  (void)bybit::decode_funding_history(body, scratch);
  (void)bybit::decode_open_interest(body, scratch);
  (void)bybit::decode_risk_limit_rows(body, scratch);
  (void)bybit::decode_price_limit(body, table, scratch);
  (void)bybit::decode_adl_alerts(body, table, scratch);
  (void)bybit::decode_insurance(body, scratch);
  (void)bybit::decode_account_ratio(body, scratch);
  (void)bybit::decode_system_status(body, scratch);
  (void)bybit::decode_pre_check(body, scratch);
  (void)bybit::decode_add_margin(body, scratch);
  (void)bybit::decode_closed_pnl(body, scratch);
  (void)bybit::decode_transactions(body, scratch);
  (void)bybit::decode_account_info(body, scratch);
  (void)bybit::decode_margin_mode_reasons(body, scratch);
  (void)bybit::decode_user_settings(body, scratch);
  (void)bybit::decode_disconnect_info(body, scratch);
  (void)bybit::decode_smp_group(body, scratch);
  if (const auto key = bybit::decode_key_info(body, scratch)) (void)key->may("Wallet", "AccountTransfer");
  return 0;
}
