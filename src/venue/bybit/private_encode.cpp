#include "venue/bybit/private_encode.h"

#include <fmt/format.h>

#include "venue/bybit/account_text.h"
#include "venue/bybit/json_text.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {
namespace {

template <class Row, class Write>
void frame_of(const PrivateFrame& frame, std::span<const Row> rows, std::string& out, Write&& write) {
  fmt::format_to(std::back_inserter(out), R"({{"topic":{},"id":{},"creationTime":{},"data":[)",
                 json_quoted(frame.topic), json_quoted(frame.id), frame.created_at.ms());
  for (const Row& row : rows) {
    if (&row != rows.data()) out += ',';
    out += write(row);
  }
  out += "]}";
}

}  // namespace

void encode_orders(const PrivateFrame& frame, std::span<const OrderRow> rows, const InstrumentTable& table,
                   std::string& out) {
  frame_of(frame, rows, out,
           [&](const OrderRow& row) { return order_text(row, table[row.news.symbol], RowHome::stream); });
}
void encode_executions(const PrivateFrame& frame, std::span<const ExecutionRow> rows,
                       const InstrumentTable& table, std::string& out) {
  frame_of(frame, rows, out, [&](const ExecutionRow& row) {
    return execution_text(row, table[row.news.symbol], RowHome::stream);
  });
}
void encode_fast_executions(const PrivateFrame& frame, std::span<const FastExecution> rows,
                            const InstrumentTable& table, std::string& out) {
  fmt::format_to(std::back_inserter(out), R"({{"topic":{},"creationTime":{},"data":[)",
                 json_quoted(frame.topic), frame.created_at.ms());
  for (const FastExecution& row : rows) {
    if (&row != rows.data()) out += ',';
    const Instrument& instrument = table[row.symbol];
    out += to_json_text(Json{{"category", category_linear},
                             {"symbol", instrument.name.view()},
                             {"execId", row.execution_id.view()},
                             {"execPrice", to_text(row.price)},
                             {"execQty", instrument.size_text(row.size)},
                             {"orderId", row.venue_id.view()},
                             {"isMaker", row.liquidity == Liquidity::maker},
                             {"orderLinkId", row.client_id.view()},
                             {"side", word_of(side_words, row.side)},
                             {"execTime", std::to_string(row.at.ms())},
                             {"seq", row.cross_sequence}});
  }
  out += "]}";
}
void encode_positions(const PrivateFrame& frame, std::span<const PositionRow> rows,
                      const InstrumentTable& table, std::string& out) {
  frame_of(frame, rows, out, [&](const PositionRow& row) {
    return position_text(row, table[row.news.symbol], RowHome::stream);
  });
}
void encode_wallet(const PrivateFrame& frame, const WalletRow& row, std::string& out) {
  frame_of(frame, std::span{&row, 1}, out, [](const WalletRow& wallet) { return wallet_text(wallet); });
}

}  // namespace mlbot::venue::bybit
