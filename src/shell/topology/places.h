// On which stream an event of the market goes when the stages are processes of their own.
#pragma once

#include "domain/record.h"

namespace mlbot::shell {

/// The symbol whose md stream has it; control_stream; no_stream for what is the trade stage's own business.
std::uint16_t place_of(const Event& event);

}  // namespace mlbot::shell
