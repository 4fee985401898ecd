#include "io/bus/redis_lane.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/assert.h"

namespace mlbot::io::bus {
namespace {

constexpr std::size_t in_flight_max = 8'192;
constexpr std::size_t out_bytes_max = 256 << 10;
constexpr int records_in_a_row = 256;       ///< of one stream, before it is another's turn
constexpr std::uint32_t redirects_max = 8;  ///< in a row, before we take a breath

}  // namespace

RedisProducer::RedisProducer(RedisLogin redis_login, RedisOptions redis_options)
    : login{std::move(redis_login)}, options{std::move(redis_options)} {}
RedisProducer::~RedisProducer() = default;

RedisLane& RedisProducer::lane_to(const RedisAddress& node) {
  for (const auto& lane : lanes)
    if (lane->node() == node) return *lane;
  return *lanes.emplace_back(std::make_unique<RedisLane>(*this, node, nullptr));
}

void RedisProducer::keep_limits(RedisStream& stream) {
  while (retained_bytes > options.retain_bytes_max &&
         change_log(*this, stream, [](RedisLog& log) { return log.forget_oldest(); })) {
  }
  while (waiting_bytes > options.buffer_bytes_max) {
    const auto longest = std::ranges::max_element(
        streams, {}, [](const auto& named) { return named.second.log.waiting_bytes(); });
    if (!change_log(*this, longest->second, [](RedisLog& log) { return log.give_up_half(); })) return;
    dropped_trouble =
        fmt::format("dropped {} records of {} while Redis at {} was away or slow; its readers find a gap",
                    longest->second.log.dropped(), longest->first, longest->second.lane->node().text());
  }
}

RedisLane::RedisLane(RedisProducer& producer, RedisAddress node, std::unique_ptr<RespConnection> connection)
    : producer_{producer},
      node_{std::move(node)},
      nodes_{producer.login},
      connection_{std::move(connection)},
      pause_{producer.options.reconnect_min},
      wake_handle_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)} {
  MLBOT_ASSERT(wake_handle_ >= 0);
  thread_ = std::thread{[this] { run(); }};
}

RedisLane::~RedisLane() {
  thread_.join();
  ::close(wake_handle_);
}

void RedisLane::add(RedisStream& stream) {
  stream.lane = this;
  streams_.push_back(&stream);
  wake();
}

void RedisLane::wake() {
  if (!sleeping_) return;
  sleeping_ = false;
  const std::uint64_t one = 1;
  (void)::write(wake_handle_, &one, sizeof one);
}

void RedisLane::run() {
  while (gather()) {
    if (!connection_ && Clock::now() >= retry_at_) {
      const bool tried = connect();
      if (!tried || connection_) continue;
    }
    if (connection_)
      if (auto sent = connection_->send_some(); !sent) {
        lose(sent.error());
        continue;
      }
    wait_for_news();
    if (!connection_) continue;
    if (auto heard = hear(); !heard) lose(heard.error());
  }
}

bool RedisLane::connect() {
  {
    const std::lock_guard lock{producer_.mutex};
    if (streams_.empty() && producer_.login.url.cluster) {
      connected_ = true;  // nothing of ours lies there
      return true;
    }
  }
  auto connected = RespConnection::connect(producer_.login, node_);
  Result<void, BusError> checked;
  if (connected) checked = check_server(**connected, producer_.login.url);
  if (connected && checked) {
    connection_ = std::move(*connected);
    pause_ = producer_.options.reconnect_min;
    const std::lock_guard lock{producer_.mutex};
    connected_ = true;
    trouble_.clear();
    return true;
  }
  lose(connected ? checked.error() : connected.error());
  if (!producer_.login.url.cluster) return false;
  // Another node may have our slots by now.
  nodes_.forget();
  std::vector<std::string> names;
  {
    const std::lock_guard lock{producer_.mutex};
    for (const auto* stream : streams_) names.push_back(stream->log.stream());
  }
  for (const auto& name : names) {
    const auto now_at = nodes_.node_of(name);
    if (!now_at) return false;
    if (*now_at == node_) continue;
    const std::lock_guard lock{producer_.mutex};
    auto& stream = producer_.streams.find(name)->second;
    stream.held = true;
    stream.move_to = *now_at;
  }
  return false;
}

void RedisLane::lose(const BusError& why) {
  connection_.reset();
  in_flight_.clear();
  retry_at_ = Clock::now() + pause_;
  pause_ = std::min(pause_ * 2, producer_.options.reconnect_max);
  const std::lock_guard lock{producer_.mutex};
  connected_ = false;
  trouble_ = why.what;
  for (auto* stream : streams_) {
    stream->in_flight = 0;
    stream->placed = stream->placing = stream->asking = false;
    change_log(producer_, *stream, [](RedisLog& log) { log.send_again(); });
  }
}

bool RedisLane::gather() {
  const std::lock_guard lock{producer_.mutex};
  const auto now = Clock::now();
  const bool mute = now < retry_at_;
  std::vector<RedisStream*> leaving;
  bool waits = false;
  for (auto* stream : streams_) {
    settle_held(*stream, leaving);
    waits = waits || stream->log.has_waiting();
    if (connection_ && !mute && !stream->move_to && !stream->held && !stream->placed && !stream->placing &&
        !stream->log.holds_nothing())
      ask_place(*stream);
  }
  if (!producer_.stopping)
    for (auto* stream : leaving) {
      std::erase(streams_, stream);
      producer_.lane_to(*std::exchange(stream->move_to, std::nullopt)).add(*stream);
    }
  if (producer_.stopping && (!waits || now >= producer_.drain_until || !producer_.fenced.empty()))
    return false;
  if (connection_ && !mute && !streams_.empty()) {
    std::size_t idle_streams = 0;
    while (connection_->out().size() < out_bytes_max && in_flight_.size() < in_flight_max &&
           idle_streams < streams_.size()) {
      next_stream_ = (next_stream_ + 1) % streams_.size();
      idle_streams = fill_from(*streams_[next_stream_]) ? 0 : idle_streams + 1;
    }
  }
  const bool nothing_to_send = !connection_ || !connection_->has_out();
  sleeping_ = nothing_to_send;
  return true;
}

void RedisLane::settle_held(RedisStream& stream, std::vector<RedisStream*>& leaving) {
  if (stream.in_flight > 0) return;
  if (stream.held) {
    change_log(producer_, stream, [](RedisLog& log) { log.send_again(); });
    stream.held = false;
    if (stream.move_to) {
      stream.placed = false;
      leaving.push_back(&stream);
    }
    return;
  }
  // What is left is only what was given up.
  if (stream.placed && stream.log.has_waiting() && !stream.log.has_unsent())
    change_log(producer_, stream, [](RedisLog& log) { log.give_up(log.last()); });
}

void RedisLane::ask_place(RedisStream& stream) {
  if (in_flight_.empty()) progress_ = Clock::now();
  if (stream.asking) {
    connection_->append({"ASKING"});
    in_flight_.push_back({&stream, 0, Sent::asking});
    ++stream.in_flight;
  }
  connection_->append({"XINFO", "STREAM", stream.log.stream()});
  in_flight_.push_back({&stream, 0, Sent::place});
  ++stream.in_flight;
  stream.placing = true;
}

bool RedisLane::fill_from(RedisStream& stream) {
  if (!stream.placed || stream.held) return false;
  if (in_flight_.empty()) progress_ = Clock::now();
  int sent = 0;
  for (; sent < records_in_a_row && stream.log.has_unsent(); ++sent) {
    const std::string* command = stream.log.send_next();
    if (command == nullptr) break;
    if (stream.asking) {
      connection_->append({"ASKING"});
      in_flight_.push_back({&stream, 0, Sent::asking});
      ++stream.in_flight;
    }
    connection_->out().append(*command);
    in_flight_.push_back({&stream, stream.log.sent(), Sent::record});
    ++stream.in_flight;
  }
  return sent > 0;
}

void RedisLane::wait_for_news() {
  std::array<pollfd, 2> handles{pollfd{wake_handle_, POLLIN, 0}, pollfd{-1, 0, 0}};
  if (connection_)
    handles[1] = {connection_->handle(), static_cast<short>(POLLIN | (connection_->has_out() ? POLLOUT : 0)),
                  0};
  auto until = Clock::time_point::max();
  if (!in_flight_.empty()) until = progress_ + producer_.options.timeout;
  if (const auto now = Clock::now(); retry_at_ > now) until = std::min(until, retry_at_);
  {
    const std::lock_guard lock{producer_.mutex};
    if (producer_.stopping) until = std::min(until, producer_.drain_until);
  }
  int ms = -1;
  if (until != Clock::time_point::max())
    ms = static_cast<int>(std::max<std::int64_t>(
        0, std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count()));
  (void)::poll(handles.data(), handles.size(), ms);
  if ((handles[0].revents & POLLIN) != 0) {
    std::uint64_t times = 0;
    (void)::read(wake_handle_, &times, sizeof times);
  }
  const std::lock_guard lock{producer_.mutex};
  sleeping_ = false;
}

Result<void, BusError> RedisLane::hear() {
  if (auto read = connection_->read_some(); !read) return read;
  const auto now = Clock::now();
  const std::lock_guard lock{producer_.mutex};
  for (;;) {
    const auto answer = connection_->next_answer();
    if (!answer) return std::unexpected{answer.error()};
    if (!*answer) break;
    if (in_flight_.empty()) return std::unexpected{connection_->lost("it answers what nobody asked")};
    progress_ = now;
    const Question question = in_flight_.front();
    in_flight_.pop_front();
    --question.stream->in_flight;
    answered(question, **answer);
  }
  if (!in_flight_.empty() && now - progress_ >= producer_.options.timeout)
    return std::unexpected{connection_->lost("it does not answer")};
  return {};
}

void RedisLane::answered(const Question& question, RespWalk answer) {
  RedisStream& stream = *question.stream;
  if (question.what == Sent::asking) return;
  if (question.what == Sent::place) {
    stream.placing = false;
    placed(stream, answer);
    return;
  }
  const RespValue told = answer.next();
  if (told.type == RespType::error) {
    refused(stream, question.number, told.text);
    return;
  }
  change_log(producer_, stream, [&](RedisLog& log) { log.take(question.number); });
  stream.redirected = 0;
  producer_.keep_limits(stream);
  if (!trouble_.empty()) {
    trouble_.clear();
    pause_ = producer_.options.reconnect_min;
  }
}

void RedisLane::placed(RedisStream& stream, RespWalk answer) {
  const RespValue told = answer.next();
  EntryId top;
  if (told.type == RespType::error) {
    if (!told.text.starts_with("ERR no such key")) return refused(stream, 0, told.text);
  } else {
    for (std::int64_t pair = 0; pair < told.number / 2; ++pair) {
      if (answer.next().text != "last-generated-id") {
        answer.skip();
        continue;
      }
      const auto id = parse_entry_id(answer.next().text);
      if (!id) return refused(stream, 0, "it has entries whose ids are not EPOCH-NUMBER");
      top = *id;
    }
  }
  if (top.epoch > producer_.options.epoch) {
    producer_.fenced = fmt::format(
        "{} at {} is written by a run of epoch {}, ours is {}: this producer has stopped; end one of "
        "the two",
        stream.log.stream(), node_.text(), top.epoch, producer_.options.epoch);
    for (auto& [name, each] : producer_.streams)
      change_log(producer_, each, [](RedisLog& log) { log.give_up_all(); });
    return;
  }
  const auto number = top.epoch == producer_.options.epoch ? top.number : 0;
  change_log(producer_, stream, [&](RedisLog& log) { log.place(number); });
  stream.placed = true;
}

void RedisLane::refused(RedisStream& stream, std::uint64_t number, std::string_view error) {
  const auto pause = [&] {
    stream.held = true;
    trouble_ = fmt::format("Redis at {} does not take {} now: {}", node_.text(), stream.log.stream(), error);
    if (retry_at_ > Clock::now()) return;
    retry_at_ = Clock::now() + pause_;
    pause_ = std::min(pause_ * 2, producer_.options.reconnect_max);
  };
  switch (wish_of(error)) {
    case RedisWish::moved:
    case RedisWish::ask:
      stream.held = true;
      if (producer_.login.url.cluster && stream.redirected < redirects_max) {
        stream.move_to = redirection(error, node_);
        stream.asking = error.starts_with("ASK ");
        if (!stream.move_to) return pause();
        if (*stream.move_to == node_) stream.move_to.reset();
        ++stream.redirected;
        return;
      }
      stream.redirected = 0;
      pause();
      if (!producer_.login.url.cluster) trouble_ += "; it is a cluster: bus.url begins with redis+cluster://";
      return;
    case RedisWish::passed:  // by our own earlier connection, or by somebody else: placing tells
      stream.held = true;
      stream.placed = false;
      return;
    case RedisWish::wait:
    case RedisWish::full:
      return pause();
    case RedisWish::refuse:
    case RedisWish::other:
      break;
  }
  if (number == 0) return pause();  // without its place nothing may go out
  change_log(producer_, stream, [&](RedisLog& log) { log.give_up(number); });
  producer_.dropped_trouble = fmt::format(
      "Redis at {} refused record {} of {}: {}; give the user XADD, XINFO, "
      "XTRIM and INFO on this key",
      node_.text(), number, stream.log.stream(), error);
}

}  // namespace mlbot::io::bus
