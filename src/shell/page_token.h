// The secret that lets a browser or a command talk to the page: made once, kept by its owner alone.
#pragma once

#include <string>

#include "base/result.h"
#include "shell/state_directory.h"
#include "shell/trading_venue.h"

namespace mlbot::shell {

/// The state directory's token; made when there is none. @error data
Result<std::string, StartError> page_token(const StateDirectory& state);

}  // namespace mlbot::shell
