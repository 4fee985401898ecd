// A seat with everything about it that a test may break: the ways to exchange and Redis, its disk, its clock.
#pragma once

#include "integration/small_disk.h"
#include "processes/loopback_proxy.h"
#include "processes/oracle.h"

namespace mlbot::testing_support {

struct Ground {
  TradingScene& scene;
  Seat seat;
  LoopbackProxy to_venue, to_bus;
  std::unique_ptr<SmallDisk> disk;
  std::unique_ptr<Process> bot, guard;
  std::unique_ptr<Oracle> oracle;

  /// @param n  of the account, see TradingScene::seat_of
  Ground(TradingScene& in, const std::string& account, int n)
      : scene{in}, seat{in.seat_of(account, n)}, to_venue{in.port()}, to_bus{std::stoi(in.redis().port())} {
    seat.venue = fmt::format("sim:127.0.0.1:{}", to_venue.port());
    seat.bus = fmt::format("redis://127.0.0.1:{}", to_bus.port());
    oracle = std::make_unique<Oracle>(in, seat);
  }
  std::string path(const std::string& name) const { return seat.state + "/" + name; }
  std::string file(const std::string& name) const { return text_of(path(name)); }
  void start(std::vector<std::string> environment = {}) {
    bot.reset();
    bot = scene.start_bot_of(seat, std::move(environment));
  }
  /// How wrong the time of day is for a process that was started with shifted_clock().
  void shift_clock(std::chrono::nanoseconds fast) const {
    const std::int64_t shift_ns = fast.count();
    std::fstream file{path("clock"), std::ios::binary | std::ios::in | std::ios::out};
    if (!file) file.open(path("clock"), std::ios::binary | std::ios::out);
    file.write(reinterpret_cast<const char*>(&shift_ns), sizeof shift_ns);
  }
  std::vector<std::string> shifted_clock() const {
    return {"LD_PRELOAD=" MLBOT_SHIFTED_CLOCK, "SHIFTED_CLOCK=" + path("clock")};
  }
  void heal() {
    to_venue.heal();
    to_bus.heal();
    if (disk) disk->give_back();
    std::filesystem::remove(path("refuse"));
  }
};

/// "--account" words for `mlbot exchange`: accounts PREFIX0, PREFIX1, ... and a second key of each.
inline std::vector<std::string> accounts_with_guards(const std::string& prefix, std::size_t count) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.insert(out.end(), {"--account", fmt::format("{}{}=1000000", prefix, i)});
    out.insert(out.end(), {"--account", fmt::format("{}{}:guard", prefix, i)});
  }
  return out;
}

}  // namespace mlbot::testing_support
