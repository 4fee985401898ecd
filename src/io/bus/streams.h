// The names of all streams, in one table. The braces are Redis Cluster's hash tag: what belongs to one symbol
// or one account lies on one node.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "domain/record.h"

namespace mlbot::io::bus {

enum class StreamKind : std::uint8_t {
  market,    ///< md.{SYMBOL}:   books, trades, klines, tickers, liquidations
  features,  ///< feat.{SYMBOL}: frames
  signals,   ///< sig.{ACCOUNT}: decisions
  orders,    ///< ord.{ACCOUNT}: news of orders, fills, positions, wallet; commands as news, after they were
             ///< sent
  control    ///< ctl:           runs, instruments, links, time, config, operator
};

/// @param key  symbol or account as the kind asks; not looked at for control
std::string stream_name(StreamKind kind, std::string_view key);

StreamKind stream_kind(const Record& record);

/// Finds the name for each record; learns symbols from InstrumentDefined and the account from RunStarted.
class StreamNames {
 public:
  /// Lives until the next call. "md.{?}" for a symbol that nothing defined.
  const std::string& of(const Record& record);

 private:
  struct Symbol {
    std::string market = stream_name(StreamKind::market, "?");
    std::string features = stream_name(StreamKind::features, "?");
  };
  Symbol& symbol(SymbolId id);

  std::vector<Symbol> symbols_;
  std::string signals_ = stream_name(StreamKind::signals, "?");
  std::string orders_ = stream_name(StreamKind::orders, "?");
  std::string control_ = stream_name(StreamKind::control, {});
};

}  // namespace mlbot::io::bus
