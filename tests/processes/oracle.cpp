#include "processes/oracle.h"

#include <algorithm>
#include <cmath>

#include "core/orders/order_id.h"

namespace mlbot::testing_support {
namespace {

constexpr std::int64_t overlap_ms = 15'000;  ///< lists are read again so far back
constexpr std::size_t findings_max = 20;

}  // namespace

Oracle::Oracle(const TradingScene& scene, const Seat& seat)
    : requests_{scene.requests},
      truth_{*scene.truth_of(seat.account)},
      tag_{core::account_tag(fmt::format("…{:04}", seat.user % 10'000)).str() + "-"},
      books_{seat.books + "/journal"},
      listed_from_ms_{io::clock::now().ms() - overlap_ms} {
  books_.forget();
}

void Oracle::find(const std::string& what) {
  if (findings_.size() < findings_max) findings_.push_back(what);
}

void Oracle::take_create(const Json& order) {
  const auto link = order.value("orderLinkId", "");
  if (link.empty()) return find("an order without an id: " + order.dump());
  if (!is_ours(link)) return;
  if (++on_wire_[link] == 2) find(link + " came over the wire twice");
}

void Oracle::read_wire() {
  std::ifstream lines{requests_};
  lines.seekg(static_cast<std::streamoff>(wire_at_));
  for (std::string line; std::getline(lines, line);) {
    if (lines.eof()) break;  // half a line: the next time
    wire_at_ += line.size() + 1;
    if (line.find("create") == line.npos) continue;
    const auto row = Json::parse(line, nullptr, false);
    if (!row.is_object()) continue;
    Json asked;
    if (row["transport"] == "rest" && row["path"] == "/v5/order/create")
      asked = Json::array({Json::parse(row["body"].get<std::string>(), nullptr, false)});
    else if (row["transport"] == "rest" && row["path"] == "/v5/order/create-batch")
      asked = Json::parse(row["body"].get<std::string>(), nullptr, false)["request"];
    else if (row["transport"] == "ws") {
      const auto text = Json::parse(row["text"].get<std::string>(), nullptr, false);
      const auto op = text.is_object() ? text.value("op", "") : "";
      if (op == "order.create") asked = text["args"];
      if (op == "order.create-batch") asked = text["args"][0]["request"];
    }
    for (const auto& order : asked)
      if (order.is_object()) take_create(order);
  }
}

void Oracle::glance() {
  const auto positions = truth_.positions();
  if (!positions) return;
  const auto now = std::chrono::steady_clock::now();
  for (const auto& [symbol, held] : *positions) {
    ++glances_;
    if (held.stop != 0) {
      bare_since_.erase(symbol);
    } else {
      const auto since = bare_since_.try_emplace(symbol, now).first->second;
      const double bare = std::chrono::duration<double, std::milli>(now - since).count();
      if (bare_ms_max_ <= bare_max.count() && bare > static_cast<double>(bare_max.count()))
        find(fmt::format("{} {:g} without a stop for {:.0f} ms", symbol, held.size, bare));
      bare_ms_max_ = std::max(bare_ms_max_, bare);
    }
    if (held.value > TradingScene::entry_usdt * 1.05)
      find(fmt::format("{} {:g} is worth {:.0f} USDT: more than one entry", symbol, held.size, held.value));
  }
  std::erase_if(bare_since_, [&](const auto& row) { return !positions->contains(row.first); });
}

bool Oracle::flat() const {
  const auto positions = truth_.positions();
  return positions && positions->empty();
}

std::optional<std::size_t> Oracle::resting_entries() const {
  const auto open = truth_.open_orders();
  if (!open) return std::nullopt;
  return static_cast<std::size_t>(
      std::ranges::count_if(*open, [](const auto& order) { return order.kind.empty() && !order.reduces; }));
}

bool Oracle::agree(std::chrono::milliseconds patience) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  std::string missing = "the exchange did not answer";
  for (bool late = false; !late;) {
    late = std::chrono::steady_clock::now() > give_up;
    const auto asked_at = io::clock::now().ms();
    const auto before = truth_.executions(listed_from_ms_);
    const auto positions = truth_.positions();
    const auto after = truth_.executions(listed_from_ms_);
    const auto open = truth_.open_orders();
    const auto closed = truth_.closed_orders(listed_from_ms_);
    if (!before || !positions || !after || !open || !closed) continue;
    for (const auto& fill : *after)
      if (fill.kind == "Trade") fills_.emplace(fill.id, fill);
    for (const auto* list : {&*open, &*closed})
      for (const auto& order : *list)
        if (is_ours(order.link)) at_venue_[order.link].insert(order.id);
    read_wire();
    books_.read();
    missing.clear();
    for (const auto& [id, fill] : fills_)
      if (!books_.fills().contains(id))
        missing = fmt::format("fill {} of {} is in no journal", id, fill.link);
    if (books_.fills().size() > fills_.size()) missing = "the journal has fills that the exchange has not";
    for (const auto& [link, ids] : at_venue_)
      if (!on_wire_.contains(link)) missing = link + " is at the exchange and was never seen on the wire";
    for (const auto& [link, times] : on_wire_)
      if (!books_.orders().contains(link)) missing = link + " was sent and stands in no journal";
    bool still = before->size() == after->size();
    std::set<std::string> symbols;
    for (const auto& [id, fill] : fills_) symbols.insert(fill.symbol);
    for (const auto& symbol : symbols) {
      const auto held = positions->find(symbol);
      const double theirs = held == positions->end() ? 0 : held->second.size;
      const double ours = books_.position(symbol);
      if (std::abs(theirs - ours) < 1e-9) continue;
      still = false;
      if (missing.empty())
        missing = fmt::format("{}: {:g} by the journal's fills, {:g} at the exchange", symbol, ours, theirs);
    }
    if (missing.empty() && still) {
      listed_from_ms_ = asked_at - overlap_ms;
      for (const auto& [link, ids] : at_venue_)
        if (ids.size() > 1) find(fmt::format("{} is {} orders at the exchange", link, ids.size()));
      for (const auto& what : books_.doubles()) find(what);
      return true;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
  }
  find(missing);
  return false;
}

}  // namespace mlbot::testing_support
