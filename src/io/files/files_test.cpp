// Files that are whole or not there, and models that are found by the name an operator types.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "io/files/bundle_store.h"
#include "io/files/file_lock.h"

namespace mlbot::io::files {
namespace {

namespace fs = std::filesystem;

class FilesTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "mlbot_files_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    home = pattern;
  }
  void TearDown() override { fs::remove_all(home); }
  std::vector<std::string> names(const fs::path& directory) const {
    std::vector<std::string> out;
    for (const auto& entry : fs::directory_iterator{directory})
      out.push_back(entry.path().filename().string());
    return out;
  }
  fs::path home;
};

std::string hash(char digit) { return std::string(64, digit); }

TEST_F(FilesTest, what_was_written_is_read_back_and_nothing_else_is_left) {
  const std::string bytes{"one\0two\n", 8};
  ASSERT_TRUE(write_file_atomically(home / "deep" / "er" / "file", bytes));
  ASSERT_TRUE(write_file_atomically(home / "deep" / "er" / "file", bytes + "more"));
  EXPECT_EQ(read_file(home / "deep" / "er" / "file").value(), bytes + "more");
  EXPECT_EQ(names(home / "deep" / "er").size(), 1u);
}

TEST_F(FilesTest, a_missing_file_and_a_file_in_the_way_are_named) {
  const auto missing = read_file(home / "nobody");
  EXPECT_EQ(missing.error().fault, FileFault::not_found);
  EXPECT_NE(missing.error().what.find("nobody"), std::string::npos);
  ASSERT_TRUE(write_file_atomically(home / "plain", "x"));
  EXPECT_FALSE(write_file_atomically(home / "plain" / "below", "x"));
  EXPECT_EQ(read_file(home / "plain", 0).error().fault, FileFault::too_large);
}

TEST_F(FilesTest, a_write_that_cannot_finish_leaves_the_old_file) {
  ASSERT_TRUE(write_file_atomically(home / "state", "old"));
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4096, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto written = write_file_atomically(home / "state", std::string(100'000, 'x'));
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().fault, FileFault::too_large);
  EXPECT_EQ(read_file(home / "state").value(), "old");
  EXPECT_EQ(names(home).size(), 1u);
}

TEST_F(FilesTest, free_space_is_known_before_the_directory_exists) {
  EXPECT_GT(free_space(home / "not" / "yet").value(), 0u);
}

TEST_F(FilesTest, an_empty_store_lists_nothing_and_says_how_to_fill_it) {
  const BundleStore store{home / "models"};
  EXPECT_TRUE(store.list().value().empty());
  EXPECT_TRUE(store.aliases().value().empty());
  const auto found = store.get(champion);
  EXPECT_EQ(found.error().fault, FileFault::not_found);
  EXPECT_NE(found.error().what.find("mlbot train"), std::string::npos);
}

TEST_F(FilesTest, a_bundle_is_found_by_hash_by_beginning_and_by_alias) {
  BundleStore store{home / "models"};
  const BundleStore::Files files{{"bundle.json", "{}\n"}, {"model.json", std::string{"a\0b", 3}}};
  ASSERT_TRUE(store.put(hash('a'), files));
  ASSERT_TRUE(store.put(hash('b'), {{"bundle.json", "other"}}));
  EXPECT_EQ(store.list().value(), (std::vector{hash('a'), hash('b')}));
  EXPECT_EQ(store.get(hash('a')).value(), files);
  EXPECT_EQ(store.get("aaaaaaaa").value(), files);
  ASSERT_TRUE(store.set_alias(champion, "aaaaaa"));
  EXPECT_EQ(store.get(champion).value(), files);
  ASSERT_TRUE(store.set_alias(champion, hash('b')));
  EXPECT_EQ(store.resolve(champion).value(), hash('b'));
  EXPECT_EQ(store.aliases().value().at("champion"), hash('b'));
}

TEST_F(FilesTest, the_same_bundle_twice_is_one_bundle) {
  BundleStore store{home};
  ASSERT_TRUE(store.put(hash('a'), {{"x", "1"}}));
  ASSERT_TRUE(store.put(hash('a'), {{"x", "1"}}));
  EXPECT_EQ(store.list().value().size(), 1u);
}

TEST_F(FilesTest, what_a_crash_left_is_not_listed_and_not_in_the_way) {
  BundleStore store{home};
  fs::create_directories(home / ("." + hash('a')));
  std::ofstream{home / ("." + hash('a')) / "half"} << "x";
  EXPECT_TRUE(store.list().value().empty());
  ASSERT_TRUE(store.put(hash('a'), {{"x", "1"}}));
  EXPECT_EQ(store.get(hash('a')).value().size(), 1u);
}

TEST_F(FilesTest, no_name_leads_out_of_the_store) {
  BundleStore store{home / "models"};
  EXPECT_EQ(store.put("../../etc", {}).error().fault, FileFault::bad_name);
  EXPECT_EQ(store.put(hash('a'), {{"../x", "1"}}).error().fault, FileFault::bad_name);
  ASSERT_TRUE(store.put(hash('a'), {{"x", "1"}}));
  EXPECT_EQ(store.set_alias("../x", hash('a')).error().fault, FileFault::bad_name);
  EXPECT_EQ(store.set_alias("abcdef", hash('a')).error().fault, FileFault::bad_name);
  EXPECT_EQ(store.get("../models/aliases").error().fault, FileFault::not_found);
  EXPECT_EQ(store.set_alias(champion, hash('c')).error().fault, FileFault::not_found);
}

TEST_F(FilesTest, an_ambiguous_beginning_and_a_broken_alias_are_explained) {
  BundleStore store{home};
  ASSERT_TRUE(store.put(hash('a'), {{"x", "1"}}));
  ASSERT_TRUE(store.put(std::string(63, 'a') + "b", {{"x", "2"}}));
  EXPECT_EQ(store.resolve("aaaaaaaa").error().fault, FileFault::bad_name);
  ASSERT_TRUE(write_file_atomically(home / "aliases" / "champion", "nonsense"));
  EXPECT_EQ(store.resolve(champion).error().fault, FileFault::failed);
}

TEST_F(FilesTest, ALockHasOneHolderAndFallsWithIt) {
  const std::string path = home / "place.lock";
  int said[2];
  ASSERT_EQ(::pipe(said), 0);
  const pid_t holder = ::fork();
  if (holder == 0) {
    const auto lock = FileLock::take(path);
    const char taken = lock ? 'y' : 'n';
    if (::write(said[1], &taken, 1) == 1) ::pause();
    ::_exit(0);
  }
  char taken = 0;
  ASSERT_EQ(::read(said[0], &taken, 1), 1);
  ASSERT_EQ(taken, 'y');
  const auto refused = FileLock::take(path);
  ASSERT_FALSE(refused);
  EXPECT_TRUE(refused.error().held());
  EXPECT_EQ(refused.error().holder, std::to_string(holder));
  ::kill(holder, SIGKILL);
  ::waitpid(holder, nullptr, 0);
  {
    auto mine = FileLock::take(path);
    ASSERT_TRUE(mine) << "the dead hold nothing";
    const FileLock moved = std::move(*mine);
    EXPECT_FALSE(FileLock::take(path)) << "also this process has it once";
  }
  EXPECT_TRUE(FileLock::take(path));
  const auto nowhere = FileLock::take(home / "no folder" / "place.lock");
  ASSERT_FALSE(nowhere);
  EXPECT_FALSE(nowhere.error().held());
  EXPECT_EQ(nowhere.error().error_number, ENOENT);
}

}  // namespace
}  // namespace mlbot::io::files
