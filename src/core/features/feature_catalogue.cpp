// The catalogue: six lists in order, counted and hashed.
#include <array>
#include <string>

#include "base/bytes.h"
#include "base/digest.h"
#include "core/features/advanced_aggregator_rows.h"
#include "core/features/liquidation_rows.h"
#include "core/features/micro_liquidity_rows.h"
#include "core/features/price_rows.h"
#include "core/features/time_context_rows.h"
#include "core/features/volatility_momentum_rows.h"

namespace mlbot::core {
namespace {

template <class T, std::size_t... Counts>
constexpr auto joined(const std::array<T, Counts>&... lists) {
  std::array<T, (Counts + ...)> all{};
  std::size_t next = 0;
  const auto append = [&](const auto& list) {
    for (const T& item : list) all[next++] = item;
  };
  (append(lists), ...);
  return all;
}

constexpr auto catalogue =
    joined(specs_of(price_rows), specs_of(micro_liquidity_rows), specs_of(volatility_momentum_rows),
           specs_of(liquidation_rows), specs_of(time_context_rows), specs_of(advanced_aggregator_rows));

constexpr auto slow_catalogue = joined(
    slow_rows_of(price_rows), slow_rows_of(micro_liquidity_rows), slow_rows_of(volatility_momentum_rows),
    slow_rows_of(liquidation_rows), slow_rows_of(time_context_rows), slow_rows_of(advanced_aggregator_rows));

constexpr bool ids_run_from_one() {
  for (std::size_t i = 0; i < catalogue.size(); ++i)
    if (catalogue[i].id != i + 1) return false;
  return true;
}
constexpr bool names_are_distinct() {
  for (std::size_t i = 0; i < catalogue.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (catalogue[i].name == catalogue[j].name) return false;
  return true;
}
static_assert(catalogue.size() == feature_count);
static_assert(slow_catalogue.size() == feature_count);
static_assert(ids_run_from_one());
static_assert(names_are_distinct());

std::uint64_t hash_of_declarations() {
  std::string text;
  ByteWriter out{text};
  for (const FeatureSpec& spec : catalogue) {
    out.varint(spec.id);
    out.u8(static_cast<std::uint8_t>(spec.engine));
    out.u8(static_cast<std::uint8_t>(spec.lookahead));
    for (const auto words : {spec.name, spec.unit, spec.window, spec.definition, spec.undefined, spec.mirror})
      out.text(words);
    out.number(spec.clamp_low);
    out.number(spec.clamp_high);
    out.varint(spec.triggers);
  }
  const Sha256 digest = sha256(text);
  std::uint64_t head = 0;
  for (std::size_t i = 0; i < 8; ++i) head = head << 8 | digest[i];
  return head;
}

}  // namespace

std::string_view to_string(Engine engine) {
  switch (engine) {
    case Engine::price:
      return "price";
    case Engine::micro_liquidity:
      return "micro_liquidity";
    case Engine::volatility_momentum:
      return "volatility_momentum";
    case Engine::liquidation:
      return "liquidation";
    case Engine::time_context:
      return "time_context";
    case Engine::advanced_aggregator:
      return "advanced_aggregator";
  }
  return "unknown";
}

std::string to_text(Triggers triggers) {
  constexpr std::string_view names[] = {"book", "trade",  "ticker", "liquidation", "candle",
                                        "cell", "second", "clock",  "leader"};
  std::string text;
  for (std::size_t bit = 0; bit < std::size(names); ++bit)
    if (triggers >> bit & 1) text += (text.empty() ? "" : ", ") + std::string{names[bit]};
  return text;
}

std::span<const FeatureSpec> feature_catalogue() { return catalogue; }

std::span<const SlowRow> slow_rows() { return slow_catalogue; }

std::uint64_t feature_schema_hash() {
  static const std::uint64_t hash = hash_of_declarations();
  return hash;
}

std::optional<std::size_t> feature_index(std::string_view name) {
  for (const FeatureSpec& spec : catalogue)
    if (spec.name == name) return spec.id - 1u;
  return std::nullopt;
}

}  // namespace mlbot::core
