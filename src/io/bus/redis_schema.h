// The name of the records' encoding in Redis: changed together with the format version of domain/record.cpp.
#pragma once

#include <string_view>

namespace mlbot::io::bus {
inline constexpr std::string_view record_schema = "mlbot.record.1";
}
