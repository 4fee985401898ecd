#include "lab/mirror.h"

#include <fmt/format.h>

#include <charconv>

namespace mlbot::lab {

Result<std::vector<MirrorRule>, std::string> mirror_rules(std::span<const std::string_view> codes) {
  std::vector<MirrorRule> rules;
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const auto code = codes[i];
    const auto self = static_cast<std::uint16_t>(i);
    if (code == "E" || code == "O") {
      rules.push_back({self, code == "E" ? 1.0F : -1.0F});
      continue;
    }
    unsigned id = 0;
    const bool shaped =
        code.size() >= 4 && (code[0] == 'P' || code[0] == 'N') && code[1] == '(' && code.back() == ')';
    const auto* end = code.data() + code.size() - 1;
    if (!shaped || std::from_chars(code.data() + 2, end, id).ptr != end || id < 1 || id > codes.size())
      return std::unexpected{
          fmt::format("row {}: mirror code {} is none of E, O, P(id), N(id)", i + 1, code)};
    rules.push_back({static_cast<std::uint16_t>(id - 1), code[0] == 'P' ? 1.0F : -1.0F});
  }
  for (std::size_t i = 0; i < rules.size(); ++i) {
    const auto& back = rules[rules[i].from];
    if (back.from != i || back.sign != rules[i].sign)
      return std::unexpected{fmt::format("row {}: its mirror is row {}, whose mirror is not row {} again",
                                         i + 1, rules[i].from + 1, i + 1)};
  }
  return rules;
}

void mirror(std::span<const MirrorRule> rules, std::span<const float> row, std::span<float> out) {
  for (std::size_t i = 0; i < rules.size(); ++i) out[i] = rules[i].sign * row[rules[i].from];
}

}  // namespace mlbot::lab
