// What a request asks and how it is answered, for everything that stands behind the gate of rest_routes.h.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shell/exchange/accounts.h"
#include "venue/bybit/instrument_table.h"
#include "venue/bybit/request_decode.h"
#include "venue/bybit/venue_error.h"

namespace mlbot::shell {

/// Who asks has been settled before.
struct Asked {
  venue::bybit::Query query;
  std::string_view body, remote_address;
  Accounts::Account* account = nullptr;  ///< null on public paths
  std::size_t orders_granted = 1;        ///< of a batch: what the quota lets through, from the front
};

struct Reply {
  Reply(std::string result_text) : result{std::move(result_text)} {}
  std::string result;        ///< the `result` object
  std::string extra = "{}";  ///< retExtInfo
  std::string text = "OK";   ///< retMsg
  std::string whole = {};    ///< instead of all that: an answer that has no envelope of the usual kind
};
using Outcome = Result<Reply, venue::bybit::VenueError>;

struct Route {
  std::string_view method, path;
  int per_second = 0;  ///< 0: a public path, limited by address only
  std::function<Outcome(const Asked&)> answer;
  bool counts_orders = false;  ///< a batch: its quota is counted in orders
};
using Routes = std::vector<Route>;

inline std::unexpected<venue::bybit::VenueError> refuse(std::int32_t code, std::string text) {
  return std::unexpected{venue::bybit::VenueError{code, std::move(text)}};
}
inline std::unexpected<venue::bybit::VenueError> refuse(const sim::Refusal& refusal) {
  return refuse(refusal.code, refusal.text.str());
}
inline std::unexpected<venue::bybit::VenueError> refuse_params(std::string_view what) {
  return refuse(10001, "params error: " + std::string{what});
}
/// What a venue of another language says; clients must go by the code.
inline constexpr std::string_view foreign_refusal = "\u8bf7\u6c42\u5931\u8d25";

/// What a call that only succeeds or not says.
inline Outcome done(const Result<void, sim::Refusal>& result) {
  if (!result) return refuse(result.error());
  return Reply{"{}"};
}

}  // namespace mlbot::shell
