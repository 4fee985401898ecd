#include "io/web/dashboard_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "domain/words.h"
#include "io/web/access.h"
#include "io/web/assets.h"

namespace mlbot::io::web {
namespace {

constexpr std::size_t token_size_min = 16;
constexpr std::size_t pages_max = 64;

/// The hash names the one style rule that the price chart brings along for its attribution logo.
constexpr std::string_view policy =
    "default-src 'none'; script-src 'self'; style-src 'self' "
    "'sha256-3pRED1tOXas1FXFoPb9TGCjmYe9XQsmO9OV23khV2nY='; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

constexpr std::string_view token_wanted =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>MLBot: token wanted</title>"
    "<h1>This page wants its token once</h1>"
    "<p>Open the link that <code>mlbot run</code> printed when it started; it ends in <code>?token=</code> "
    "and sixteen "
    "or more characters.</p></html>";

net::HttpResponse answer(int status, std::string_view content_type, std::string_view body,
                         std::string_view cache = "no-store") {
  return {status,
          {{"Content-Type", std::string{content_type}},
           {"Cache-Control", std::string{cache}},
           {"Content-Security-Policy", std::string{policy}},
           {"X-Content-Type-Options", "nosniff"},
           {"X-Frame-Options", "DENY"},
           {"Referrer-Policy", "no-referrer"},
           {"Cross-Origin-Resource-Policy", "same-origin"}},
          std::string{body}};
}

net::HttpResponse json(int status, const Json& body) {
  return answer(status, "application/json", body.dump());
}
net::HttpResponse failure(int status, std::string_view text) { return json(status, {{"error", text}}); }

std::optional<OperatorVerb> verb_from(std::string_view text) {
  for (int i = 0; i <= static_cast<int>(OperatorVerb::loosen); ++i)
    if (word(static_cast<OperatorVerb>(i)) == text) return static_cast<OperatorVerb>(i);
  return std::nullopt;
}
std::string text_in(const Json& body, const char* key) {
  return body.contains(key) && body[key].is_string() ? body[key].get<std::string>() : std::string{};
}

/// What a request without leave is told; nothing when it is welcome.
std::optional<net::HttpResponse> refusal(Verdict verdict) {
  switch (verdict) {
    case Verdict::granted:
    case Verdict::granted_by_link:
      return std::nullopt;
    case Verdict::no_token:
      return answer(401, "text/html; charset=utf-8", token_wanted);
    case Verdict::wrong_host:
      return failure(403, "this server is not known under that Host; use 127.0.0.1 or localhost");
    case Verdict::wrong_origin:
      return failure(403, "another site's page may not ask this server");
  }
  return failure(403, "refused");
}

}  // namespace

struct DashboardServer::Impl {
  Impl(net::EventLoop& loop_in, Dashboard& dashboard_in, DashboardServerOptions options_in,
       DashboardServerHooks hooks_in)
      : loop{loop_in}, dashboard{dashboard_in}, options{std::move(options_in)}, hooks{std::move(hooks_in)} {}

  net::HttpResponse on_request(const net::HttpRequest& request) {
    const Verdict verdict = access->judge(request);
    if (auto refused = refusal(verdict)) return *refused;
    const std::string_view path = path_of(request.target);
    if (path == "/api/operator") return on_operator(request);
    if (request.method != "GET") return failure(405, "only GET is answered here");
    if (verdict == Verdict::granted_by_link) {
      net::HttpResponse redirect = answer(303, "text/plain", "");
      redirect.headers.emplace_back("Location", std::string{path});
      redirect.headers.emplace_back("Set-Cookie", access->cookie());
      return redirect;
    }
    if (path.starts_with("/api/")) return on_api(path, request.target);
    return on_file(path);
  }

  net::HttpResponse on_api(std::string_view path, std::string_view target) {
    bring_up_to_date();
    if (path == "/api/state") return json(200, dashboard.snapshot());
    if (path == "/api/features") return json(200, dashboard.features());
    if (path == "/api/health") return json(200, dashboard.health());
    if (path == "/api/history") {
      const std::string_view symbol = query_value(target, "symbol");
      if (const auto history = dashboard.history(symbol)) return json(200, *history);
      return failure(
          404, fmt::format("symbol \"{}\" is not traded here; /api/state lists those that are", symbol));
    }
    return failure(404,
                   "known here: /api/state, /api/features, /api/health, /api/history?symbol=, /api/operator");
  }

  net::HttpResponse on_file(std::string_view path) const {
    const std::string_view wanted = path == "/" ? "/index.html" : path;
    for (const Asset& asset : assets()) {
      if (asset.path != wanted) continue;
      const bool named_by_content = asset.path.starts_with("/assets/");
      return answer(200, asset.content_type, asset.bytes,
                    named_by_content ? "private, max-age=31536000, immutable" : "no-store");
    }
    return failure(404, "no such file");
  }

  net::HttpResponse on_operator(const net::HttpRequest& request) {
    if (request.method != "POST") return failure(405, "POST {\"verb\": \"pause\"}");
    if (!hooks.on_operator) return failure(403, "this page is read-only");
    if (!net::header(request.headers, "Content-Type").starts_with("application/json"))
      return failure(415, "Content-Type must be application/json");
    const Json body = Json::parse(request.body, nullptr, false);
    const auto verb = body.is_object() ? verb_from(text_in(body, "verb")) : std::nullopt;
    if (!verb)
      return failure(400,
                     "\"verb\" must be one of pause, reduce, cancel_all, flatten, kill, disconnect, resume, "
                     "unlock, loosen");
    OperatorCommand command{
        .verb = *verb, .from = text_in(body, "from") == "cli" ? "cli" : "page", .cause = {}};
    const auto cause = text_in(body, "cause");
    if (!command.cause.fits(cause))
      return failure(400, fmt::format("\"cause\" has at most {} bytes", command.cause.capacity));
    command.cause = std::string_view{cause};
    if (*verb == OperatorVerb::unlock) {
      bring_up_to_date();
      if (cause.empty())
        return failure(409,
                       "\"cause\" must say why trading may go on: it goes on record; by command: "
                       "mlbot unlock --cause TEXT --confirm ACCOUNT");
      if (text_in(body, "confirm") != dashboard.account())
        return failure(409, fmt::format("\"confirm\" must be the account: {}", dashboard.account()));
    }
    if (*verb == OperatorVerb::loosen) {
      bring_up_to_date();
      const std::string words = dashboard.loosening_words();
      if (words.empty()) return failure(409, "no limit waits to be loosened");
      if (!body.contains("confirm") || body["confirm"] != words)
        return failure(409, fmt::format("\"confirm\" must be the limits and their new values: {}", words));
    }
    const OperatorAnswer told = hooks.on_operator(command);
    if (!told) return failure(409, told.error());
    return json(200, {{"text", *told}});
  }

  net::HttpResponse on_upgrade(const net::HttpRequest& request) const {
    if (auto refused = refusal(access->judge(request))) return *refused;
    if (path_of(request.target) != "/ws") return failure(404, "the WebSocket is at /ws");
    if (pages.size() >= pages_max) return failure(503, fmt::format("{} pages look already", pages_max));
    return {101, {}, {}};
  }

  void on_open(net::PeerId peer) {
    bring_up_to_date();
    if (pages.empty()) dashboard.changes_since_last_push();  // the snapshot holds what nobody listened to
    pages.insert(peer);
    http->send(peer, std::make_shared<const std::string>(dashboard.snapshot().dump()));
  }

  void push() {
    timer = loop.call_after(options.push_every, [this] { push(); });
    if (pages.empty()) return;
    bring_up_to_date();
    const auto text = std::make_shared<const std::string>(dashboard.changes_since_last_push().dump());
    for (const net::PeerId page : pages) http->send(page, text);
  }

  void bring_up_to_date() {
    dashboard.set_now(hooks.now());
    if (hooks.refresh) hooks.refresh(dashboard);
  }

  net::EventLoop& loop;
  Dashboard& dashboard;
  DashboardServerOptions options;
  DashboardServerHooks hooks;
  std::optional<Access> access;
  std::set<net::PeerId> pages;
  net::TimerId timer = 0;
  std::unique_ptr<net::HttpServer> http;  ///< last: goes first
};

Result<std::unique_ptr<DashboardServer>, net::NetError> DashboardServer::start(net::EventLoop& loop,
                                                                               Dashboard& dashboard,
                                                                               DashboardServerOptions options,
                                                                               DashboardServerHooks hooks) {
  MLBOT_ASSERT(hooks.now);
  if (options.token.size() < token_size_min)
    return std::unexpected(net::NetError{
        net::NetFault::bad_url,
        fmt::format(
            "the page's token has {} characters, at least {} are needed: remove its file to get a new one",
            options.token.size(), token_size_min)});
  auto impl = std::make_unique<Impl>(loop, dashboard, std::move(options), std::move(hooks));
  Impl* const self = impl.get();  // owns the HttpServer, which calls nothing once it is gone
  net::ServerHandlers handlers;
  handlers.on_request = [self](const net::HttpRequest& request) { return self->on_request(request); };
  handlers.on_upgrade = [self](const net::HttpRequest& request) { return self->on_upgrade(request); };
  handlers.on_open = [self](net::PeerId peer, const net::HttpRequest&) { self->on_open(peer); };
  handlers.on_text = [](net::PeerId, std::string_view) {};
  handlers.on_close = [self](net::PeerId peer) { self->pages.erase(peer); };
  auto http = net::HttpServer::listen(loop, {.address = impl->options.address, .port = impl->options.port},
                                      std::move(handlers));
  if (!http) return std::unexpected(http.error());
  impl->http = std::move(*http);
  impl->access.emplace(impl->options.token, impl->options.address, impl->http->port());
  impl->push();
  return std::make_unique<DashboardServer>(std::move(impl));
}

DashboardServer::DashboardServer(std::unique_ptr<Impl> impl) : impl_{std::move(impl)} {}
DashboardServer::~DashboardServer() { impl_->loop.cancel(impl_->timer); }

std::uint16_t DashboardServer::port() const { return impl_->http->port(); }

std::string DashboardServer::first_url() const {
  return fmt::format("http://{}:{}/?token={}", impl_->options.address, port(), impl_->options.token);
}

}  // namespace mlbot::io::web
