// Every setting of the system: one table of keys, one strict reader, one place that knows where a value came
// from.
//
// Order: flag > environment MLBOT__SECTION__KEY > --config file > default. An unknown key, a value of another
// type or outside its range is an error with line, column and the nearest name; nothing is guessed.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/result.h"
#include "domain/settings.h"

namespace mlbot::shell {

struct SystemConfig {
  Mode mode = Mode::paper;
  std::vector<std::string> symbols;
  std::string state_dir;
  std::string venue;
  std::string key_file;
  std::string order_entry;
  std::int64_t topics_per_connection = 0;
  std::int64_t recv_window_ms = 0;
  std::int64_t connect_timeout_ms = 0, read_timeout_ms = 0;
  std::int64_t book_depth = 0;
  std::string model_alias;
  std::int64_t model_horizon_ms = 0, model_max_age_days = 0;
  std::int64_t sim_seed = 0;
  double sim_history_hours = 0, sim_speed = 0, sim_balance_usdt = 0;
  double sim_maker_fee_bps = 0, sim_taker_fee_bps = 0;
  std::string bus;
  bool journal_raw_frames = true;
  std::int64_t journal_bytes_max = 0, journal_retention_days = 0, journal_reserve_bytes = 0,
               journal_epoch_min = 1;
  std::string bus_password_file, bus_tls_ca_file, bus_tls_certificate_file, bus_tls_key_file;
  std::int64_t bus_entries_kept = 0, bus_entries_max = 0;
  std::int64_t lease_ms = 0;
  std::string listen;
  std::string guard_socket, guard_key_file, guard_policy;
  std::int64_t guard_cancel_after_ms = 0, guard_policy_after_ms = 0;
  std::string audit_anchor_file;
  RiskLimits risk;
  DecisionSettings decision;
};

using ConfigValue = std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>>;
std::string to_text(const ConfigValue& value);

struct ConfigKey {
  std::string_view section, key;
  ConfigValue fallback;
  double low, high;                     ///< range of a number; ignored for the rest
  std::vector<std::string_view> words;  ///< legal words of a text; empty: any
  bool reloadable;                      ///< may change while running
  std::string_view meaning;
  std::function<void(SystemConfig&, const ConfigValue&)> apply;
};
/// All keys, in the order in which `config show` prints them.
const std::vector<ConfigKey>& config_keys();

struct ConfigError {
  std::string what;  ///< "mlbot.toml:4:1: unknown key risk.daily_los; did you mean daily_loss_usdt?"
};

using Overrides = std::vector<std::pair<std::string, std::string>>;  ///< {"risk.daily_loss_usdt", "100"}

struct ConfigSources {
  std::optional<std::string> file;  ///< path of the TOML file
  Overrides environment;            ///< MLBOT__RISK__DAILY_LOSS_USDT=100, already split
  Overrides flags;
};
/// The MLBOT__SECTION__KEY variables among `environment` ("NAME=value" texts).
Overrides overrides_from_environment(const char* const* environment);

struct ConfigDifference {
  std::string key, before, after;
  bool needs_restart = false;
};

class DynamicSystemConfig {
 public:
  static Result<DynamicSystemConfig, ConfigError> load(ConfigSources sources);

  const SystemConfig& current() const { return config_; }
  /// The TOML file that was read; nothing without one.
  const std::optional<std::string>& file() const { return sources_.file; }
  /// 1 at the start, +1 at every reload that changed something.
  std::uint32_t version() const { return version_; }

  /// Reads the sources again. Reloadable keys take effect; the others are reported and wait for a restart. On
  /// an error nothing changes.
  Result<std::vector<ConfigDifference>, ConfigError> reload();

  struct Effective {
    const ConfigKey* key;
    ConfigValue value;
    std::string origin;  ///< "default", "environment MLBOT__...", "flag", "file mlbot.toml:3"
  };
  const std::vector<Effective>& effective() const { return effective_; }

 private:
  ConfigSources sources_;
  std::vector<Effective> effective_;
  SystemConfig config_;
  std::uint32_t version_ = 1;
};

/// A commented configuration file with every key at its default, for `config init`.
std::string default_config_toml();

}  // namespace mlbot::shell
