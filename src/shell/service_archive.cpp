// `mlbot service archive`: the journals of the other services as tables. Follows files, not the bus, so it
// may be late and lacks nothing; the frames of the market's runs are made again from its journal.
//
// A journal has a sequence of its own, so each has an index of its own: the market in archive.duckdb, an
// account in trade/ACCOUNT/archive.duckdb.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "shell/archive_follower.h"
#include "shell/service_host.h"

namespace mlbot::shell {
namespace {

constexpr auto look = std::chrono::milliseconds{50};
constexpr int looks_for_accounts = 20;  ///< of which each twentieth also looks for new accounts

class ArchiveService {
 public:
  explicit ArchiveService(ServiceHost& host) : host_{host} {}

  ExitCode run() {
    const auto run = host_.wait_for_run();
    if (!run) return host_.console().fail(run.error().code, run.error().what);
    if (auto error =
            follow("market", {.journal = host_.state().journal(), .archive = host_.state().archive()}))
      return host_.console().fail(ExitCode::data, error->what);
    for (int turn = 0; !host_.over(); ++turn) {
      if (turn % looks_for_accounts == 0)
        if (auto error = find_accounts()) return host_.console().fail(ExitCode::data, error->what);
      for (const auto& [name, one] : followers_) {
        host_.work().add(one.progress->count() - std::exchange(seen_[name], one.progress->count()));
        tell(name, *one.follower);
      }
      std::this_thread::sleep_for(look);
    }
    std::uint64_t rows = 0;
    for (auto& [name, one] : followers_) {
      one.follower->stop();
      rows += one.follower->rows();
    }
    return host_.finish(fmt::format("archive: {} rows of {} journals", rows, followers_.size()));
  }

 private:
  struct Followed {
    std::unique_ptr<Progress> progress = std::make_unique<Progress>();
    std::unique_ptr<ArchiveFollower> follower;
  };

  std::optional<ServiceError> follow(const std::string& name, ArchiveFollower::Setup setup) {
    Followed one{.follower = std::make_unique<ArchiveFollower>(std::move(setup))};
    if (auto error = one.follower->start(*one.progress)) return error;
    followers_.emplace(name, std::move(one));
    return std::nullopt;
  }

  /// A follower in trouble opens its archive again by itself; to end here would only take the others along.
  void tell(const std::string& name, const ArchiveFollower& follower) {
    for (const auto& words : {follower.news(), follower.trouble()})
      if (!words.empty() && told_.insert(fmt::format("{}: {}", name, words)).second)
        host_.console().note(fmt::format("{}: {}", name, words));
  }

  std::optional<ServiceError> find_accounts() {
    std::error_code none;
    for (const auto& entry : std::filesystem::directory_iterator{host_.state().root + "/trade", none}) {
      const auto account = entry.path().filename().string();
      if (followers_.contains(account) || !std::filesystem::exists(entry.path() / "journal")) continue;
      if (std::filesystem::is_empty(entry.path() / "journal", none)) continue;
      if (auto error = follow(account, {.journal = (entry.path() / "journal").string(),
                                        .archive = (entry.path() / "archive.duckdb").string()}))
        return error;
    }
    return std::nullopt;
  }

  ServiceHost& host_;
  std::map<std::string, Followed> followers_;
  std::map<std::string, std::uint64_t> seen_;
  std::set<std::string> told_;  ///< each word once; they are few
};

}  // namespace

ExitCode service_archive(const Console& console, const DynamicSystemConfig& config,
                         const ServiceOptions& options) {
  auto host = ServiceHost::open(console, config, {.name = "archive", .standby = options.standby});
  if (!host) return console.fail(host.error().code, host.error().what);
  return ArchiveService{**host}.run();
}

}  // namespace mlbot::shell
