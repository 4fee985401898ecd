#include "shell/kill_file.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "io/files/temporary_folder.h"

namespace mlbot::shell {
namespace {

class AKillFile : public ::testing::Test {
 protected:
  void put(const std::string& text) const { std::ofstream{path, std::ios::binary} << text; }
  io::files::TemporaryFolder folder;
  std::string path = folder.path() + "/KILL";
  KillFile file{path};
};

TEST_F(AKillFile, SaysItsVerbOnceAndAgainWhenItChanges) {
  EXPECT_EQ(file.look(), std::nullopt);
  put("flatten  the venue looks odd\nmore lines");
  const auto wish = file.look();
  ASSERT_TRUE(wish);
  EXPECT_EQ(wish->verb, OperatorVerb::flatten);
  EXPECT_EQ(wish->from.view(), "file");
  EXPECT_EQ(wish->cause.view(), "the venue looks odd");
  EXPECT_EQ(file.look(), std::nullopt);
  put("kill");
  EXPECT_EQ(file.look()->verb, OperatorVerb::kill);
  std::filesystem::remove(path);
  EXPECT_EQ(file.look(), std::nullopt);
  put("pause");
  EXPECT_EQ(file.look()->verb, OperatorVerb::pause);
}

TEST_F(AKillFile, WhatCannotBeUnderstoodIsAKill) {
  for (const std::string text : {"", "\n", "resume", "unlock please", "loosen", "\xff\xfe"}) {
    put(text);
    EXPECT_EQ(file.standing()->verb, OperatorVerb::kill) << text;
  }
  put(std::string(9'000, 'x'));
  EXPECT_EQ(file.standing()->verb, OperatorVerb::kill) << "too long to be read";
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  EXPECT_EQ(file.standing()->verb, OperatorVerb::kill) << "it is there: that is enough";
}

TEST_F(AKillFile, EveryStoppingVerbGoesThereAndBackAndNoOther) {
  for (const std::string text : {"pause", "reduce", "cancel", "flatten", "kill", "disconnect"}) {
    const auto verb = stopping_verb(text);
    ASSERT_TRUE(verb) << text;
    EXPECT_EQ(file.write(*verb, std::string(300, 'c')), std::nullopt);
    EXPECT_EQ(file.standing()->verb, *verb);
    EXPECT_EQ(file.standing()->cause.view().size(), 120u);
  }
  for (const std::string text : {"resume", "unlock", "loosen", "PAUSE", ""})
    EXPECT_FALSE(stopping_verb(text));
}

}  // namespace
}  // namespace mlbot::shell
