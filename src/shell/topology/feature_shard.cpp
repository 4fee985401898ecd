#include "shell/topology/feature_shard.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t book_depth = 200;  // as core::CoreSetup has it

bool leads(const Instrument& instrument) {
  return instrument.name.view() == "BTCUSDT" || instrument.name.view() == "ETHUSDT";
}

}  // namespace

FeatureShard::FeatureShard(Shard shard, const std::vector<Instrument>& all)
    : shard_{shard}, all_{all}, stage_{std::make_unique<core::MarketStage>(book_depth)} {
  local_.assign(all.size(), unknown);
  for (const Instrument& instrument : all) {
    if (!shard.owns(instrument.id) && !leads(instrument)) continue;
    local_[instrument.id.index] = static_cast<std::uint16_t>(instruments_.size());
    market_.push_back(instrument.id);
    instruments_.push_back(instrument);
    instruments_.back().id = {local_[instrument.id.index]};
  }
}

bool FeatureShard::wants(std::uint16_t place) const {
  if (place == StreamPlace::control_stream) return true;
  return place < local_.size() && local_[place] != unknown;
}

Result<void, TopologyError> FeatureShard::step(const Stamped& event, std::vector<FeatureFrame>& frames) {
  Stamped mine = event;
  if (const auto* defined = std::get_if<InstrumentDefined>(&event.what)) {
    const SymbolId id = defined->instrument.id;
    if (id.index >= all_.size() || all_[id.index].name != defined->instrument.name)
      return std::unexpected{TopologyError{fmt::format(
          "{} is symbol {} of the new run, this shard was made for another list: it must start again",
          defined->instrument.name.view(), id.index)}};
    if (local_[id.index] == unknown) return {};
    std::get<InstrumentDefined>(mine.what).instrument.id = {local_[id.index]};
  } else if (const auto symbol = market_symbol(event.what)) {
    if (!wants(symbol->index)) return {};
    std::visit(
        [&]<class T>(T& what) {
          if constexpr (requires { what.symbol; }) what.symbol = {local_[symbol->index]};
        },
        mine.what);
  }
  if (std::holds_alternative<RunStarted>(mine.what)) stage_->start(mine.at);
  out_.clear();
  stage_->step(mine, out_);
  for (FeatureFrame& frame : out_.frames) {
    frame.symbol = market_[frame.symbol.index];
    if (!shard_.owns(frame.symbol)) continue;
    frame.digest = frame_digest(core::feature_schema_hash(), frame);
    frames.push_back(frame);
  }
  return {};
}

std::string FeatureShard::snapshot(Sequence after) const {
  std::string bytes;
  ByteWriter out{bytes};
  out.varint(after.number);
  bytes += stage_->snapshot();
  return bytes;
}

Result<Sequence, TopologyError> FeatureShard::resume(std::string_view snapshot) {
  ByteReader in{snapshot};
  const Sequence after{in.varint()};
  if (!in.ok()) return std::unexpected{TopologyError{"the snapshot is cut short"}};
  for (const Instrument& instrument : instruments_) stage_->define(instrument);
  if (const auto resumed = stage_->resume(snapshot.substr(in.position())); !resumed)
    return std::unexpected{TopologyError{resumed.error().what}};
  return after;
}

}  // namespace mlbot::shell
