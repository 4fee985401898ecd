// The risk controls as a page: what docs/reference/risk-controls.md is printed from.
#pragma once

#include <optional>
#include <string>

#include "domain/risk_controls.h"

namespace mlbot::shell {

/// When a test last made the control fire, by the note that it left; RFC 3339. Nothing without a note.
std::optional<std::string> last_fired(const std::string& evidence, Control control);
/// The test that fires it, as ctest names it.
std::string firing_test(const RiskControl& control);
/// "50 bps".
std::string with_unit(double value, Unit unit);
/// A table of the controls and one of their limits.
std::string risk_controls_markdown(const std::string& evidence);

}  // namespace mlbot::shell
