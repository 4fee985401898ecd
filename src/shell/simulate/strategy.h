// What decides in a world: the real trees on a fifth of the seeds, an adversary on the rest.
//
// The adversary is a model bundle like any other whose only head predicts a constant, and that constant is
// set anew before each input: random, extreme, flipping, not a number. Nothing of the core is replaced.
#pragma once

#include <optional>
#include <string_view>

#include "core/models/bundle.h"
#include "shell/simulate/chance.h"

namespace mlbot::shell::simulate {

class Strategy {
 public:
  enum class Kind : std::uint8_t { trees, random, flipping, constant, extreme, undefined, mixed };
  /// @param schema_hash  of the features that the core makes. @param kind  instead of what the seed draws.
  Strategy(std::uint64_t seed, std::uint64_t schema_hash, std::optional<Kind> kind = std::nullopt);

  Kind kind() const { return kind_; }
  std::string_view name() const;
  /// Lives as long as this; its address does not change.
  const models::Bundle& bundle() const { return bundle_; }
  /// Before each input of the core. @param second  of its time: predictions change with it.
  void prepare(std::int64_t second);

 private:
  double prediction(Kind kind, std::int64_t second) const;

  std::uint64_t seed_;
  Kind kind_ = Kind::random;
  double scale_bps_ = 20;
  std::int64_t second_ = -1;
  models::Bundle bundle_;
};

}  // namespace mlbot::shell::simulate
