#include "shell/service/key_file.h"

#include <gtest/gtest.h>

#include <fstream>

#include <unistd.h>

namespace mlbot::shell {
namespace {

namespace filesystem = std::filesystem;

constexpr const char* canary = "CANARY-7f3a-secret";

struct KeyFile {
  explicit KeyFile(const std::string& text,
                   filesystem::perms perms = filesystem::perms::owner_read | filesystem::perms::owner_write) {
    std::ofstream{path} << text;
    filesystem::permissions(path, perms);
  }
  ~KeyFile() {
    std::error_code ignored;
    filesystem::remove(path, ignored);
  }
  std::string error(const std::string& environment = "testnet") const {
    const auto loaded = load_key_file(path, environment);
    EXPECT_FALSE(loaded);
    const std::string what = loaded ? "" : loaded.error().what;
    EXPECT_EQ(what.find("CANARY"), std::string::npos) << what;
    EXPECT_NE(what.find(path.string()), std::string::npos) << what;
    return what;
  }
  filesystem::path path =
      filesystem::temp_directory_path() / ("mlbot_key_file_test_" + std::to_string(::getpid()) + ".toml");
};

std::string whole(const std::string& environment = "testnet") {
  return "# made on Tuesday\nenvironment = \"" + environment + "\"\nkey = \"CANARY-key\"\nsecret = \"" +
         canary + "\"\n";
}

TEST(KeyFile, IsReadByItsOwnerForItsEnvironment) {
  const KeyFile file{whole()};
  const auto loaded = load_key_file(file.path, "testnet");
  ASSERT_TRUE(loaded) << loaded.error().what;
  EXPECT_EQ(loaded->key, "CANARY-key");
  EXPECT_EQ(loaded->secret, canary);
  EXPECT_EQ(loaded->environment, "testnet");
}

TEST(KeyFile, OfAnotherEnvironmentStartsNothing) {
  const KeyFile file{whole("mainnet")};
  EXPECT_NE(file.error("testnet").find("it is for mainnet, the run is for testnet"), std::string::npos);
}

TEST(KeyFile, ThatOthersMayReadIsRefusedWithTheRemedy) {
  for (const auto more : {filesystem::perms::group_read, filesystem::perms::others_read,
                          filesystem::perms::group_write, filesystem::perms::owner_exec}) {
    const KeyFile file{whole(), filesystem::perms::owner_read | filesystem::perms::owner_write | more};
    EXPECT_NE(file.error().find("chmod 600"), std::string::npos);
  }
  const KeyFile read_only{whole(), filesystem::perms::owner_read};
  EXPECT_TRUE(load_key_file(read_only.path, "testnet"));
}

TEST(KeyFile, ThatIsDamagedNeverShowsWhatItHolds) {
  for (const std::string& text : {std::string{"secret = \""} + canary, std::string{canary},
                                  std::string{"key = \"CANARY\"\nkey = \"CANARY\"\n"},
                                  std::string{"environment = \"testnet\"\nkey = \"CANARY\"\n"},
                                  std::string{"environment = \"testnet\"\nkey = 12\nsecret=\"CANARY\"\n"},
                                  whole() + "other = \"CANARY\"\n", std::string{}}) {
    const KeyFile file{text};
    file.error();
  }
  EXPECT_NE(load_key_file("/nonexistent/key.toml", "testnet").error().what.find("it is not there"),
            std::string::npos);
}

}  // namespace
}  // namespace mlbot::shell
