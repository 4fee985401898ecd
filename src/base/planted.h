// Bugs on purpose, for a test of the tests: MLBOT_PLANTED(name) is true where a test build has switched that
// bug on, and the constant false in every other build, so that the program carries none of them.
//
//   if (MLBOT_PLANTED(forget_what_is_under_way)) return {};
//
// A build with MLBOT_PLANT_BUGS compiles the rooms in question once more for one test program
// (shell/simulate/ planted); the name of the bug that is on there is the thread's.
#pragma once

#ifdef MLBOT_PLANT_BUGS

#include <cstdint>
#include <string_view>

namespace mlbot {

constexpr std::uint64_t planted_id(std::string_view name) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}
/// 0: none.
inline thread_local std::uint64_t planted_bug = 0;

}  // namespace mlbot

#define MLBOT_PLANTED(name) (::mlbot::planted_bug == ::mlbot::planted_id(#name))

#else

#define MLBOT_PLANTED(name) false

#endif
