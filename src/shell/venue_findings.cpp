#include "shell/venue_findings.h"

#include <fmt/format.h>

#include <cmath>

#include "io/bybit/endpoints.h"
#include "io/bybit/key_check.h"
#include "io/bybit/rest_client.h"
#include "shell/await.h"
#include "shell/service/key_file.h"

namespace mlbot::shell {
namespace {

constexpr Duration clock_warning = 250ms, clock_failure = 1s;  ///< the venue refuses a second ahead

Finding clock_finding(const io::bybit::VenueClock& clock) {
  const double offset_ms = std::chrono::duration<double, std::milli>{clock.offset()}.count();
  const auto text = fmt::format("{:+.1f} ms against the venue, known to {:.1f} ms", offset_ms,
                                std::chrono::duration<double, std::milli>{clock.error_bound()}.count());
  const auto size = std::chrono::abs(clock.offset());
  if (size > clock_failure)
    return {"clock", Verdict::failed, text + "; set this machine's clock by NTP before trading"};
  if (size > clock_warning) return {"clock", Verdict::warning, text + "; let NTP keep this machine's clock"};
  return {"clock", Verdict::ok, text};
}

void add_key_findings(const io::bybit::KeyReport& report, std::vector<Finding>& out) {
  using Level = io::bybit::KeyFinding::Level;
  for (const auto& finding : report.findings) {
    const auto verdict = finding.level == Level::ok        ? Verdict::ok
                         : finding.level == Level::warning ? Verdict::warning
                                                           : Verdict::failed;
    out.push_back(
        {"key", verdict, finding.remedy.empty() ? finding.what : finding.what + "; " + finding.remedy});
  }
}

}  // namespace

std::vector<Finding> look_at_venue(const SystemConfig& settings) {
  if (settings.venue == "sim")
    return {{"venue", Verdict::ok, "the embedded exchange; mlbot doctor --venue mainnet looks further"}};
  const auto endpoints = io::bybit::endpoints_of(settings.venue);
  if (!endpoints)
    return {
        {"venue", Verdict::failed,
         fmt::format("exchange.venue is \"{}\": use sim, {}", settings.venue, io::bybit::environments_help)}};
  std::vector<Finding> out;
  ApiKey key;
  if (settings.key_file.empty()) {
    out.push_back(
        {"key", Verdict::ok, "none: paper and shadow need none; mode live wants exchange.key_file"});
  } else if (auto loaded = load_key_file(settings.key_file, settings.venue)) {
    key = std::move(*loaded);
  } else {
    out.push_back({"key", Verdict::failed, loaded.error().what});
  }
  io::net::EventLoop loop;
  auto rest = io::bybit::BybitRestClient::create(
      loop, endpoints->rest,
      {.key = key.key,
       .secret = key.secret,
       .receive_window = std::chrono::milliseconds{settings.recv_window_ms}},
      {.on_event = [](const Event&, Instant) {}, .on_undecoded = [](auto, const auto&) {}, .clock = {}});
  if (!rest) {
    out.push_back({"venue", Verdict::failed, rest.error().what});
    return out;
  }
  (*rest)->start();
  bool done = false;
  (*rest)->start_up(
      settings.symbols, [&](const Result<std::vector<Instrument>, io::bybit::RestError>& known) {
        done = true;
        if (!known) {
          out.push_back({"venue", Verdict::failed, known.error().what});
          return;
        }
        out.push_back({"venue", Verdict::ok,
                       fmt::format("{} answers, {} contracts known", endpoints->rest, known->size())});
        const auto& fees = known->front().fees;
        out.push_back(
            {"fees", Verdict::ok,
             fmt::format("maker {:.2f} bps, taker {:.2f} bps{}", to_double(fees.maker) * 1e4,
                         to_double(fees.taker) * 1e4, key.key.empty() ? " (of a new account)" : "")});
      });
  if (!await(loop, done)) {
    out.push_back({"venue", Verdict::failed,
                   fmt::format("{} did not answer within 20 s: look at network, DNS and firewall; some "
                               "countries are refused",
                               endpoints->rest)});
    return out;
  }
  if (out.back().verdict == Verdict::failed) return out;
  out.push_back(clock_finding((*rest)->venue_clock()));
  if (key.key.empty()) return out;
  done = false;
  io::bybit::check_key(**rest, settings.symbols.front(),
                       [&](const Result<io::bybit::KeyReport, io::bybit::RestError>& report) {
                         done = true;
                         if (report)
                           add_key_findings(*report, out);
                         else
                           out.push_back({"key", Verdict::failed, report.error().what});
                       });
  if (!await(loop, done)) out.push_back({"key", Verdict::failed, "the venue did not say what it may do"});
  return out;
}

}  // namespace mlbot::shell
