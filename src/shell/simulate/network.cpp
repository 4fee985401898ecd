#include "shell/simulate/network.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/assert.h"
#include "venue/bybit/request_decode.h"
#include "venue/bybit/rest_paths.h"

namespace mlbot::shell::simulate {

namespace path = venue::bybit::path;
using io::net::HttpRequest;
using io::net::HttpResponse;
using io::net::NetError;
using io::net::NetFault;

namespace {

constexpr std::size_t padding = 64;
constexpr Duration hold_longest = 50ms;
constexpr double late_request_s = 15;
constexpr Duration handshake_again = 3s;
constexpr Duration ban_hold = 10min + 60s;  ///< how long a client stays away after HTTP 403
constexpr int http_forbidden = 403;
constexpr Duration request_trouble = 25s;  ///< one request of a question lost: its timeout, and once more

std::string_view topic_of(std::string_view text) {
  constexpr std::string_view key = R"("topic":")";
  const auto at = text.substr(0, 160).find(key);
  if (at == text.npos) return {};
  const auto from = at + key.size();
  return text.substr(from, text.find('"', from) - from);
}

/// Of orderbook.50.BTCUSDT and publicTrade.BTCUSDT alike: whose it is.
bool is_delta(std::string_view text) {
  return text.substr(0, 160).find(R"("type":"delta")") != text.npos &&
         topic_of(text).starts_with("orderbook");
}

HttpResponse body(int status, std::string text) {
  return {status, {{"Content-Type", "application/json; charset=utf-8"}}, std::move(text)};
}

HttpResponse code(std::int32_t number, std::string_view words, Instant at) {
  return body(200, fmt::format(R"({{"retCode":{},"retMsg":"{}","result":{{}},"retExtInfo":{{}},"time":{}}})",
                               number, words, at.ms()));
}

bool is_public(std::string_view target) {
  return target.starts_with("/v5/market") || target.starts_with("/v5/system");
}

}  // namespace

Network::Network(Scheduler& scheduler, FaultPlan& plan, const std::array<LineTerms, line_count>& terms,
                 std::uint64_t seed, Wishes wishes)
    : scheduler_{scheduler},
      plan_{plan},
      terms_{terms},
      delays_{ChanceSite{seed, 20'000}, ChanceSite{seed, 20'001}, ChanceSite{seed, 20'002},
              ChanceSite{seed, 20'003}},
      wishes_{std::move(wishes)} {}

ExchangeDesk::Wires Network::wires() {
  return {.send_data = [this](Peer peer, Text text) { send_data(peer, std::move(text)); },
          .send_answer =
              [this](Peer peer, std::string text) {
                const auto found = connections_.find(peer);
                if (found == connections_.end()) return;
                to_bot(peer, found->second, std::make_shared<const std::string>(std::move(text)));
              }};
}

Duration Network::delay(Line line) {
  const LineTerms& terms = terms_[index(line)];
  const double mean = static_cast<double>(terms.mean.count());
  return terms.shortest + Duration{static_cast<std::int64_t>(mean * delays_[index(line)].exponential())};
}

Instant Network::arrival(Line line, Instant last) {
  return std::max({last, scheduler_.now() + delay(line), clogged_[index(line)]});
}

// ---- streams

Network::Peer Network::connect(Line line, Duration timeout, Duration read_timeout, Ear ear) {
  const Peer peer = ++peers_;
  ++counts_.connections;
  Connection& connection = connections_[peer];
  connection.line = line;
  connection.role = line == Line::market    ? StreamRole::market
                    : line == Line::account ? StreamRole::account
                                            : StreamRole::orders;
  connection.name = fmt::format("sim-{:06}", peer);
  connection.ear = std::move(ear);
  connection.read_timeout = read_timeout;
  if (plan_.strikes(FaultKind::connect_failure)) {
    drop(peer, "connect: no such host, or the handshake failed", delay(line));
    return peer;
  }
  const Instant up = scheduler_.now() + delay(line) + delay(line) + delay(line);
  scheduler_.at(up, [this, peer, give_up = scheduler_.now() + timeout] { shake_hands(peer, give_up); });
  return peer;
}

/// What a line swallows of a handshake is sent again, as TCP does, until the patience is over.
void Network::shake_hands(Peer peer, Instant give_up) {
  const auto found = connections_.find(peer);
  if (found == connections_.end() || found->second.closing) return;
  Connection& connection = found->second;
  const Instant now = scheduler_.now();
  const std::size_t line = index(connection.line);
  if (parted_to_venue_[line] > now || parted_to_bot_[line] > now || muted_[line] > now) {
    if (now >= give_up) return drop(peer, "connect: timed out", 0ms);
    return scheduler_.at(std::min(give_up, now + handshake_again), [=, this] { shake_hands(peer, give_up); });
  }
  if (venue_down()) return drop(peer, "connect: refused", delay(connection.line));
  if (banned()) return drop(peer, "connect: HTTP 403", delay(connection.line));
  wishes_.advance();
  connection.open = connection.at_desk = true;
  connection.heard_at = now;
  desk_->on_open(peer, connection.role);
  watch(peer);
  const auto opened = connection.ear.opened;
  if (opened) opened();
}

void Network::watch(Peer peer) {
  const auto found = connections_.find(peer);
  if (found == connections_.end() || found->second.closing) return;
  const Connection& connection = found->second;
  const Instant due = connection.heard_at + connection.read_timeout;
  if (scheduler_.now() >= due && scheduler_.now() >= starved_[index(connection.line)])
    return drop(peer, "nothing was heard within the read timeout", 0ms);
  scheduler_.at(std::max(due, scheduler_.now() + 1s), [this, peer] { watch(peer); });
}

void Network::send(Peer peer, std::string text) {
  const auto found = connections_.find(peer);
  if (found == connections_.end() || !found->second.open || found->second.closing) return;
  Connection& connection = found->second;
  ++counts_.frames_to_venue;
  connection.last_to_venue = arrival(connection.line, connection.last_to_venue);
  const Line line = connection.line;
  Instant at = connection.last_to_venue;
  if (line == Line::orders && plan_.strikes(FaultKind::late_request)) {
    at = at +
         Duration{static_cast<std::int64_t>(late_request_s * 1e9 * plan_.figure(FaultKind::late_request))};
    connection.last_to_venue = at;
  }
  scheduler_.at(at, [this, peer, line, text = std::move(text)] {
    const auto there = connections_.find(peer);
    if (there == connections_.end() || !there->second.at_desk) return;
    if (there->second.muted || parted_to_venue_[index(line)] > scheduler_.now()) {
      ++counts_.lost_frames;
      return;
    }
    wishes_.advance();
    if (line == Line::orders) wishes_.arrived(text);
    if (line == Line::orders && plan_.strikes(FaultKind::too_many)) {
      // The gate of the order-entry socket says so by the code of a reply; what it echoes is the request's
      // id.
      const auto id = text.find(R"("reqId":")");
      const std::string request_id =
          id == text.npos ? "" : text.substr(id + 9, text.find('"', id + 9) - id - 9);
      return to_bot(
          peer, there->second,
          std::make_shared<const std::string>(fmt::format(
              R"({{"reqId":"{}","retCode":10429,"retMsg":"System level frequency protection","op":"order.create","data":{{}},"retExtInfo":{{}},"header":{{}},"connId":"x"}})",
              request_id)));
    }
    const std::string name = there->second.name;
    desk_->on_text(peer, there->second.role, name, text);
  });
}

void Network::close(Peer peer) { drop(peer, "closed", delay(Line::market)); }

/// The bot learns of it after a while, the desk when the line has carried it.
void Network::drop(Peer peer, std::string_view why, Duration after) {
  const auto found = connections_.find(peer);
  if (found == connections_.end() || found->second.closing) return;
  Connection& connection = found->second;
  connection.closing = true;
  if (connection.at_desk) {
    connection.at_desk = false;
    wishes_.advance();
    desk_->on_close(peer);
  }
  scheduler_.at(scheduler_.now() + after, [this, peer, why = std::string{why}] {
    const auto gone = connections_.find(peer);
    if (gone == connections_.end()) return;
    const auto down = std::move(gone->second.ear.down);
    connections_.erase(gone);
    if (down) down(why);
  });
}

void Network::abandon() {
  for (auto& [peer, connection] : connections_) {
    connection.ear = {};
    drop(peer, "the process ended", 0ms);
  }
  asked_.clear();  // what is under way still arrives; nobody waits for it
}

void Network::send_data(Peer peer, Text text) {
  const auto found = connections_.find(peer);
  if (found == connections_.end()) return;
  Connection& connection = found->second;
  if (connection.line == Line::market && is_delta(*text) && plan_.strikes(FaultKind::dropped_delta)) return;
  const bool of_account = connection.line == Line::account;
  if (of_account && plan_.strikes(FaultKind::unknown_word)) text = with_unknown_word(*text);
  const std::string_view topic = topic_of(*text);
  if (of_account && topic.starts_with("position")) connection.last_position = text;
  const bool overtaken = plan_.strikes(of_account ? FaultKind::permuted_news : FaultKind::reorder);
  if (connection.held != nullptr && connection.held_topic == topic) release_held(peer, connection);
  if (overtaken && connection.held == nullptr) {
    connection.held = std::move(text);
    connection.held_topic = std::string{topic};
    scheduler_.at(scheduler_.now() + hold_longest, [this, peer] {
      const auto late = connections_.find(peer);
      if (late != connections_.end()) release_held(peer, late->second);
    });
    return;
  }
  const bool twice = plan_.strikes(FaultKind::duplicate);
  to_bot(peer, connection, text);
  if (twice) to_bot(peer, connection, text);
  if (of_account && connection.last_position != nullptr && plan_.strikes(FaultKind::phantom_position))
    to_bot(peer, connection, connection.last_position);
  release_held(peer, connection);
}

void Network::release_held(Peer peer, Connection& connection) {
  if (connection.held == nullptr) return;
  to_bot(peer, connection, std::exchange(connection.held, nullptr));
}

void Network::to_bot(Peer peer, Connection& connection, Text text) {
  if (connection.closing || connection.muted) {
    ++counts_.lost_frames;
    return;
  }
  connection.last_to_bot = arrival(connection.line, connection.last_to_bot);
  later(connection.last_to_bot, peer, std::move(text));
}

void Network::later(Instant at, Peer peer, Text text) {
  scheduler_.at(at, [this, peer, text = std::move(text)] { deliver(peer, text); });
}

void Network::deliver(Peer peer, const Text& text) {
  const auto found = connections_.find(peer);
  if (found == connections_.end() || found->second.closing || !found->second.open) {
    ++counts_.lost_frames;
    return;
  }
  Connection& connection = found->second;
  const std::size_t line = index(connection.line);
  if (starved_[line] > scheduler_.now()) {
    connection.last_to_bot = std::max(connection.last_to_bot, starved_[line]);
    return later(starved_[line], peer, text);
  }
  if (connection.muted || parted_to_bot_[line] > scheduler_.now()) {
    ++counts_.lost_frames;
    if (connection.line == Line::account) wishes_.deaf();
    connection.muted = true;  // TCP would bring it later or break: a hole is not what a bot may ever see
    return;
  }
  connection.heard_at = scheduler_.now();
  ++counts_.frames_to_bot;
  if (!connection.ear.heard) return;
  padded_.assign(*text);
  padded_.append(padding, ' ');
  connection.ear.heard(std::string_view{padded_}.substr(0, text->size()));
}

/// An enum value that nobody has heard of, or a field that was not there before.
Network::Text Network::with_unknown_word(const std::string& text) {
  std::string changed = text;
  const double which = plan_.figure(FaultKind::unknown_word);
  const auto swap = [&](std::string_view from, std::string_view to) {
    const auto at = changed.find(from);
    if (at != changed.npos) changed.replace(at, from.size(), to);
    return at != changed.npos;
  };
  bool done = false;
  if (which < 0.25) done = swap(R"("orderStatus":"New")", R"("orderStatus":"Dormant")");
  if (which >= 0.25 && which < 0.5) done = swap(R"("timeInForce":"PostOnly")", R"("timeInForce":"Fleeting")");
  if (which >= 0.5 && which < 0.75) {
    done = swap(R"("execType":"Trade")", R"("execType":"Novation")");
    if (done) note("a fill of an unknown kind");
  }
  if (!done) done = swap(R"("data":[{)", R"("data":[{"novelty":"a new field",)");
  return std::make_shared<const std::string>(std::move(changed));
}

// ---- REST

void Network::request(HttpRequest request, Duration timeout, std::function<void(Answer)> done) {
  const std::uint64_t number = ++requests_;
  ++counts_.requests;
  asked_[number] = {std::move(done), scheduler_.now()};
  scheduler_.at(scheduler_.now() + timeout, [this, number] {
    if (!asked_.contains(number)) return;
    ++counts_.timeouts;
    answered(number, std::unexpected{NetError{NetFault::timeout, "no answer in time"}});
  });
  const bool post = request.method == "POST";
  if (plan_.strikes(FaultKind::lost_request)) {
    wishes_.impaired(request_trouble);
    if (plan_.figure(FaultKind::lost_request) < 0.5) return;
    return scheduler_.at(scheduler_.now() + delay(Line::rest), [this, number] {
      answered(number, std::unexpected{NetError{NetFault::closed, "the connection was closed"}});
    });
  }
  Instant at = arrival(Line::rest, {});
  if (plan_.strikes(FaultKind::late_request)) {
    wishes_.impaired(request_trouble);
    at = at +
         Duration{static_cast<std::int64_t>(late_request_s * 1e9 * plan_.figure(FaultKind::late_request))};
    if (post) note("a POST under way for seconds");
  }
  scheduler_.at(at, [this, number, request = std::move(request)] { arrive(number, request); });
}

void Network::arrive(std::uint64_t number, const HttpRequest& request) {
  if (parted_to_venue_[index(Line::rest)] > scheduler_.now()) return;
  const auto reply = [&](Answer answer) {
    if (parted_to_bot_[index(Line::rest)] > scheduler_.now()) return;
    scheduler_.at(arrival(Line::rest, {}), [this, number, answer = std::move(answer)]() mutable {
      answered(number, std::move(answer));
    });
  };
  if (venue_down()) return reply(std::unexpected{NetError{NetFault::refused, "connection refused"}});
  bool silent = false;
  HttpResponse response = answer_of(request, silent);
  if (silent) return;
  if (plan_.strikes(FaultKind::lost_answer)) {
    wishes_.impaired(request_trouble);
    if (request.method == "POST") note("the answer to a POST was lost");
    if (plan_.figure(FaultKind::lost_answer) < 0.7) return;
    return reply(std::unexpected{NetError{NetFault::closed, "the connection was closed"}});
  }
  reply(io::net::HttpAnswer{std::move(response), {}});
}

HttpResponse Network::answer_of(const HttpRequest& request, bool& silent) {
  const Instant now = scheduler_.now();
  const bool post = request.method == "POST";
  wishes_.advance();
  const auto forbidden = [&] {
    forbidden_at_ = now;
    wishes_.impaired(ban_hold);
    return HttpResponse{http_forbidden, {{"Content-Type", "text/plain"}}, "access too frequent"};
  };
  wishes_.arrived(request.body);
  if (banned()) return forbidden();
  if (key_refused_until_ > now && !is_public(request.target)) return code(10003, "API key is invalid.", now);
  if (wiped_until_ > now && request.target.starts_with(path::order_history))
    return body(
        200, fmt::format(R"({{"retCode":0,"retMsg":"OK","result":{{"nextPageCursor":"","category":"linear",)"
                         R"("list":[]}},"retExtInfo":{{}},"time":{}}})",
                         now.ms()));
  if (plan_.strikes(FaultKind::too_many)) {
    wishes_.impaired(request_trouble);
    return code(10006, "Too many visits. Exceeded the API Rate Limit.", now);
  }
  if (request.target.find("cursor=") != request.target.npos && plan_.strikes(FaultKind::page_drift))
    wishes_.drift();
  if (plan_.strikes(FaultKind::bad_http)) {
    wishes_.impaired(request_trouble);
    const double which = plan_.figure(FaultKind::bad_http);
    if (which < 0.01) return forbidden();
    if (which < 0.2) return {429, {{"Content-Type", "text/plain"}}, "too many requests"};
    if (which < 0.35) return {502, {{"Content-Type", "text/html"}}, "<html><h1>502 Bad Gateway</h1></html>"};
    HttpResponse done = desk_->answer(request);  // carried out, and told badly
    if (post) note("a POST was carried out and answered badly");
    if (which < 0.5) return {502, {{"Content-Type", "text/html"}}, "<html><h1>502 Bad Gateway</h1></html>"};
    if (which < 0.65)
      return {200, {{"Content-Type", "text/html"}}, "<html>The system is under maintenance.</html>"};
    if (which < 0.8) return {200, {}, ""};
    done.body.resize(done.body.size() / 2);
    silent = which > 0.95;
    return done;
  }
  HttpResponse done = desk_->answer(request);
  if (plan_.strikes(FaultKind::timeout_code)) {
    wishes_.impaired(request_trouble);
    if (post) note("a POST was carried out and answered with a timeout code");
    return code(10016, "Server error: request timed out", now);
  }
  return done;
}

void Network::answered(std::uint64_t number, Answer answer) {
  const auto found = asked_.find(number);
  if (found == asked_.end()) return;
  const Asked asked = std::move(found->second);
  asked_.erase(found);
  ++counts_.answers;
  if (answer) answer->round_trip = scheduler_.now() - asked.sent_at;
  if (answer && answer->response.status == http_forbidden) wishes_.forbidden();
  asked.done(std::move(answer));
}

// ---- misfortune

void Network::cut(Line line, std::string_view why) {
  for (auto& [peer, connection] : connections_)
    if (connection.line == line && !connection.closing) drop(peer, why, delay(line));
}

void Network::mute(Line line, Instant until) {
  muted_[index(line)] = std::max(muted_[index(line)], until);
  for (auto& [peer, connection] : connections_) {
    if (connection.line != line || connection.closing || !connection.open) continue;
    if (line == Line::account) wishes_.deaf();
    connection.muted = true;
    scheduler_.at(until, [this, peer = peer] {
      const auto found = connections_.find(peer);
      if (found == connections_.end() || !found->second.at_desk) return;
      found->second.at_desk = false;
      desk_->on_close(peer);  // the venue has long given up; the bot must find out by itself
    });
  }
}

void Network::part(Line line, unsigned ways, Instant until) {
  if ((ways & 1) != 0) parted_to_venue_[index(line)] = std::max(parted_to_venue_[index(line)], until);
  if ((ways & 2) != 0) parted_to_bot_[index(line)] = std::max(parted_to_bot_[index(line)], until);
}

void Network::take_venue_down(Instant until) {
  venue_down_until_ = std::max(venue_down_until_, until);
  for (const Line line : {Line::market, Line::account, Line::orders}) cut(line, "the venue restarts");
}

void Network::heal() {
  const Instant now = scheduler_.now();
  for (std::size_t line = 0; line < line_count; ++line) {
    clogged_[line] = std::min(clogged_[line], now);
    starved_[line] = std::min(starved_[line], now);
    parted_to_venue_[line] = parted_to_bot_[line] = muted_[line] = now;
  }
  venue_down_until_ = std::min(venue_down_until_, now);
  key_refused_until_ = std::min(key_refused_until_, now);
  banned_until_ = std::min(banned_until_, now);
}

}  // namespace mlbot::shell::simulate
