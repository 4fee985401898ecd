#include "shell/account_links.h"

#include <fmt/format.h>

#include "io/bybit/endpoints.h"
#include "io/clock/clock.h"
#include "shell/account_check.h"
#include "shell/account_venue.h"
#include "shell/await.h"
#include "shell/paper_venue.h"
#include "shell/secret.h"
#include "shell/service/key_file.h"

namespace mlbot::shell {

AccountLinks::~AccountLinks() {
  stream_.reset();
  rest_.reset();
}

Result<std::unique_ptr<AccountLinks>, StartError> AccountLinks::open(io::net::EventLoop& loop, Setup setup) {
  std::unique_ptr<AccountLinks> links{new AccountLinks{loop, std::move(setup)}};
  for (const auto step : {&AccountLinks::choose_venue, &AccountLinks::connect, &AccountLinks::meet,
                          &AccountLinks::check_venue_account, &AccountLinks::open_stream})
    if (auto done = (*links.*step)(); !done) return std::unexpected{done.error()};
  return links;
}

Result<void, StartError> AccountLinks::choose_venue() {
  const auto& settings = *setup_.settings;
  const auto endpoints = io::bybit::endpoints_of(settings.venue);
  const auto wrong = [](std::string what) {
    return std::unexpected{StartError{ExitCode::configuration, std::move(what)}};
  };
  if (!endpoints)
    return wrong(fmt::format("a service needs a venue that is elsewhere: exchange.venue is \"{}\", use {}",
                             settings.venue, io::bybit::environments_help));
  const bool simulated = settings.venue.starts_with("sim:");
  if (settings.mode == Mode::live && settings.key_file.empty())
    return wrong("mode live needs --key-file (exchange.key_file): a file with environment, key and secret");
  if (settings.mode == Mode::live || (simulated && !settings.key_file.empty())) {
    auto key = load_key_file(settings.key_file, settings.venue);
    if (!key) return wrong(key.error().what);
    auto account = std::make_unique<AccountVenue>(settings.venue, *endpoints, std::move(*key));
    account_ = account.get();
    venue_ = std::move(account);
    return {};
  }
  venue_ =
      std::make_unique<PaperVenue>(PaperVenue::Setup{.environment = settings.venue,
                                                     .endpoints = *endpoints,
                                                     .state_file = setup_.paper_file,
                                                     .balance = e8_from_double(settings.sim_balance_usdt),
                                                     .loop = &loop_});
  return {};
}

Result<void, StartError> AccountLinks::connect() {
  auto opened = venue_->open();
  if (!opened) return std::unexpected{opened.error()};
  access_ = std::move(*opened);
  const auto& settings = *setup_.settings;
  std::optional<io::bybit::OrderSocket> socket;
  if (settings.order_entry == "websocket" && !access_.key.empty() && !access_.endpoints.trade_stream.empty())
    socket = io::bybit::OrderSocket{.url = access_.endpoints.trade_stream,
                                    .connect_timeout = std::chrono::milliseconds{settings.connect_timeout_ms},
                                    .read_timeout = std::chrono::milliseconds{settings.read_timeout_ms}};
  auto client = io::bybit::BybitRestClient::create(
      loop_, access_.endpoints.rest,
      {.key = access_.key,
       .secret = access_.secret,
       .receive_window = std::chrono::milliseconds{settings.recv_window_ms}},
      {.on_event =
           [this](const Event& event, Instant at) {
             if (begun_) setup_.hear(event, at);
           },
       .on_undecoded = [this](auto bytes, const auto&) { setup_.keep_frame(Link::orders, bytes); },
       .clock = access_.clock,
       .on_send = setup_.on_send},
      std::move(socket));
  if (!client) return std::unexpected{StartError{ExitCode::network, client.error().what}};
  rest_ = std::move(*client);
  rest_->start();
  return {};
}

Result<void, StartError> AccountLinks::wait(const bool& done, const char* what) {
  const auto deadline = io::clock::now() + answer_patience;
  while (!done) {
    if (setup_.give_up()) return std::unexpected{StartError{ExitCode::interrupted, "stopped while starting"}};
    if (io::clock::now() > deadline)
      return std::unexpected{StartError{
          ExitCode::network, fmt::format("{} did not answer within 20 s ({}); `mlbot doctor` looks at the "
                                         "way there",
                                         access_.endpoints.rest, what)}};
    loop_.run_one(20ms);
  }
  return {};
}

Result<void, StartError> AccountLinks::meet() {
  std::vector<std::string> names;
  for (const auto& instrument : setup_.instruments) names.push_back(instrument.name.str());
  bool done = false;
  std::string why;
  rest_->start_up(names, [&](Result<std::vector<Instrument>, io::bybit::RestError> result) {
    done = true;
    if (result)
      instruments_ = std::move(*result);
    else
      why = result.error().what;
  });
  if (auto waited = wait(done, "contracts"); !waited) return waited;
  if (!why.empty()) return std::unexpected{StartError{ExitCode::network, why}};
  for (std::size_t i = 0; i < names.size(); ++i)
    if (i >= instruments_.size() || instruments_[i].name.view() != names[i])
      return std::unexpected{StartError{
          ExitCode::data,
          fmt::format("{} does not trade {} as the market's run has it", setup_.settings->venue, names[i])}};
  return {};
}

/// Real orders leave only with a model, a key that can do nothing else, and the operator's word.
Result<void, StartError> AccountLinks::check_venue_account() {
  if (account_ == nullptr) return {};
  const auto& settings = *setup_.settings;
  if (settings.mode == Mode::live && !setup_.has_model)
    return std::unexpected{StartError{
        ExitCode::model, "mode live needs a model: record with --mode shadow, then `mlbot train`"}};
  const auto user =
      check_account({.rest = *rest_,
                     .environment = settings.venue,
                     .symbol = instruments_.front().name.str(),
                     .trades = settings.mode == Mode::live,
                     .confirm = setup_.confirm,
                     .console = *setup_.console,
                     .wait = [this](const bool& done, const char* what) { return wait(done, what); }});
  if (!user) return std::unexpected{user.error()};
  account_->belongs_to(*user);
  identity_ = fmt::format("{} {}", settings.venue, *user);
  return {};
}

Result<void, StartError> AccountLinks::open_stream() {
  if (access_.key.empty()) return {};
  const auto& settings = *setup_.settings;
  auto stream = io::bybit::BybitWebSocketClient::create(
      loop_, access_.endpoints.private_stream,
      {.link = Link::account,
       .topics = io::bybit::account_topics,
       .key = access_.key,
       .secret = access_.secret,
       .connect_timeout = std::chrono::milliseconds{settings.connect_timeout_ms},
       .read_timeout = std::chrono::milliseconds{settings.read_timeout_ms},
       .heartbeat = true,
       .topics_per_connection = static_cast<std::size_t>(settings.topics_per_connection)},
      rest_->table(),
      {.on_event =
           [this](const Event& event, Instant at) {
             if (begun_) setup_.hear(event, at);
           },
       .on_undecoded = [this](auto bytes, const auto&) { setup_.keep_frame(Link::account, bytes); },
       .on_fatal = [this](const std::string& what) { fatal_ = what; },
       .on_sign_in_refused = [this] { rest_->doubt_clock(); }},
      [this] { return rest_->venue_time(); });
  if (!stream) return std::unexpected{StartError{ExitCode::network, stream.error().what}};
  stream_ = std::move(*stream);
  return {};
}

Result<void, StartError> AccountLinks::begin() {
  begun_ = true;
  if (stream_) {
    setup_.hear(LinkChanged{Link::orders, rest_->state()}, {});
    stream_->start();
  }
  return venue_->begin(instruments_, [this](const Event& event, Instant at) { setup_.hear(event, at); });
}

void AccountLinks::carry_out(const Command& command) {
  if (!venue_->carry_out(command)) rest_->carry_out(command);
}

void AccountLinks::drop() {
  stream_.reset();
  rest_.reset();
  wipe(access_.key);
  wipe(access_.secret);
  venue_->drop_key();
}

}  // namespace mlbot::shell
