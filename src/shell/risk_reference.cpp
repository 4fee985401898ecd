#include "shell/risk_reference.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include "shell/time_text.h"

namespace mlbot::shell {

std::optional<std::string> last_fired(const std::string& evidence, Control control) {
  struct ::stat note{};
  if (::stat((evidence + "/" + control_label(control)).c_str(), &note) != 0) return std::nullopt;
  return to_rfc3339(Instant::from_seconds(note.st_mtime));
}

std::string firing_test(const RiskControl& control) {
  return fmt::format("mlbot_core_orders.Every/ControlFires.AndSaysRuleLimitAndActual/{}_{}",
                     control_label(control.control), control.name);
}

std::string with_unit(double value, Unit unit) {
  if (unit == Unit::flag) return value != 0 ? "yes" : "no";
  const std::string_view word = to_string(unit);
  return fmt::format("{}{}{}", value, word.empty() ? "" : " ", word);
}

std::string risk_controls_markdown(const std::string& evidence) {
  std::string out = R"(# Risk controls

Printed from the declarations in `src/domain/risk_controls.cpp` by `make docs`; do not edit. One gate asks all of them, and
nothing passes by it: an order leaves only as `Approved<PlaceOrder>`, which only `RiskManager` can make. A refusal names
control, reason, limit and what was found: `K06 price_collar: limit 50 bps, actual 73 bps`.

**hard**: the order is refused. **soft**: refused for a while, made smaller, or warned about. **latch**: trading is reduced or
halted until a person resumes it. A cancel is never held back; stops that protect are by K13 alone; orders that only shrink a position pass
the controls of sizes, prices and rates (K03, K04, K06, K08, K12, K13, K16), not those against getting in.

Last fired: when the named test last made the control fire, on the machine that printed this page. A control that no test fires
fails `make test`.

| control | name | kind | what must hold | when broken | looks at | first reason | after | last fired |
|---|---|---|---|---|---|---|---|---|
)";
  for (const RiskControl& c : risk_controls)
    out += fmt::format("| {} | `{}` | {} | {} | {} | {} | `{}` | {} | {} |\n", control_label(c.control),
                       c.name, to_string(c.kind), c.rule, c.when_broken, c.looks_at, to_string(c.reason),
                       c.source, last_fired(evidence, c.control).value_or("never"));
  out += fmt::format(R"(
Each is fired by the test of its name: `ctest -R ControlFires`, for example
`{}`.

## Limits

Keys of section `[risk]`. A limit moves between its two ends; the loose end is an absolute ceiling compiled in, and no configuration
goes beyond it. Towards the tight end it acts at once, towards the loose end only after `mlbot risk loosen` (docs/how-to/set-limits.md).

| key | control | default | tightest | ceiling | meaning |
|---|---|---:|---:|---:|---|
)",
                     firing_test(declaration(Control::price_collar)));
  for (const RiskLimit& limit : risk_limits()) {
    const bool lower = limit.tighter == Tighter::lower;
    const auto text = [&](double value) { return with_unit(value, limit.unit); };
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", limit.key, control_label(limit.control),
                       text(limit.of(RiskLimits{})), text(lower ? limit.lowest : limit.highest),
                       text(lower ? limit.highest : limit.lowest), limit.meaning);
  }
  out.pop_back();  // the console ends the line
  return out;
}

}  // namespace mlbot::shell
