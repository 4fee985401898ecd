#include "io/bus/resp.h"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace mlbot::io::bus {
namespace {

constexpr std::size_t answer_bytes_max = 64 << 20;
constexpr std::uint64_t values_max = 1'000'000;

void append_size(std::string& out, char sign, std::size_t size) {
  char digits[24];
  digits[0] = sign;
  char* end = std::to_chars(digits + 1, digits + 22, size).ptr;
  *end++ = '\r';
  *end++ = '\n';
  out.append(digits, static_cast<std::size_t>(end - digits));
}

}  // namespace

void append_word(std::string& out, std::string_view word) {
  append_size(out, '$', word.size());
  out.append(word).append("\r\n");
}

void append_command(std::string& out, std::span<const std::string_view> words) {
  append_size(out, '*', words.size());
  for (const auto word : words) append_word(out, word);
}

RespValue RespWalk::next() {
  if (node_ == end_) return {};
  const Node& node = *node_++;
  if (node.type == RespType::text || node.type == RespType::error)
    return {node.type, {bytes_ + node.at, static_cast<std::size_t>(node.number)}, 0};
  return {node.type, {}, node.number};
}

void RespWalk::skip() {
  for (std::int64_t left = 1; left > 0; --left) {
    const RespValue value = next();
    if (value.type == RespType::array) left += value.number;
  }
}

std::span<char> RespParser::room(std::size_t size) {
  if (nodes_.empty() || whole_) {  // nobody looks into the buffer: what is left may move to its front
    nodes_.clear();
    if (whole_) begin_ = at_;
    whole_ = false;
    if (begin_ == end_) {
      begin_ = at_ = end_ = 0;
    } else if (begin_ > 0 && buffer_.size() - end_ < size) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      at_ -= begin_;
      end_ -= begin_;
      begin_ = 0;
    }
  }
  if (buffer_.size() - end_ < size) buffer_.resize(std::max(buffer_.size() * 2, end_ + size));
  return {buffer_.data() + end_, buffer_.size() - end_};
}

bool RespParser::line(std::string_view& out) {
  if (at_ == end_) return false;
  const char* from = buffer_.data() + at_;
  const auto* end = static_cast<const char*>(std::memchr(from, '\n', end_ - at_));
  if (end == nullptr || end == from || end[-1] != '\r') return false;
  out = {from, static_cast<std::size_t>(end - 1 - from)};
  return true;
}

Result<bool, std::string> RespParser::next() {
  if (whole_) {
    begin_ = at_;
    nodes_.clear();
    whole_ = false;
  }
  if (nodes_.empty()) missing_ = 1;
  while (missing_ > 0) {
    std::string_view words;
    if (!line(words)) {
      if (end_ - begin_ > answer_bytes_max) return std::unexpected{"an answer without an end"};
      return false;
    }
    if (words.empty()) return std::unexpected{"an empty answer"};
    const char kind = words[0];
    words.remove_prefix(1);
    RespWalk::Node node{RespType::text, at_ + 1, static_cast<std::int64_t>(words.size())};
    const std::size_t behind = at_ + words.size() + 3;
    if (kind == '+' || kind == '-') {
      if (kind == '-') node.type = RespType::error;
      at_ = behind;
    } else {
      std::int64_t number = 0;
      const auto [end, error] = std::from_chars(words.data(), words.data() + words.size(), number);
      if (error != std::errc{} || end != words.data() + words.size())
        return std::unexpected{"a number that is none"};
      node.number = number;
      if (kind == ':') {
        node.type = RespType::integer;
        at_ = behind;
      } else if (number < 0 && (kind == '$' || kind == '*')) {
        node.type = RespType::nil;
        at_ = behind;
      } else if (kind == '$') {
        const auto size = static_cast<std::size_t>(number);
        if (size > answer_bytes_max) return std::unexpected{"a text beyond any size"};
        if (end_ - behind < size + 2) return false;
        node.at = behind;
        at_ = behind + size + 2;
      } else if (kind == '*') {
        missing_ += static_cast<std::uint64_t>(number);
        if (missing_ + nodes_.size() > values_max) return std::unexpected{"an answer of too many values"};
        node.type = RespType::array;
        at_ = behind;
      } else {
        return std::unexpected{"no Redis answers like this"};
      }
    }
    nodes_.push_back(node);
    --missing_;
  }
  whole_ = true;
  return true;
}

RespWalk RespParser::walk() const {
  RespWalk walk;
  walk.node_ = nodes_.data();
  walk.end_ = nodes_.data() + nodes_.size();
  walk.bytes_ = buffer_.data();
  return walk;
}

}  // namespace mlbot::io::bus
