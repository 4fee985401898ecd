#include "io/files/crash_point.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

#include "io/files/files.h"
#include "io/files/temporary_folder.h"

namespace mlbot::io::files {
namespace {

/// The environment is read before main, so each story is a process of its own: this test program again.
int status_of(const std::string& environment) {
  const auto command =
      environment + " /proc/self/exe --gtest_filter=CrashPoint.SitesArePassed >/dev/null 2>&1";
  const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
  auto named = command;
  named.replace(named.find("/proc/self/exe"), std::string_view{"/proc/self/exe"}.size(), self);
  return std::system(("exec env " + named).c_str());
}

TEST(CrashPoint, SitesArePassed) {
  for (int round = 0; round < 3; ++round) {
    crash_point("test.first");
    crash_point("test.second");
  }
}

TEST(CrashPoint, WithoutAWishNothingHappens) { EXPECT_EQ(status_of("-u CRASH_AT"), 0); }

TEST(CrashPoint, TheNamedSiteKillsAtTheNamedPassing) {
  const auto killed = [](const std::string& wish) {
    const int status = status_of("CRASH_AT=" + wish);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  };
  EXPECT_TRUE(killed("test.first"));
  EXPECT_TRUE(killed("test.second:3"));
  EXPECT_FALSE(killed("test.second:4")) << "it is passed only three times";
  EXPECT_FALSE(killed("test.third:1")) << "no such site";
  EXPECT_TRUE(killed("*:6"));
  EXPECT_FALSE(killed("*:7"));
}

TEST(CrashPoint, AListNamesEverySitePassed) {
  const TemporaryFolder folder;
  const auto path = folder.path() + "/sites";
  EXPECT_EQ(status_of("CRASH_LIST=" + path), 0);
  const auto text = read_file(path);
  ASSERT_TRUE(text);
  EXPECT_TRUE(text->starts_with("test.first\ntest.second\n")) << *text;
}

}  // namespace
}  // namespace mlbot::io::files
