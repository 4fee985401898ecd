#include "shell/void_views.h"

#include <algorithm>

#include "core/features/feature_hub.h"

namespace mlbot::shell {

std::vector<io::web::VoidView> void_views(const core::Core& core,
                                          const std::vector<Instrument>& instruments) {
  std::vector<io::web::VoidView> out;
  for (const auto& instrument : instruments) {
    const std::size_t own = out.size();
    for (const auto& row : core.void_rows(instrument.id)) {
      const auto same =
          std::find_if(out.begin() + static_cast<std::ptrdiff_t>(own), out.end(),
                       [&](const auto& view) { return view.cause == row.cause && view.until == row.until; });
      auto& view = same != out.end() ? *same
                                     : out.emplace_back(instrument.name.str(), row.cause, row.until,
                                                        std::vector<std::string>{});
      view.features.emplace_back(core::feature_catalogue()[row.id - 1u].name);
    }
  }
  return out;
}

}  // namespace mlbot::shell
