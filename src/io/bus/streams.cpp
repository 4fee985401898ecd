#include "io/bus/streams.h"

#include <fmt/format.h>

namespace mlbot::io::bus {

std::string stream_name(StreamKind kind, std::string_view key) {
  switch (kind) {
    case StreamKind::market:
      return fmt::format("md.{{{}}}", key);
    case StreamKind::features:
      return fmt::format("feat.{{{}}}", key);
    case StreamKind::signals:
      return fmt::format("sig.{{{}}}", key);
    case StreamKind::orders:
      return fmt::format("ord.{{{}}}", key);
    case StreamKind::control:
      return "ctl";
  }
  return {};
}

StreamKind stream_kind(const Record& record) {
  return std::visit(
      Overloaded{
          [](const Stamped& event) {
            return std::visit(
                []<class T>(const T&) {
                  if constexpr (std::is_same_v<T, BookUpdate> || std::is_same_v<T, Trades> ||
                                std::is_same_v<T, Kline> || std::is_same_v<T, Ticker> ||
                                std::is_same_v<T, Liquidations> || std::is_same_v<T, PriceLimit> ||
                                std::is_same_v<T, SymbolStatus>)
                    return StreamKind::market;
                  else if constexpr (std::is_same_v<T, OrderNews> || std::is_same_v<T, Execution> ||
                                     std::is_same_v<T, PositionNews> || std::is_same_v<T, WalletNews> ||
                                     std::is_same_v<T, RequestAnswer> || std::is_same_v<T, AccountSnapshot> ||
                                     std::is_same_v<T, FastExecution> || std::is_same_v<T, Transaction> ||
                                     std::is_same_v<T, AccountModes>)
                    return StreamKind::orders;
                  else
                    return StreamKind::control;
                },
                event.what);
          },
          [](const StampedCommand&) { return StreamKind::orders; },
          [](const Decision&) { return StreamKind::signals; },
          [](const FeatureFrame&) { return StreamKind::features; },
          [](const RouteChoice&) { return StreamKind::orders; },
          [](const FillQuality&) { return StreamKind::orders; },
          [](const StreamIndex&) { return StreamKind::control; }},
      record);
}

StreamNames::Symbol& StreamNames::symbol(SymbolId id) {
  if (id.index >= symbols_.size()) symbols_.resize(id.index + std::size_t{1});
  return symbols_[id.index];
}

const std::string& StreamNames::of(const Record& record) {
  if (const auto* event = std::get_if<Stamped>(&record)) {
    if (const auto* run = std::get_if<RunStarted>(&event->what)) {
      symbols_.clear();
      signals_ = stream_name(StreamKind::signals, run->account);
      orders_ = stream_name(StreamKind::orders, run->account);
    }
    if (const auto* defined = std::get_if<InstrumentDefined>(&event->what)) {
      const auto& instrument = defined->instrument;
      symbol(instrument.id) = {stream_name(StreamKind::market, instrument.name),
                               stream_name(StreamKind::features, instrument.name)};
    }
    if (const auto id = market_symbol(event->what)) return symbol(*id).market;
  }
  switch (stream_kind(record)) {
    case StreamKind::market:
      break;  // has a symbol, and was named above
    case StreamKind::features:
      return symbol(std::get<FeatureFrame>(record).symbol).features;
    case StreamKind::signals:
      return signals_;
    case StreamKind::orders:
      return orders_;
    case StreamKind::control:
      break;
  }
  return control_;
}

}  // namespace mlbot::io::bus
