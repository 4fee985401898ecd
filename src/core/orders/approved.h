// A check leaves a mark: what the executor takes in was stamped by the RiskManager, and nobody else has the
// stamp.
#pragma once

#include <utility>

#include "domain/decision.h"

namespace mlbot::core {

class RiskManager;

template <class T>
class Approved {
 public:
  constexpr const T& operator*() const { return value_; }
  constexpr const T* operator->() const { return &value_; }

 private:
  friend class RiskManager;  // the only hand that can stamp it
  explicit constexpr Approved(T value) : value_{std::move(value)} {}
  T value_;
};

/// A rule said no.
struct Refused {
  ReasonCode rule = ReasonCode::halted;
  double limit = 0;   ///< what the rule allows, in the rule's own unit
  double actual = 0;  ///< what the order would have made of it
  bool operator==(const Refused&) const = default;
};

}  // namespace mlbot::core
