// An exchange of its own as a process, with an account that has two keys: the bot's and the guard's.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

#include "base/json.h"
#include "integration/hand.h"
#include "integration/process.h"

namespace mlbot::testing_support {

class VenueScene {
 public:
  explicit VenueScene(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{
        "exchange",          "--listen",   "127.0.0.1:0", "--account",       "main",
        "--account",         "main:guard", "--json",      "--history-hours", "0.1",
        "--record-requests", requests()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    exchange_.emplace(directory, arguments, ProcessOptions{.name = "exchange"});
    until([&] {
      about = Json::parse(exchange_->out(), nullptr, false);
      return about.is_object() || !exchange_->running();
    });
    if (!about.is_object()) {
      ADD_FAILURE() << exchange_->err();
      return;
    }
    venue = "sim:" + about["rest"].get<std::string>().substr(std::string{"http://"}.size());
  }

  static bool until(const std::function<bool()>& true_at_last,
                    std::chrono::seconds patience = std::chrono::seconds{120}) {
    const auto give_up = std::chrono::steady_clock::now() + patience;
    while (!true_at_last()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return true;
  }

  std::string requests() const { return directory / "requests.jsonl"; }
  Json account(const std::string& name) const {
    for (const auto& row : about["accounts"])
      if (row["name"] == name) return row;
    return nullptr;
  }
  /// Written as an operator would.
  std::string key_file(const std::string& name) const {
    const auto row = account(name);
    const auto path = directory / (name + ".key");
    std::ofstream{path} << "environment = \"" << venue << "\"\nkey = " << row["key"]
                        << "\nsecret = " << row["secret"] << "\n";
    std::filesystem::permissions(path,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    return path;
  }
  Hand hand() const {
    const auto row = account("main");
    return {about["rest"].get<std::string>(), row["key"].get<std::string>(),
            row["secret"].get<std::string>()};
  }
  std::unique_ptr<Process> guard(std::vector<std::string> more) const {
    std::vector<std::string> arguments{"guard",       "--venue", venue, "--key-file", key_file("main:guard"),
                                       "--state-dir", state};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Process>(directory, arguments, ProcessOptions{.name = "guard"});
  }
  /// Watches the venue's market and beats; it has no orders of its own.
  std::unique_ptr<Process> watching_bot(std::vector<std::string> more = {}) const {
    std::vector<std::string> arguments{"run",      "--venue",     venue,         "--mode", "paper",
                                       "--listen", "127.0.0.1:0", "--state-dir", state};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return std::make_unique<Process>(directory, arguments, ProcessOptions{.name = "bot"});
  }
  Json status() const {
    const auto told =
        run_mlbot(directory, {"status", "--state-dir", state, "--json", "-q"}, {.name = "status"});
    const Json json = Json::parse(told.out, nullptr, false);
    return json.is_object() ? json : Json::object();
  }
  std::string service(const std::string& name) const {
    const auto told = status();
    if (!told.contains("services")) return "";
    for (const auto& row : told["services"])
      if (row["name"] == name) return row["state"].get<std::string>();
    return "";
  }
  Finished mlbot(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--state-dir", state});
    return run_mlbot(directory, arguments, {.name = "command"});
  }

  TemporaryDirectory directory;
  std::string state = directory / "state";
  Json about;
  std::string venue;

 private:
  std::optional<Process> exchange_;
};

}  // namespace mlbot::testing_support
