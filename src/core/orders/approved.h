// A check leaves a mark: what the executor takes in was stamped by the RiskManager, and nobody else has the
// stamp.
#pragma once

#include <string>

#include "domain/decision.h"
#include "domain/risk_controls.h"

namespace mlbot::core {

class RiskManager;

template <class T>
class Approved {
 public:
  constexpr const T& operator*() const { return value_; }
  constexpr const T* operator->() const { return &value_; }

 private:
  friend class RiskManager;  // the only hand that can stamp it
  explicit constexpr Approved(const T& value) : value_{value} {}
  T value_;
};

/// A rule said no.
struct Refused {
  ReasonCode rule = ReasonCode::halted;
  double limit = 0;   ///< what the rule allows, in its unit
  double actual = 0;  ///< what the order would have made of it
  Control control = Control::trading_state;
  Unit unit = Unit::flag;
  bool operator==(const Refused&) const = default;
};

/// "K06 price_collar: limit 50 bps, actual 73 bps"; a flag says what must be and what is: "K02
/// symbol_disabled: must be yes, is no".
std::string to_text(const Refused& refused);

}  // namespace mlbot::core
