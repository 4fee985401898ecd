// JSON where speed does not matter: REST bodies, the page, reports, command output. Hot messages are read by
// venue/.
#pragma once

#include <nlohmann/json.hpp>

namespace mlbot {
using Json = nlohmann::ordered_json;  // keys stay in the order written, so output is stable
}
