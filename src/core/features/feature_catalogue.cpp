// The catalogue: the rows of six engines by id, counted and hashed.
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

struct Entry {
  FeatureSpec spec;
  SlowRow slow = nullptr;
};

/// All rows, each at the place of its id; an id that is out of range or taken leaves a hole elsewhere.
template <class... Lists>
constexpr auto by_id(const Lists&... lists) {
  constexpr std::size_t count = (std::tuple_size_v<Lists> + ...);
  std::array<Entry, count> all{};
  const auto place = [&](const auto& row) {
    if (row.spec.id >= 1 && row.spec.id <= count) all[row.spec.id - 1u] = {row.spec, row.slow};
  };
  (std::apply([&](const auto&... row) { (place(row), ...); }, lists), ...);
  return all;
}

constexpr auto entries = by_id(price_rows, micro_liquidity_rows, volatility_momentum_rows, liquidation_rows,
                               time_context_rows, advanced_aggregator_rows);

template <class T, std::size_t Count>
constexpr auto each(const std::array<Entry, Count>& from, T Entry::* member) {
  std::array<T, Count> out{};
  for (std::size_t i = 0; i < Count; ++i) out[i] = from[i].*member;
  return out;
}
constexpr auto catalogue = each(entries, &Entry::spec);
constexpr auto slow_catalogue = each(entries, &Entry::slow);

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
