#include "shell/model_trust.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "io/files/temporary_folder.h"

namespace mlbot::shell {
namespace {

namespace fs = std::filesystem;
using models::BundleFault;

const std::string hash(64, 'a'), other_hash(64, 'b');

struct ModelTrust : testing::Test {
  io::files::TemporaryFolder home;
  std::string here = home.path() + "/here/models", elsewhere = home.path() + "/elsewhere/models";
};

TEST_F(ModelTrust, WhatWasTrainedHereIsTradedAndNothingElse) {
  ASSERT_TRUE(sign_model(here, hash));
  EXPECT_TRUE(check_signature(here, hash));
  const auto unknown = check_signature(here, other_hash);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().fault, BundleFault::unsigned_bundle);
  EXPECT_NE(unknown.error().what.find("mlbot model sign bbbbbbbbbbbb"), std::string::npos)
      << unknown.error().what;
  fs::copy_file(here + "/signatures/" + hash, here + "/signatures/" + other_hash);
  EXPECT_FALSE(check_signature(here, other_hash)) << "a signature is of one model";
}

TEST_F(ModelTrust, AModelOfAnotherMachineNeedsAWord) {
  ASSERT_TRUE(sign_model(elsewhere, hash));
  fs::create_directories(home.path() + "/here");
  fs::copy(elsewhere, here, fs::copy_options::recursive);
  EXPECT_FALSE(check_signature(here, hash)) << "no key is trusted yet";
  ASSERT_TRUE(sign_model(here, other_hash));
  EXPECT_FALSE(check_signature(here, hash)) << "signed by a stranger";
  ASSERT_TRUE(sign_model(here, hash));
  EXPECT_TRUE(check_signature(here, hash));
}

TEST_F(ModelTrust, ATrustedKeyOfAnotherMachineIsAWordToo) {
  ASSERT_TRUE(sign_model(elsewhere, hash));
  ASSERT_TRUE(sign_model(here, other_hash));
  fs::copy(elsewhere, here, fs::copy_options::recursive);
  const auto ours = io::files::read_file(home.path() + "/here/model_keys.trusted");
  const auto theirs = io::files::read_file(home.path() + "/elsewhere/model_keys.trusted");
  ASSERT_TRUE(io::files::write_file_atomically(home.path() + "/here/model_keys.trusted", *ours + *theirs));
  EXPECT_TRUE(check_signature(here, hash));
  EXPECT_TRUE(check_signature(here, other_hash));
}

TEST_F(ModelTrust, TheSecretIsTheOwnersAlone) {
  ASSERT_TRUE(sign_model(here, hash));
  EXPECT_EQ(fs::status(home.path() + "/here/model_signing.key").permissions(),
            fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(ModelTrust, ADamagedKeyOrSignatureIsNamed) {
  ASSERT_TRUE(sign_model(here, hash));
  ASSERT_TRUE(io::files::write_file_atomically(here + "/signatures/" + hash, "12 34"));
  const auto refused = check_signature(here, hash);
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().what.find("signatures/" + hash), std::string::npos) << refused.error().what;
  ASSERT_TRUE(io::files::write_file_atomically(home.path() + "/here/model_signing.key", "?"));
  const auto failed = sign_model(here, hash);
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().what.find("model_signing.key"), std::string::npos) << failed.error().what;
}

}  // namespace
}  // namespace mlbot::shell
