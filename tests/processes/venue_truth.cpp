#include "processes/venue_truth.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>

#include "base/digest.h"

namespace mlbot::testing_support {
namespace {

double number_of(const Json& row, const char* field) {
  const auto text = row.value(field, std::string{});
  return text.empty() ? 0 : std::stod(text);
}
std::int64_t time_of(const Json& row, const char* field) {
  const auto text = row.value(field, std::string{});
  return text.empty() ? 0 : std::stoll(text);
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::vector<TrueOrder> orders_of(const std::vector<Json>& rows) {
  std::vector<TrueOrder> out;
  for (const auto& row : rows)
    out.push_back({row.value("orderId", ""), row.value("orderLinkId", ""), row.value("symbol", ""),
                   row.value("orderStatus", ""), row.value("stopOrderType", ""),
                   row.value("reduceOnly", false), time_of(row, "createdTime")});
  return out;
}

}  // namespace

std::optional<std::string> http(int port, const std::string& method, const std::string& target,
                                const std::vector<std::string>& headers, const std::string& body) {
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0) return std::nullopt;
  const timeval patience{5, 0};
  ::setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in there{};
  there.sin_family = AF_INET;
  there.sin_port = htons(static_cast<std::uint16_t>(port));
  there.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::string request =
      fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n", method, target, port);
  for (const auto& header : headers) request += header + "\r\n";
  request += fmt::format("Content-Length: {}\r\n\r\n{}", body.size(), body);
  std::string answer;
  bool good =
      ::connect(file, reinterpret_cast<const sockaddr*>(&there), sizeof there) == 0 &&
      ::send(file, request.data(), request.size(), MSG_NOSIGNAL) == static_cast<ssize_t>(request.size());
  char part[65'536];
  while (good) {
    const auto got = ::recv(file, part, sizeof part, 0);
    if (got == 0) break;
    good = got > 0;
    if (good) answer.append(part, static_cast<std::size_t>(got));
    // A server that keeps the connection open all the same is read as far as it said.
    const auto head = answer.find("\r\n\r\n");
    const auto length = answer.find("Content-Length: ");
    if (head != answer.npos && length < head &&
        answer.size() >= head + 4 + std::stoul(answer.substr(length + 16)))
      break;
  }
  ::close(file);
  const auto head = answer.find("\r\n\r\n");
  if (!good || head == answer.npos) return std::nullopt;
  return answer.substr(head + 4);
}

std::vector<std::string> VenueTruth::headers(const std::string& payload) const {
  const auto stamp = std::to_string(now_ms());
  HmacSha256 hmac{secret_};
  return {"X-BAPI-API-KEY: " + key_, "X-BAPI-TIMESTAMP: " + stamp, "X-BAPI-RECV-WINDOW: 10000",
          "X-BAPI-SIGN: " + to_hex(hmac.sign(stamp + key_ + "10000" + payload))};
}

bool VenueTruth::rest_order(const std::string& symbol, double share, const std::string& link) const {
  const auto ticker = ask("/v5/market/tickers", "category=linear&symbol=" + symbol);
  if (!ticker) return false;
  const double price = number_of((*ticker)["list"][0], "lastPrice") * (1 - share);
  const Json order{{"category", "linear"},
                   {"symbol", symbol},
                   {"side", "Buy"},
                   {"orderType", "Limit"},
                   {"timeInForce", "GTC"},
                   {"qty", "0.001"},
                   {"price", fmt::format("{:.0f}", price)},
                   {"orderLinkId", link}};
  auto with = headers(order.dump());
  with.emplace_back("Content-Type: application/json");
  const auto answer = http(port_, "POST", "/v5/order/create", with, order.dump());
  return answer && Json::parse(*answer, nullptr, false).value("retCode", -1) == 0;
}

std::optional<Json> VenueTruth::ask(const std::string& path, const std::string& query) const {
  const auto body = http(port_, "GET", path + "?" + query, headers(query));
  if (!body) return std::nullopt;
  Json json = Json::parse(*body, nullptr, false);
  if (!json.is_object() || json.value("retCode", -1) != 0) return std::nullopt;
  return json["result"];
}

std::optional<std::vector<Json>> VenueTruth::ask_all(const std::string& path,
                                                     const std::string& query) const {
  std::vector<Json> rows;
  std::string cursor;
  do {
    const auto page = ask(path, query + (cursor.empty() ? "" : "&cursor=" + cursor));
    if (!page) return std::nullopt;
    for (const auto& row : (*page)["list"]) rows.push_back(row);
    cursor = page->value("nextPageCursor", "");
  } while (!cursor.empty());
  return rows;
}

std::optional<std::vector<TrueExecution>> VenueTruth::executions(std::int64_t from_ms) const {
  const auto rows =
      ask_all("/v5/execution/list", fmt::format("category=linear&limit=100&startTime={}", from_ms));
  if (!rows) return std::nullopt;
  std::vector<TrueExecution> out;
  for (const auto& row : *rows)
    out.push_back({row.value("execId", ""), row.value("orderId", ""), row.value("orderLinkId", ""),
                   row.value("symbol", ""), row.value("execType", ""),
                   number_of(row, "execQty") * (row.value("side", "") == "Buy" ? 1 : -1),
                   time_of(row, "execTime")});
  return out;
}

std::optional<std::vector<TrueOrder>> VenueTruth::open_orders() const {
  const auto rows = ask_all("/v5/order/realtime", "category=linear&settleCoin=USDT&limit=50&openOnly=0");
  if (!rows) return std::nullopt;
  return orders_of(*rows);
}

std::optional<std::vector<TrueOrder>> VenueTruth::closed_orders(std::int64_t from_ms) const {
  const auto rows =
      ask_all("/v5/order/history", fmt::format("category=linear&limit=50&startTime={}", from_ms));
  if (!rows) return std::nullopt;
  return orders_of(*rows);
}

std::optional<std::map<std::string, TruePosition>> VenueTruth::positions() const {
  const auto rows = ask_all("/v5/position/list", "category=linear&settleCoin=USDT&limit=200");
  if (!rows) return std::nullopt;
  std::map<std::string, TruePosition> out;
  for (const auto& row : *rows) {
    const double size = number_of(row, "size") * (row.value("side", "") == "Sell" ? -1 : 1);
    if (size != 0)
      out[row.value("symbol", "")] = {size, number_of(row, "stopLoss"), number_of(row, "positionValue"),
                                      time_of(row, "updatedTime")};
  }
  return out;
}

bool VenueTruth::set_faults(const std::string& plan) const {
  return http(port_, "POST", "/sim/faults", {}, plan).has_value();
}

}  // namespace mlbot::testing_support
