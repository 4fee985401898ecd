#include "shell/exchange/faults.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace mlbot::shell {
namespace {

struct FaultWords {
  Fault fault;
  std::string_view name, meaning;
};
constexpr FaultWords words[] = {
    {Fault::drop, "drop", "a frame of data is not sent"},
    {Fault::delay, "delay", "a frame or an answer comes later, by up to the given time"},
    {Fault::duplicate, "duplicate", "a frame of data is sent twice"},
    {Fault::reorder, "reorder", "a frame of data is sent after the next one"},
    {Fault::gap, "gap", "a book delta is sent to nobody, so that u skips one"},
    {Fault::restart, "restart", "the book service starts anew: a snapshot with u = 1"},
    {Fault::half_open, "half_open", "the WebSocket stays open and is silent from then on"},
    {Fault::cut, "cut", "a frame ends in its middle, the connection with it"},
    {Fault::disconnect, "disconnect", "the WebSocket is closed without notice"},
    {Fault::lost_answer, "lost_answer", "a POST or an order by WebSocket is carried out, never answered"},
    {Fault::half_answer, "half_answer", "a REST answer ends in its middle"},
    {Fault::http_403, "http_403", "HTTP 403 \"access too frequent\"; nothing is carried out"},
    {Fault::http_429, "http_429", "HTTP 429; nothing is carried out"},
    {Fault::http_5xx, "http_5xx", "HTTP 502; what was asked has been carried out"},
    {Fault::html, "html", "an HTML page with status 200; what was asked has been carried out"},
    {Fault::localised, "localised", "the text of a refusal is in another language"},
};
static_assert(std::size(words) == fault_count);

template <class Number>
bool read_number(std::string_view text, Number& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size();
}

/// "250ms", "2s".
std::optional<Duration> duration_of(std::string_view text) {
  Duration unit = 1s;
  if (text.ends_with("ms")) unit = 1ms;
  text.remove_suffix(std::min(text.size(), std::string_view{unit == 1s ? "s" : "ms"}.size()));
  std::int64_t count = 0;
  constexpr std::int64_t most = 86'400'000;
  if (!read_number(text, count) || count > most || count < -most) return std::nullopt;
  return count * unit;
}

std::string names() {
  std::string out;
  for (const auto& word : words) out += fmt::format("{}{}", out.empty() ? "" : ", ", word.name);
  return out + ", clock";
}

}  // namespace

std::string_view to_string(Fault fault) { return words[static_cast<std::size_t>(fault)].name; }
std::string_view meaning_of(Fault fault) { return words[static_cast<std::size_t>(fault)].meaning; }

Result<void, std::string> add_fault(FaultPlan& plan, std::string_view text) {
  const auto equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  std::string_view value = equals == text.npos ? std::string_view{} : text.substr(equals + 1);
  const auto wrong = [&](std::string_view what) {
    return std::unexpected{
        fmt::format("fault '{}': {}; write it like drop=0.01, lost_answer=1*3, "
                    "delay=0.05:250ms or clock=-1500ms",
                    text, what)};
  };
  if (name == "clock") {
    const auto offset = duration_of(value);
    if (!offset) return wrong("the offset is no time");
    plan.clock_offset = *offset;
    return {};
  }
  const auto* const word = std::ranges::find(words, name, &FaultWords::name);
  if (word == std::end(words)) return wrong(fmt::format("there is none of that name, only {}", names()));
  FaultRule rule{.fault = word->fault};
  if (const auto colon = value.find(':'); colon != value.npos) {
    const auto longest = duration_of(value.substr(colon + 1));
    if (!longest || *longest < Duration{0}) return wrong("the time behind ':' is none");
    rule.longest = *longest;
    value = value.substr(0, colon);
  }
  if (const auto star = value.find('*'); star != value.npos) {
    if (!read_number(value.substr(star + 1), rule.at_most)) return wrong("the number behind '*' is none");
    value = value.substr(0, star);
  }
  if (!read_number(value, rule.rate) || !(rule.rate >= 0 && rule.rate <= 1))
    return wrong("the rate is no number from 0 to 1");
  plan.rules.push_back(rule);
  return {};
}

std::string fault_help() {
  std::string out = "faults, each NAME=RATE, NAME=RATE*TIMES or delay=RATE:LONGEST:\n";
  for (const auto& word : words) out += fmt::format("  {:<12} {}\n", word.name, word.meaning);
  out += "  clock        =OFFSET: the clock that is shown and by which timestamps are judged\n";
  out += "examples:\n  --fault drop=0.01 --fault delay=0.05:250ms\n  --fault lost_answer=1*3\n";
  return out + "  --fault clock=-1500ms\n";
}

void Faults::set(FaultPlan plan) {
  states_.fill(std::nullopt);
  clock_offset_ = plan.clock_offset;
  for (const FaultRule& rule : plan.rules) {
    states_[static_cast<std::size_t>(rule.fault)] =
        State{rule, Prng::stream(plan.seed, to_string(rule.fault))};
  }
}

bool Faults::strikes(Fault fault) {
  auto& state = states_[static_cast<std::size_t>(fault)];
  if (!state || state->rule.at_most == 0 || !state->chance.chance(state->rule.rate)) return false;
  --state->rule.at_most;
  ++counts_[static_cast<std::size_t>(fault)];
  return true;
}

Duration Faults::delay() {
  auto& state = states_[static_cast<std::size_t>(Fault::delay)];
  if (!state || state->rule.longest == Duration{0}) return {};
  return Duration{static_cast<std::int64_t>(
      state->chance.below(static_cast<std::uint64_t>(state->rule.longest.count()) + 1))};
}

std::string Faults::summary() const {
  std::string out;
  for (const auto& word : words) {
    if (count(word.fault) > 0)
      out += fmt::format("{}{} {}", out.empty() ? "" : ", ", word.name, count(word.fault));
  }
  return out;
}

}  // namespace mlbot::shell
