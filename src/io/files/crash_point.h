// Named points at which a test may kill this process: crash_point("journal.before_sync").
//
// CRASH_AT=site:n in the environment kills the process with SIGKILL when that site is passed for the n-th
// time (n from 1; without :n the first); CRASH_AT=*:n counts all sites together. Nothing is flushed, no
// destructor runs: what was written stays, what was not is gone. Compiled in always, because what is tested
// must be what runs; without the variable a site costs one load and a branch that is never taken.
// CRASH_LIST=path appends the name of every site passed to that file, so that a loop can find them all.
// Any thread may pass a site.
#pragma once

namespace mlbot::io::files {

namespace detail {
extern const bool crash_points_armed;
void pass_crash_point(const char* site);
}  // namespace detail

/// Dies here when the environment asks for it; otherwise nothing.
/// @param site  room.moment, a literal; the sites of a room are listed in its reference page
inline void crash_point(const char* site) {
  if (detail::crash_points_armed) [[unlikely]]
    detail::pass_crash_point(site);
}

}  // namespace mlbot::io::files
