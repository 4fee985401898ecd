// Invariants: a job is answered once (`Job::callback` is moved out); a connection carries one job at a time;
// a kept connection on which anything arrives while it is idle is dropped, so that no answer can meet the
// wrong request.
#include <fmt/format.h>

#include <algorithm>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <deque>
#include <optional>

#include "io/net/links.h"
#include "io/net/stream.h"

namespace mlbot::io::net {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

constexpr std::size_t max_waiting_requests = 1024;
constexpr std::size_t max_header_bytes = 64 << 10;
constexpr std::size_t max_answer_bytes = 32 << 20;
constexpr int max_interim_answers = 8;

struct Job {
  HttpRequest request;
  Duration timeout;
  HttpCallback callback;
  TimerId timer = 0;
  bool sent_before = false;
};

}  // namespace

/// The queue and the connections. Lives on while operations of its connections are pending.
struct HttpLink::Impl : std::enable_shared_from_this<HttpLink::Impl> {
  struct Connection;

  Impl(EventLoop& event_loop, Url url, std::size_t parallel)
      : loop{event_loop}, origin{std::move(url)}, max_parallel{std::max<std::size_t>(parallel, 1)} {}

  void request(HttpRequest&& wanted, Duration timeout, HttpCallback&& callback);
  void pump();
  void answer(const std::shared_ptr<Job>& job, Result<HttpAnswer, NetError> result);
  void remove(const Connection* connection);
  void shut_down();

  EventLoop& loop;
  Url origin;
  std::size_t max_parallel;
  LinkCounters counters;
  std::deque<std::shared_ptr<Job>> waiting;
  std::vector<std::shared_ptr<Connection>> connections;
  bool silent = false;
};

struct HttpLink::Impl::Connection : std::enable_shared_from_this<Connection> {
  explicit Connection(std::shared_ptr<Impl> link) : owner{std::move(link)}, stream{owner->loop} {}

  bool idle() const { return ready && !job; }

  void start(std::shared_ptr<Job> first) {
    job = std::move(first);
    connect(owner->loop, std::shared_ptr<Stream>{shared_from_this(), &stream}, owner->origin,
            [self = shared_from_this()](std::optional<NetError> error) {
              if (error) return self->drop(std::move(*error));
              if (self->dropped) return;
              self->ready = true;
              self->stream.stage = Stage::open;
              ++self->owner->counters.opened;
              self->send();
            });
  }

  void carry(std::shared_ptr<Job> next) {
    job = std::move(next);
    ErrorCode ignored;
    stream.socket().cancel(ignored);  // ends the watch for an early goodbye
    send();
  }

  void send() {
    const HttpRequest& wanted = job->request;
    message = {};
    message.method_string(wanted.method);
    message.target(wanted.target);
    message.version(11);
    message.set(http::field::host, host_header_of(owner->origin));
    message.set(http::field::user_agent, "mlbot");
    for (const auto& [name, value] : wanted.headers) message.set(name, value);
    message.body() = wanted.body;
    if (!wanted.body.empty() || wanted.method == "POST") message.prepare_payload();
    interim_answers = 0;
    sent_at = std::chrono::steady_clock::now();
    http::async_write(stream, message, [self = shared_from_this()](const ErrorCode& error, std::size_t) {
      if (self->dropped) return;
      if (error) return self->lost(error, "sending a request to");
      self->receive();
    });
  }

  void receive() {
    parser.emplace();
    parser->header_limit(max_header_bytes);
    parser->body_limit(max_answer_bytes);
    if (job->request.method == "HEAD") parser->skip(true);
    http::async_read(stream, received, *parser,
                     [self = shared_from_this()](const ErrorCode& error, std::size_t) {
                       if (self->dropped) return;
                       if (error) return self->lost(error, "reading an answer from");
                       self->received_answer();
                     });
  }

  void received_answer() {
    const auto status = parser->get().result_int();
    if (status < 200) {  // such as 103 Early Hints: the answer itself follows
      if (status != 101 && ++interim_answers <= max_interim_answers) return receive();
      return drop({NetFault::protocol, status == 101
                                           ? fmt::format("{} changed the protocol, which nobody asked for",
                                                         address_of(owner->origin))
                                           : fmt::format("{} sent more than {} interim answers",
                                                         address_of(owner->origin), max_interim_answers)});
    }
    HttpAnswer answer;
    answer.round_trip = std::chrono::steady_clock::now() - sent_at;
    auto& response = parser->get();
    answer.response.status = static_cast<int>(status);
    for (const auto& field : response) {
      answer.response.headers.emplace_back(std::string{field.name_string()}, std::string{field.value()});
    }
    answer.response.body = std::move(response.body());
    const bool keep = parser->keep_alive() && received.size() == 0;
    const auto done = std::exchange(job, nullptr);
    used = true;
    const auto link = owner;  // the callback may destroy the HttpLink
    if (keep) {
      watch_idle();
    } else {
      close();
    }
    link->answer(done, std::move(answer));
    link->pump();
  }

  void watch_idle() {
    stream.socket().async_wait(Socket::wait_read, [self = shared_from_this()](const ErrorCode& error) {
      if (error != asio::error::operation_aborted && !self->dropped && self->idle()) self->close();
    });
  }

  /// A kept connection may have been closed by the server just before we used it. A GET may then be repeated;
  /// anything else may have been acted upon, so its fate is not known.
  void lost(const ErrorCode& error, std::string_view deed) {
    const bool nothing_came = interim_answers == 0 && (!parser || !parser->got_some());
    if (used && nothing_came && job && job->request.method == "GET" && !job->sent_before &&
        error != http::error::body_limit) {
      job->sent_before = true;
      owner->waiting.push_front(std::exchange(job, nullptr));
      const auto link = owner;
      close();
      return link->pump();
    }
    if (error == http::error::body_limit || error == http::error::header_limit) {
      return drop({NetFault::too_large, fmt::format("{} answered with more than {} bytes",
                                                    address_of(owner->origin), max_answer_bytes)});
    }
    if (error == http::error::end_of_stream || error == http::error::partial_message) {
      return drop({NetFault::closed,
                   fmt::format("{} closed the connection before it answered", address_of(owner->origin))});
    }
    drop(explain(error, address_of(owner->origin), deed));
  }

  /// Closes, and answers the job on board.
  void drop(NetError error) {
    const auto done = std::exchange(job, nullptr);
    const auto link = owner;
    count(link->counters, error.fault, stream.stage);
    close();
    if (done) link->answer(done, std::unexpected{std::move(error)});
    link->pump();
  }

  void close() {
    if (std::exchange(dropped, true)) return;
    stream.close();
    owner->remove(this);
  }

  std::shared_ptr<Impl> owner;
  Stream stream;
  std::shared_ptr<Job> job;
  http::request<http::string_body> message;
  std::optional<http::response_parser<http::string_body>> parser;
  beast::flat_buffer received;
  std::chrono::steady_clock::time_point sent_at;
  int interim_answers = 0;
  bool ready = false;
  bool used = false;
  bool dropped = false;
};

void HttpLink::Impl::request(HttpRequest&& wanted, Duration timeout, HttpCallback&& callback) {
  auto job = std::make_shared<Job>(Job{std::move(wanted), timeout, std::move(callback)});
  if (waiting.size() >= max_waiting_requests) {
    return loop.post([self = shared_from_this(), job] {
      self->answer(
          job, std::unexpected{NetError{NetFault::too_large,
                                        fmt::format("{} requests to {} are waiting already: ask less often",
                                                    max_waiting_requests, address_of(self->origin))}});
    });
  }
  job->timer = loop.call_after(timeout, [weak = weak_from_this(), job] {
    const auto self = weak.lock();
    if (!self || !job->callback) return;
    const NetError error{
        NetFault::timeout,
        fmt::format("{} gave no answer to {} {} within {} ms", address_of(self->origin), job->request.method,
                    job->request.target.substr(0, job->request.target.find('?')), job->timeout / 1ms)};
    std::erase(self->waiting, job);
    const auto carrying = std::ranges::find_if(
        self->connections, [&](const auto& connection) { return connection->job == job; });
    if (carrying != self->connections.end()) {
      const auto connection = *carrying;  // its answer could still come: it cannot be used again
      return connection->drop(error);
    }
    ++self->counters.timeouts;
    self->answer(job, std::unexpected{error});
  });
  waiting.push_back(std::move(job));
  pump();
}

void HttpLink::Impl::pump() {
  while (!silent && !waiting.empty()) {
    const auto idle =
        std::ranges::find_if(connections, [](const auto& connection) { return connection->idle(); });
    if (idle == connections.end() && connections.size() >= max_parallel) return;
    auto job = std::move(waiting.front());
    waiting.pop_front();
    if (idle != connections.end()) {
      (*idle)->carry(std::move(job));
    } else {
      connections.push_back(std::make_shared<Connection>(shared_from_this()));
      connections.back()->start(std::move(job));
    }
  }
}

void HttpLink::Impl::answer(const std::shared_ptr<Job>& job, Result<HttpAnswer, NetError> result) {
  loop.cancel(job->timer);
  const auto callback = std::exchange(job->callback, nullptr);
  if (!silent && callback) callback(std::move(result));
}

void HttpLink::Impl::remove(const Connection* connection) {
  std::erase_if(connections, [&](const auto& kept) { return kept.get() == connection; });
}

void HttpLink::Impl::shut_down() {
  silent = true;
  for (const auto& job : waiting) loop.cancel(job->timer);
  waiting.clear();
  const auto doomed = connections;
  for (const auto& connection : doomed) {
    if (connection->job) loop.cancel(connection->job->timer);
    connection->close();
  }
}

HttpLink::HttpLink(EventLoop& loop, Url origin, std::size_t max_parallel)
    : impl_{std::make_shared<Impl>(loop, std::move(origin), max_parallel)} {}

HttpLink::~HttpLink() { impl_->shut_down(); }

void HttpLink::request(HttpRequest request, Duration timeout, HttpCallback callback) {
  impl_->request(std::move(request), timeout, std::move(callback));
}

const LinkCounters& HttpLink::counters() const { return impl_->counters; }

}  // namespace mlbot::io::net
