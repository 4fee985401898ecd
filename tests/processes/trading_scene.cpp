#include "processes/trading_scene.h"

namespace mlbot::testing_support {

TradingScene::TradingScene(BotShape shape, std::vector<std::string> more) : shape_{shape} {
  std::vector<std::string> arguments{"exchange",      "--listen",        "127.0.0.1:0", "--account",
                                     "main=10000000", "--account",       "main:guard",  "--json",
                                     "--no-limits",   "--history-hours", "2.5",         "--record-requests",
                                     requests};
  arguments.insert(arguments.end(), more.begin(), more.end());
  exchange_.emplace(directory, arguments, ProcessOptions{.name = "exchange"});
  wait_for([&] {
    about = Json::parse(exchange_->out(), nullptr, false);
    return about.is_object() || !exchange_->running();
  });
  if (!about.is_object()) {
    ADD_FAILURE() << exchange_->err();
    return;
  }
  const auto origin = about["rest"].get<std::string>().substr(std::string{"http://"}.size());
  venue = "sim:" + origin;
  truth = truth_of("main");
  std::filesystem::create_directories(state);
  put_queue_model(state + "/models", io::clock::now());
  const auto warm = run_mlbot(
      directory,
      {"run", "--state-dir", state, "--listen", "127.0.0.1:0", "--history-hours", "2.5", "--stop-after", "1"},
      {.name = "warm"});
  EXPECT_EQ(warm.exit_code, 0) << warm.err;
  if (shape_ == BotShape::trade_service) start_services();
}

Json TradingScene::account(const std::string& name) const {
  for (const auto& row : about["accounts"])
    if (row["name"] == name) return row;
  ADD_FAILURE() << "the exchange knows no account " << name;
  return Json::object();
}

std::optional<VenueTruth> TradingScene::truth_of(const std::string& name) const {
  const auto row = account(name);
  return VenueTruth{std::stoi(venue.substr(venue.rfind(':') + 1)), row["key"].get<std::string>(),
                    row["secret"].get<std::string>()};
}

void TradingScene::start_service(std::optional<Process>& process, const std::string& name,
                                 std::vector<std::string> words) const {
  words.insert(words.end(),
               {"--set", "exchange.venue=" + venue, "--bus", redis_->url(), "--state-dir", state});
  process.emplace(directory, words, ProcessOptions{.name = name});
}

void TradingScene::start_features() {
  start_service(features_, "features", {"service", "features", "--shard", "0/1"});
}

void TradingScene::start_services() {
  redis_ = std::make_unique<io::bus::RedisServer>();
  ASSERT_TRUE(redis_->start());
  start_service(ingest_, "ingest", {"service", "ingest"});
  start_features();
  // Until the shortest window of volatility is covered again: without it nothing is entered.
  std::this_thread::sleep_for(std::chrono::seconds{33});
}

Seat TradingScene::seat() const {
  return {.state = state, .books = books(), .venue = venue, .bus = redis_ ? redis_->url() : ""};
}

Seat TradingScene::seat_of(const std::string& name, int n) const {
  Seat out = seat();
  out.account = name;
  out.user += n;
  out.state = directory / name;
  out.books = out.state + "/trade/" + name;
  std::filesystem::create_directories(out.state);
  for (const auto* shared : {"journal", "models", "model_keys.trusted", "market.run"})
    std::filesystem::create_symlink(state + "/" + shared, out.state + "/" + shared);
  return out;
}

std::string TradingScene::key_file(const std::string& name, const std::string& by) const {
  const auto path = directory / (name + ".key");
  const auto row = account(name);
  std::ofstream{path} << "environment = \"" << by << "\"\nkey = " << row["key"]
                      << "\nsecret = " << row["secret"] << "\n";
  std::filesystem::permissions(path,
                               std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  return path;
}

std::vector<std::string> TradingScene::run_arguments(const Seat& seat) const {
  std::vector<std::string> out =
      shape_ == BotShape::one_process
          ? std::vector<std::string>{"run"}
          : std::vector<std::string>{"service", "trade", "--bus", seat.bus, "--account", seat.account};
  for (const std::string& word :
       {std::string{"--venue"}, seat.venue, std::string{"--mode"}, std::string{"live"},
        std::string{"--key-file"}, key_file(seat.account, seat.venue), std::string{"--listen"},
        std::string{"127.0.0.1:0"}, std::string{"--confirm"},
        fmt::format("live {} {}", seat.venue, seat.user), std::string{"--state-dir"}, seat.state})
    out.push_back(word);
  for (const std::string& setting :
       {std::string{"decision.cooldown_ms=0"}, std::string{"decision.stop_cooldown_ms=0"},
        std::string{"decision.max_orders_per_hour=100000"}, std::string{"decision.funding_window_ms=0"},
        fmt::format("decision.order_notional_usdt={}", entry_usdt),
        fmt::format("exits.hold_ms_max={}", hold_ms), "exchange.order_entry=" + order_entry,
        // Limits at their ceilings: nothing of a night of losing trades may end it.
        std::string{"risk.round_trips_10m=200"}, std::string{"risk.round_trips_day=10000"},
        std::string{"risk.loss_streak=20"}, std::string{"risk.loss_streak_minutes=1"},
        std::string{"risk.loss_pause_minutes=1"}, std::string{"risk.daily_loss_usdt=10000"},
        std::string{"risk.drawdown_usdt=20000"}, std::string{"risk.max_orders_per_minute=600"},
        std::string{"risk.max_orders_per_day=20000"}, std::string{"risk.ramp_size_pct=100"},
        std::string{"risk.funding_window_s=0"}, std::string{"risk.disk_free_mib=64"},
        std::string{"risk.disk_hours=0"}})
    out.insert(out.end(), {"--set", setting});
  return out;
}

std::unique_ptr<Process> TradingScene::start_bot_of(const Seat& seat,
                                                    std::vector<std::string> environment) const {
  std::fflush(nullptr);  // what is not printed yet must not be printed by the child as well
  const auto name = "bot-" + seat.account;
  std::filesystem::remove(directory / (name + ".err.txt"));  // the words of the last one are not this one's
  return std::make_unique<Process>(directory, run_arguments(seat),
                                   ProcessOptions{.name = name, .environment = std::move(environment)});
}

bool TradingScene::wait_until_trading(Process& bot, std::chrono::milliseconds patience) const {
  const auto give_up = Clock::now() + patience;
  while (bot.err().find("entries may leave") == std::string::npos) {
    if (Clock::now() > give_up || !bot.running()) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{3});
  }
  return true;
}

Json TradingScene::status() const {
  const auto told = mlbot({"status", "--json", "-q"}, "status");
  Json json = Json::parse(told.out, nullptr, false);
  return json.is_object() ? json : Json::object();
}

}  // namespace mlbot::testing_support
