#include "core/features/feature_catalogue_markdown.h"

#include <fmt/format.h>

#include <iterator>

#include "core/features/feature_hub.h"

namespace mlbot::core {
namespace {

std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

}  // namespace

std::string feature_catalogue_markdown() {
  std::string page = fmt::format(
      "# The {} features\n\nPrinted from the declarations in src/core/features. Schema hash `{:016x}`.\n\n"
      "Lookahead: A messages up to t, B sealed seconds or confirmed candles, C an outcome window that has "
      "passed, D "
      "calendar.\nMirror: O changes sign, E stays, P(j) takes row j, N(j) takes minus row j.\n",
      feature_catalogue().size(), feature_schema_hash());
  auto out = std::back_inserter(page);
  const FeatureSpec* before = nullptr;
  for (const FeatureSpec& spec : feature_catalogue()) {
    if (!before || before->engine != spec.engine)
      fmt::format_to(
          out,
          "\n## {}\n\n| id | name | unit | definition | window | undefined | clamp | lookahead | mirror | "
          "changed by | source |\n|---:|---|---|---|---|---|---|---|---|---|---|\n",
          to_string(spec.engine));
    fmt::format_to(out, "| {} | `{}` | {} | {} | {} | {} | {} .. {} | {} | {} | {} | {} |\n", spec.id,
                   spec.name, cell(spec.unit), cell(spec.definition), cell(spec.window), cell(spec.undefined),
                   spec.clamp_low, spec.clamp_high, spec.lookahead, cell(spec.mirror), to_text(spec.triggers),
                   cell(spec.source));
    before = &spec;
  }
  return page;
}

}  // namespace mlbot::core
