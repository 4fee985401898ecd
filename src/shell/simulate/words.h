// Inputs and commands of the core in a line of words, for whoever reads why a world failed.
#pragma once

#include <string>

#include "domain/record.h"

namespace mlbot::shell::simulate {

std::string in_words(const Stamped& event);
std::string in_words(const Command& command);

}  // namespace mlbot::shell::simulate
