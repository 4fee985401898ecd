#include "io/net/local_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace mlbot::io::net {
namespace {

class LocalSockets : public ::testing::Test {
 protected:
  LocalSockets() {
    std::string pattern = (std::filesystem::temp_directory_path() / "mlbot-test-XXXXXX").string();
    folder = ::mkdtemp(pattern.data());
    path = folder + "/s.sock";
  }
  ~LocalSockets() override { std::filesystem::remove_all(folder); }
  std::string folder, path;
};

TEST_F(LocalSockets, MessagesKeepTheirBordersInBothDirections) {
  const auto listener = LocalListener::open(path).value();
  auto bot = LocalSocket::connect(path).value();
  EXPECT_TRUE(bot.send("one"));
  EXPECT_TRUE(bot.send("two"));
  listener->accept();
  ASSERT_EQ(listener->peers().size(), 1u);
  auto& peer = listener->peers()[0];
  EXPECT_EQ(peer.receive(), "one");
  EXPECT_EQ(peer.receive(), "two");
  EXPECT_EQ(peer.receive(), std::nullopt);
  EXPECT_TRUE(peer.send("three"));
  EXPECT_EQ(bot.receive(), "three");
  EXPECT_FALSE(bot.send(std::string(local_message_bytes_max + 1, 'x'))) << "a message has a limit";
}

TEST_F(LocalSockets, WhoIsGoneIsNoticedOnBothEnds) {
  auto listener = LocalListener::open(path).value();
  {
    const auto leaves = LocalSocket::connect(path).value();
    listener->accept();
  }
  EXPECT_EQ(listener->peers()[0].receive(), std::nullopt);
  EXPECT_TRUE(listener->peers()[0].closed());
  auto bot = LocalSocket::connect(path).value();
  listener->accept();
  EXPECT_EQ(listener->peers().size(), 1u) << "the other one is forgotten";
  listener.reset();
  EXPECT_EQ(bot.receive(), std::nullopt);
  EXPECT_TRUE(bot.closed());
  EXPECT_FALSE(bot.send("hello?"));
  EXPECT_EQ(LocalSocket::connect(path).error().fault, NetFault::refused);
}

TEST_F(LocalSockets, LastWordsAreHeardAlsoOfOneWhoDidNotListen) {
  const auto listener = LocalListener::open(path).value();
  {
    auto leaves = LocalSocket::connect(path).value();
    listener->accept();
    EXPECT_TRUE(listener->peers()[0].send("unread"));
    EXPECT_TRUE(leaves.send("goodbye"));
  }
  auto& peer = listener->peers()[0];
  EXPECT_FALSE(peer.send("are you there?"));
  EXPECT_EQ(peer.receive(), "goodbye");
  EXPECT_EQ(peer.receive(), std::nullopt);
  EXPECT_TRUE(peer.closed());
}

TEST_F(LocalSockets, AReaderThatSleepsDoesNotHoldTheSender) {
  const auto listener = LocalListener::open(path).value();
  auto bot = LocalSocket::connect(path).value();
  int taken = 0;
  while (taken < 1'000'000 && bot.send(std::string(1'000, 'x'))) ++taken;
  EXPECT_LT(taken, 1'000'000) << "the buffer has a limit";
  EXPECT_FALSE(bot.closed()) << "a sleeper is not gone";
}

TEST_F(LocalSockets, AServedPathIsNotTakenAndADeadOneIs) {
  auto listener = LocalListener::open(path).value();
  struct ::stat found{};
  ASSERT_EQ(::stat(path.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777u, 0600u);
  EXPECT_EQ(LocalListener::open(path).error().fault, NetFault::address_in_use);
  listener.reset();
  // What a kill -9 leaves: the path, and nobody behind it.
  {
    const pid_t child = ::fork();
    if (child == 0) {
      const auto doomed = LocalListener::open(path);
      ::_exit(doomed ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    ASSERT_EQ(status, 0);
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  EXPECT_TRUE(LocalListener::open(path));
  std::ofstream{path} << "a file";
  EXPECT_NE(LocalListener::open(path).error().what.find("no socket"), std::string::npos);
  EXPECT_EQ(LocalListener::open(folder + "/" + std::string(120, 'x')).error().fault, NetFault::bad_url);
}

}  // namespace
}  // namespace mlbot::io::net
