// The units under packaging/systemd say what they must, and systemd agrees where it is installed.
#include <gtest/gtest.h>

#include <filesystem>

#include "integration/process.h"

namespace mlbot {
namespace {

namespace filesystem = std::filesystem;
using testing_support::Process;
using testing_support::TemporaryDirectory;
using testing_support::text_of;

const filesystem::path units = MLBOT_SOURCE_DIR "/packaging/systemd";

bool says(const std::string& unit, const std::string& line) {
  return unit.find("\n" + line + "\n") != std::string::npos;
}

TEST(Units, EachServiceIsHardenedAndComesBack) {
  int services = 0;
  for (const auto& entry : filesystem::directory_iterator{units}) {
    if (entry.path().extension() != ".service") continue;
    ++services;
    const auto unit = text_of(entry.path());
    for (const char* line :
         {"Type=exec", "DynamicUser=yes", "Restart=always", "RestartPreventExitStatus=2 78",
          "StartLimitIntervalSec=0", "NoNewPrivileges=yes", "CapabilityBoundingSet=", "ProtectSystem=strict",
          "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes", "MemoryDenyWriteExecute=yes",
          "SystemCallFilter=@system-service", "SystemCallArchitectures=native", "RestrictNamespaces=yes",
          "StateDirectoryMode=0700", "UMask=0077", "TasksMax=64", "PartOf=mlbot.target"})
      EXPECT_TRUE(says(unit, line)) << entry.path() << " lacks " << line;
    EXPECT_NE(unit.find("RestrictAddressFamilies="), std::string::npos) << entry.path();
    EXPECT_NE(unit.find("MemoryMax="), std::string::npos) << entry.path();
    EXPECT_EQ(unit.find("Environment=MLBOT__EXCHANGE"), std::string::npos) << "no secret in an environment";
  }
  EXPECT_EQ(services, 5);
  const auto trade = text_of(units / "mlbot-trade@.service");
  EXPECT_NE(trade.find("LoadCredential=key:"), std::string::npos);
}

TEST(Units, SystemdTakesThemAndFindsThemLittleExposed) {
  TemporaryDirectory directory;
  for (const auto& entry : filesystem::directory_iterator{units}) {
    auto text = text_of(entry.path());
    // Verifying looks for the program too.
    for (auto at = text.find("/usr/bin/mlbot"); at != text.npos; at = text.find("/usr/bin/mlbot"))
      text.replace(at, std::string{"/usr/bin/mlbot"}.size(), "/bin/true");
    std::ofstream{directory / entry.path().filename().string()} << text;
  }
  for (const char* unit : {"mlbot-ingest.service", "mlbot-features@0-2.service", "mlbot-trade@main.service",
                           "mlbot-archive.service", "mlbot-guard@main.service"}) {
    Process verify{directory,
                   {"verify", "--man=no", directory / unit},
                   {.program = "systemd-analyze", .name = "verify"}};
    const auto verified = verify.wait();
    if (verified.exit_code == 127) GTEST_SKIP() << "no systemd-analyze on this machine";
    EXPECT_EQ(verified.exit_code, 0) << verified.out << verified.err;
    EXPECT_EQ(verified.err.find("ignoring"), std::string::npos) << verified.err;
  }
  for (const char* unit :
       {"mlbot-ingest.service", "mlbot-features@.service", "mlbot-trade@.service", "mlbot-archive.service"}) {
    Process security{directory,
                     {"security", "--offline=yes", "--threshold=15", "--no-pager", directory / unit},
                     {.program = "systemd-analyze", .name = "security"}};
    const auto judged = security.wait();
    EXPECT_EQ(judged.exit_code, 0) << unit << " is exposed more than 1.5:\n" << judged.out << judged.err;
  }
}

}  // namespace
}  // namespace mlbot
