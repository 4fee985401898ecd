#include "venue/bybit/rest_rows.h"

#include <algorithm>

#include "venue/bybit/control_decode.h"
#include "venue/bybit/reply.h"

namespace mlbot::venue::bybit {
namespace {

/// Reads every row of result.list with read(Row&).
template <class RowType, class Read>
Decoded<RowPage<RowType>> decode_page(std::string_view body, DecodeScratch& scratch, Read&& read) {
  Reply reply{body, scratch};
  RowPage<RowType> page;
  reply.each("list", [&](const dom::object& object, std::size_t index) {
    Row row{object, "result.list", index, reply.reading};
    page.list.push_back(read(row));
  });
  page.cursor = reply.cursor();
  return answer(reply, std::move(page));
}
template <class RowType, class Read>
Decoded<std::vector<RowType>> decode_rows(std::string_view body, DecodeScratch& scratch, Read&& read) {
  auto page = decode_page<RowType>(body, scratch, read);
  if (!page) return std::unexpected{std::move(page.error())};
  return std::move(page->list);
}

SymbolName symbol_of(Row& row) { return row.inline_text<SymbolName>("symbol", row.text("symbol")); }
std::string string_of(Row& row, std::string_view key) { return std::string{row.text_or_empty(key)}; }

std::string where_of(std::size_t index, std::string_view column) {
  return fmt::format("result.list[{}].{}", index, column);
}

}  // namespace

Decoded<std::vector<PriceBar>> decode_price_bars(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  std::vector<PriceBar> bars;
  const dom::array rows = reply.list("list");
  if (!reply.reading.ok()) return std::unexpected{reply.reading.take()};
  for (const dom::element item : rows) {
    std::array<std::string_view, 5> texts;
    if (!read_texts(item, texts)) {
      reply.reading.fail(where_of(bars.size(), "row"), "fewer than 5 texts");
      break;
    }
    PriceBar bar;
    const auto start = bar_start(texts[0]);
    if (!start) reply.reading.fail(where_of(bars.size(), "start"), fmt::format("'{}' is no time", texts[0]));
    bar.start = start.value_or(Instant{});
    const auto price = [&](std::size_t column, std::string_view name) {
      const auto value = parse_e8_truncated(texts[column]);
      if (!value)
        reply.reading.fail(where_of(bars.size(), name), fmt::format("'{}' is no price", texts[column]));
      return value.value_or(E8{});
    };
    bar.open = price(1, "open");
    bar.high = price(2, "high");
    bar.low = price(3, "low");
    bar.close = price(4, "close");
    bars.push_back(bar);
  }
  return answer(reply, std::move(bars));
}

Decoded<Trades> decode_recent_trades(std::string_view body, const InstrumentTable& table,
                                     DecodeScratch& scratch) {
  Reply reply{body, scratch};
  auto& list = scratch.records.trades;
  list.clear();
  const InstrumentTable::Entry* entry = nullptr;
  reply.each("list", [&](const dom::object& object, std::size_t index) {
    Row row{object, "result.list", index, reply.reading};
    const auto* const named = table.find(row.text("symbol"));
    if (named == nullptr) return row.fail("symbol", "not known to this run");
    if (entry != nullptr && named != entry) return row.fail("symbol", "another one than in the rows before");
    entry = named;
    const auto on_grid = [&](std::string_view key, auto value) {
      if (!value) row.fail(key, "off the contract's grid");
      return value.value_or(typename decltype(value)::value_type{});
    };
    Trade trade;
    trade.id = row.inline_text<VenueId>("execId", row.text("execId"));
    trade.price = on_grid("price", entry->instrument.ticks(row.text("price")));
    trade.size = on_grid("size", entry->instrument.lots(row.text("size")));
    trade.taker = row.word("side", side_words);
    trade.matched_at = row.time_ms("time");
    trade.block = row.boolean_or_false("isBlockTrade");
    trade.price_improvement = row.boolean_or_false("isRPITrade");
    trade.cross_sequence = static_cast<std::uint64_t>(row.optional_integer("seq").value_or(0));
    list.push_back(trade);
  });
  std::ranges::reverse(list);
  return answer(reply, Trades{entry == nullptr ? SymbolId{} : entry->instrument.id, list});
}

Decoded<std::vector<FundingRow>> decode_funding_history(std::string_view body, DecodeScratch& scratch) {
  return decode_rows<FundingRow>(body, scratch, [](Row& row) {
    return FundingRow{symbol_of(row), row.e8_truncated("fundingRate"), row.time_ms("fundingRateTimestamp")};
  });
}

Decoded<RowPage<OpenInterestRow>> decode_open_interest(std::string_view body, DecodeScratch& scratch) {
  return decode_page<OpenInterestRow>(body, scratch, [](Row& row) {
    return OpenInterestRow{row.time_ms("timestamp"), row.e8_truncated("openInterest"),
                           row.e8_or_zero("singleOpenInterest")};
  });
}

Decoded<RowPage<RiskLimitRow>> decode_risk_limit_rows(std::string_view body, DecodeScratch& scratch) {
  return decode_page<RiskLimitRow>(body, scratch, [](Row& row) {
    return RiskLimitRow{.symbol = symbol_of(row),
                        .id = row.optional_integer("id").value_or(0),
                        .limit = row.e8_truncated("riskLimitValue"),
                        .maintenance_margin = row.e8("maintenanceMargin"),
                        .initial_margin = row.e8_truncated("initialMargin"),
                        .max_leverage = row.e8("maxLeverage"),
                        .deduction = row.e8_or_zero("mmDeduction"),
                        .lowest = row.integer("isLowestRisk") == 1};
  });
}

Decoded<PriceLimit> decode_price_limit(std::string_view body, const InstrumentTable& table,
                                       DecodeScratch& scratch) {
  Reply reply{body, scratch};
  Row row = reply.row();
  const auto* const entry = table.find(row.text("symbol"));
  if (entry == nullptr) row.fail("symbol", "not known to this run");
  return answer(reply, read_limits(row, entry == nullptr ? SymbolId{} : entry->instrument.id));
}

Decoded<AdlAlerts> decode_adl_alerts(std::string_view body, const InstrumentTable& table,
                                     DecodeScratch& scratch) {
  constexpr AdlAlertKeys keys{"symbol", "balance", "pnlRatio", "insurancePnlRatio", "adlStopRatio"};
  Reply reply{body, scratch};
  const dom::array list = reply.list("list");
  std::uint32_t foreign = 0;
  return answer(reply,
                AdlAlerts{read_adl_rows(list, "result.list", keys, table, reply.reading, scratch, foreign)});
}

Decoded<InsurancePage> decode_insurance(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  InsurancePage page;
  page.updated_at = reply.row().time_ms("updatedTime");
  reply.each("list", [&](const dom::object& object, std::size_t index) {
    Row row{object, "result.list", index, reply.reading};
    page.list.push_back({std::string{row.text("coin")}, string_of(row, "symbols"),
                         row.e8_truncated("balance"), row.number_or_zero("value")});
  });
  return answer(reply, std::move(page));
}

Decoded<RowPage<AccountRatioRow>> decode_account_ratio(std::string_view body, DecodeScratch& scratch) {
  return decode_page<AccountRatioRow>(body, scratch, [](Row& row) {
    return AccountRatioRow{symbol_of(row), row.e8("buyRatio"), row.e8("sellRatio"), row.time_ms("timestamp")};
  });
}

Decoded<std::vector<MaintenanceRow>> decode_system_status(std::string_view body, DecodeScratch& scratch) {
  return decode_rows<MaintenanceRow>(body, scratch, [](Row& row) {
    return MaintenanceRow{string_of(row, "id"), std::string{row.text("title")},
                          std::string{row.text("state")}, row.time_ms_or_zero("begin"),
                          row.time_ms_or_zero("end")};
  });
}

Decoded<PreCheck> decode_pre_check(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  Row row = reply.row();
  return answer(reply, PreCheck{row.integer("preImrE4"), row.integer("preMmrE4"), row.integer("postImrE4"),
                                row.integer("postMmrE4")});
}

Decoded<MarginRow> decode_add_margin(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  Row row = reply.row();
  return answer(reply, MarginRow{.symbol = symbol_of(row),
                                 .position_index = row.integer("positionIdx"),
                                 .size = row.e8("size"),
                                 .average_price = row.e8_or_zero("avgPrice"),
                                 .liquidation_price = row.e8_or_zero("liqPrice"),
                                 .initial_margin = row.e8_or_zero("positionIM"),
                                 .leverage = row.e8_or_zero("leverage"),
                                 .updated_at = row.time_ms_or_zero("updatedTime")});
}

Decoded<RowPage<ClosedPnlRow>> decode_closed_pnl(std::string_view body, DecodeScratch& scratch) {
  return decode_page<ClosedPnlRow>(body, scratch, [](Row& row) {
    return ClosedPnlRow{.symbol = symbol_of(row),
                        .order_id = row.inline_text<VenueId>("orderId", row.text("orderId")),
                        .side = row.word("side", side_words),
                        .size = row.e8("closedSize"),
                        .entry_price = row.e8_truncated("avgEntryPrice"),
                        .exit_price = row.e8_truncated("avgExitPrice"),
                        .profit = row.e8_truncated("closedPnl"),
                        .open_fee = row.e8_or_zero("openFee"),
                        .close_fee = row.e8_or_zero("closeFee"),
                        .leverage = row.e8_or_zero("leverage"),
                        .fills = row.optional_integer("fillCount").value_or(0),
                        .created_at = row.time_ms("createdTime"),
                        .updated_at = row.time_ms("updatedTime")};
  });
}

Decoded<RowPage<TransactionRow>> decode_transactions(std::string_view body, DecodeScratch& scratch) {
  return decode_page<TransactionRow>(body, scratch, [](Row& row) {
    TransactionRow out{.id = string_of(row, "id"),
                       .type = std::string{row.text("type")},
                       .symbol = row.inline_text<SymbolName>("symbol", row.text_or_empty("symbol")),
                       .category = string_of(row, "category"),
                       .currency = std::string{row.text("currency")}};
    out.side = value_of(side_words, row.text_or_empty("side"));
    out.quantity = row.e8_or_zero("qty");
    out.size = row.e8_or_zero("size");
    out.price = row.e8_or_zero("tradePrice");
    out.funding = row.e8_or_zero("funding");
    out.fee = row.e8_or_zero("fee");
    out.cash_flow = row.e8_or_zero("cashFlow");
    out.change = row.e8_truncated("change");
    out.balance = row.e8_or_zero("cashBalance");
    out.trade_id = row.inline_text<VenueId>("tradeId", row.text_or_empty("tradeId"));
    out.order_id = row.inline_text<VenueId>("orderId", row.text_or_empty("orderId"));
    out.client_id = row.inline_text<ClientOrderId>("orderLinkId", row.text_or_empty("orderLinkId"));
    out.at = row.time_ms("transactionTime");
    return out;
  });
}

Decoded<AccountInfo> decode_account_info(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  Row row = reply.row();
  return answer(
      reply,
      AccountInfo{
          .margin_mode = value_of(margin_mode_words, row.text("marginMode")).value_or(MarginMode::unknown),
          .unified_status = row.integer("unifiedMarginStatus"),
          .master_trader = row.boolean_or_false("isMasterTrader"),
          .updated_at = row.time_ms_or_zero("updatedTime")});
}

Decoded<std::vector<MarginModeReason>> decode_margin_mode_reasons(std::string_view body,
                                                                  DecodeScratch& scratch) {
  Reply reply{body, scratch};
  std::vector<MarginModeReason> reasons;
  dom::element list;
  if (reply.reading.ok() && reply.result["reasons"].get(list) != simdjson::NO_SUCH_FIELD) {
    reply.each("reasons", [&](const dom::object& object, std::size_t index) {
      Row row{object, "result.reasons", index, reply.reading};
      reasons.push_back({std::string{row.text("reasonCode")}, string_of(row, "reasonMsg")});
    });
  }
  return answer(reply, std::move(reasons));
}

Decoded<UserSettings> decode_user_settings(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  Row row = reply.row();
  return answer(reply, UserSettings{row.boolean("lpaPerp"), row.boolean_or_false("lpaSpot")});
}

Decoded<std::vector<DisconnectRow>> decode_disconnect_info(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  std::vector<DisconnectRow> out;
  reply.each("dcpInfos", [&](const dom::object& object, std::size_t index) {
    Row row{object, "result.dcpInfos", index, reply.reading};
    out.push_back(
        {std::string{row.text("product")}, row.text("dcpStatus") == "ON", row.integer("timeWindow")});
  });
  return answer(reply, std::move(out));
}

Decoded<std::int64_t> decode_smp_group(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  return answer(reply, reply.row().integer("smpGroup"));
}

bool KeyInfo::may(std::string_view family, std::string_view right) const {
  return std::ranges::any_of(permissions,
                             [&](const auto& p) { return p.first == family && p.second == right; });
}
bool KeyInfo::may_any(std::string_view family) const {
  return std::ranges::any_of(permissions, [&](const auto& p) { return p.first == family; });
}

Decoded<KeyInfo> decode_key_info(std::string_view body, DecodeScratch& scratch) {
  Reply reply{body, scratch};
  Row row = reply.row();
  KeyInfo out;
  out.id = string_of(row, "id");
  out.note = string_of(row, "note");
  out.read_only = row.integer("readOnly") != 0;
  out.deadline_days = row.optional_integer("deadlineDay").value_or(0);
  out.expires_at = string_of(row, "expiredAt");
  out.user_id = row.optional_integer("userID").value_or(0);
  out.unified = row.optional_integer("uta").value_or(0) != 0;
  out.master = row.boolean_or_false("isMaster");
  out.vip_level = string_of(row, "vipLevel");
  const auto each_text = [&](const dom::element& list, std::string_view place, auto&& take) {
    dom::array texts;
    if (const auto error = list.get_array().get(texts)) return reply.reading.fail(std::string{place}, error);
    for (const dom::element item : texts) {
      std::string_view text;
      if (const auto error = item.get_string().get(text))
        return reply.reading.fail(std::string{place}, error);
      take(text);
    }
  };
  if (reply.reading.ok()) {
    dom::element ips;
    if (!reply.result["ips"].get(ips) && !ips.is_null())
      each_text(ips, "result.ips", [&](std::string_view text) { out.addresses.emplace_back(text); });
  }
  const dom::object permissions = object_of(reply.result, "permissions", "result", reply.reading);
  if (reply.reading.ok()) {
    for (const dom::key_value_pair family : permissions) {
      each_text(family.value, fmt::format("result.permissions.{}", family.key),
                [&](std::string_view right) { out.permissions.emplace_back(family.key, right); });
    }
  }
  return answer(reply, std::move(out));
}

}  // namespace mlbot::venue::bybit
