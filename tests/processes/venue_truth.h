// The oracle's own eyes: what the exchange holds of an account, asked over REST with a socket, a signature
// and a JSON parser, and nothing of the bot's clients or decoders.
//
// Signed questions are answered by the exchange's usual lists (orders, executions, positions); the wallet
// comes from /sim/account. Every list is read to its end. Blocking; not for threads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"

namespace mlbot::testing_support {

/// One question over a connection of its own. @return the body; nothing when nobody answers within 5 s
std::optional<std::string> http(int port, const std::string& method, const std::string& target,
                                const std::vector<std::string>& headers = {}, const std::string& body = "");

struct TrueExecution {
  std::string id, order, link, symbol, kind;
  double signed_size = 0;  ///< > 0 bought
  std::int64_t at_ms = 0;
};
struct TrueOrder {
  std::string id, link, symbol, status, kind;  ///< kind: "" or the stop's
  bool reduces = false;
  std::int64_t created_ms = 0;
};
struct TruePosition {
  double size = 0;   ///< signed
  double stop = 0;   ///< 0 without one
  double value = 0;  ///< USDT
  std::int64_t updated_ms = 0;
};

class VenueTruth {
 public:
  VenueTruth(int port, std::string key, std::string secret)
      : port_{port}, key_{std::move(key)}, secret_{std::move(secret)} {}

  /// Each says nothing when the exchange did not answer or refused.
  std::optional<std::vector<TrueExecution>> executions(std::int64_t from_ms) const;
  std::optional<std::vector<TrueOrder>> open_orders() const;
  std::optional<std::vector<TrueOrder>> closed_orders(std::int64_t from_ms) const;
  std::optional<std::map<std::string, TruePosition>> positions() const;
  /// What a person does at the venue's own screen: a limit buy that rests `share` below the price.
  /// @return false when the exchange said no
  bool rest_order(const std::string& symbol, double share, const std::string& link) const;
  /// POST /sim/faults: what befalls the exchange's answers from now on; "" for nothing.
  bool set_faults(const std::string& plan) const;
  int port() const { return port_; }

 private:
  std::vector<std::string> headers(const std::string& payload) const;
  std::optional<Json> ask(const std::string& path, const std::string& query) const;
  std::optional<std::vector<Json>> ask_all(const std::string& path, const std::string& query) const;
  int port_;
  std::string key_, secret_;
};

}  // namespace mlbot::testing_support
