#include "io/bus/redis_log.h"

#include <algorithm>
#include <array>

#include "base/assert.h"
#include "io/bus/resp.h"

namespace mlbot::io::bus {

RedisLog::RedisLog(std::string_view stream, std::uint32_t epoch)
    : stream_{stream}, epoch_{std::to_string(epoch) + "-"}, head_{"*5\r\n$4\r\nXADD\r\n"} {
  append_word(head_, stream);
}

void RedisLog::push(Sequence sequence, std::string_view record) {
  std::array<char, 48> id;
  char* end = std::ranges::copy(epoch_, id.data()).out;
  end = std::to_chars(end, id.data() + id.size(), ++last_).ptr;
  std::array<char, sequence_bytes> raw;
  std::memcpy(raw.data(), &sequence.number, raw.size());
  std::array<char, 24> size;
  const auto value_bytes = record.size() + raw.size();
  char* const size_end = std::to_chars(size.data(), size.data() + size.size(), value_bytes).ptr;

  std::string& command = commands_.emplace_back();
  command.reserve(head_.size() + value_bytes + 80);
  command.append(head_);
  append_word(command, {id.data(), static_cast<std::size_t>(end - id.data())});
  append_word(command, record_schema);
  command.push_back('$');
  command.append(size.data(), static_cast<std::size_t>(size_end - size.data())).append("\r\n");
  command.append(raw.data(), raw.size()).append(record).append("\r\n");
  waiting_bytes_ += command.size();
  if (last_ <= top_) {  // the server has it from before
    settle(last_, true);
    sent_ = acked_;
  }
}

void RedisLog::start_behind(std::uint64_t number) {
  MLBOT_ASSERT(commands_.empty());
  first_ = number + 1;
  acked_ = sent_ = last_ = counted_ = number;
}

const std::string* RedisLog::send_next() {
  while (sent_ < last_)
    if (const std::string& next = command(++sent_); !next.empty()) return &next;
  return nullptr;
}

void RedisLog::move_acked(std::uint64_t number) {
  for (; acked_ < number; ++acked_) {
    const std::size_t bytes = command(acked_ + 1).size();
    waiting_bytes_ -= bytes;
    retained_bytes_ += bytes;
  }
  for (; acked_ > number; --acked_) {
    const std::size_t bytes = command(acked_).size();
    waiting_bytes_ += bytes;
    retained_bytes_ -= bytes;
  }
}

void RedisLog::place(std::uint64_t number) {
  top_ = number;
  const auto ours = std::clamp(number, first_ - 1, last_);
  for (counted_ = std::max(counted_, std::min(acked_, ours)); counted_ < ours; ++counted_)
    ++(command(counted_ + 1).empty() ? dropped_ : delivered_);
  move_acked(ours);
  sent_ = acked_;
}

void RedisLog::settle(std::uint64_t number, bool taken) {
  for (; counted_ < number; ++counted_) ++(taken && counted_ + 1 == number ? delivered_ : dropped_);
  if (number <= acked_) return;
  move_acked(number);
  sent_ = std::max(sent_, acked_);
}

bool RedisLog::give_up_half() {
  const std::uint64_t from = sent_ + 1, to = sent_ + (last_ - sent_ + 1) / 2;
  bool any = false;
  for (auto number = from; number <= to; ++number) {
    any = any || !command(number).empty();
    waiting_bytes_ -= command(number).size();
    command(number) = {};
  }
  if (sent_ == acked_ && to >= from) settle(to, false);
  return any;
}

void RedisLog::give_up_all() { settle(last_, false); }

bool RedisLog::forget_oldest() {
  if (first_ > acked_) return false;
  retained_bytes_ -= commands_.front().size();
  commands_.pop_front();
  ++first_;
  return true;
}

}  // namespace mlbot::io::bus
