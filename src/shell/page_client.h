// How a command asks a running bot: through its page, with the token that stands in the state directory.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "shell/state_directory.h"

namespace mlbot::shell {

struct PageError {
  std::string what;  ///< names the address and the remedy
  int status = 0;    ///< HTTP status; 0 when nobody answered
};

/// @param body  empty for GET, otherwise the JSON text of a POST.
Result<Json, PageError> ask_page(const StateDirectory& state, const std::string& path,
                                 const std::string& body = "");

}  // namespace mlbot::shell
