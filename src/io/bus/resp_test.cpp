// Our words of the protocol against hiredis', and the log that a producer keeps against its definition.
#include <gtest/gtest.h>
#include <hiredis/hiredis.h>

#include <memory>

#include "base/prng.h"
#include "io/bus/redis_log.h"
#include "io/bus/resp.h"

namespace mlbot::io::bus {
namespace {

/// One line of an answer for comparison: nested brackets and texts.
std::string shown(RespWalk& walk) {
  const auto value = walk.next();
  switch (value.type) {
    case RespType::text:
      return "'" + std::string{value.text} + "'";
    case RespType::error:
      return "!" + std::string{value.text};
    case RespType::integer:
      return std::to_string(value.number);
    case RespType::nil:
      return "nil";
    case RespType::array:
      break;
  }
  std::string out = "[";
  for (std::int64_t i = 0; i < value.number; ++i) out += shown(walk) + ",";
  return out + "]";
}
std::string shown(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
      return "'" + std::string{reply.str, static_cast<std::size_t>(reply.len)} + "'";
    case REDIS_REPLY_ERROR:
      return "!" + std::string{reply.str, static_cast<std::size_t>(reply.len)};
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_NIL:
      return "nil";
    default:
      break;
  }
  std::string out = "[";
  for (std::size_t i = 0; i < reply.elements; ++i) out += shown(*reply.element[i]) + ",";
  return out + "]";
}

std::string random_text(Prng& chance) {
  std::string text(chance.below(chance.below(10) == 0 ? 5'000 : 20), 'x');
  for (char& c : text) c = static_cast<char>(chance.next());
  return text;
}
/// Any answer, nested at most `depth` deep (hiredis knows seven levels).
std::string random_answer(Prng& chance, int depth) {
  std::string out;
  switch (chance.below(depth > 0 ? 8 : 6)) {
    case 0:
      return "+OK\r\n";
    case 1:
      return "-ERR no such thing\r\n";
    case 2:
      return ":" + std::to_string(static_cast<std::int64_t>(chance.next())) + "\r\n";
    case 3:
      return chance.below(2) == 0 ? "$-1\r\n" : "*-1\r\n";
    case 4:
    case 5:
      append_word(out, random_text(chance));
      return out;
    default:
      break;
  }
  const auto count = chance.below(6);
  out = "*" + std::to_string(count) + "\r\n";
  for (std::uint64_t i = 0; i < count; ++i) out += random_answer(chance, depth - 1);
  return out;
}

TEST(Resp, AnswersInAnyPiecesAreThoseOfHiredis) {
  const std::uint64_t seed = 20250617;
  SCOPED_TRACE(seed);
  Prng chance{seed};
  std::string bytes;
  std::vector<std::string> expected;
  const std::unique_ptr<redisReader, void (*)(redisReader*)> reference{redisReaderCreate(), redisReaderFree};
  for (int i = 0; i < 3'000; ++i) {
    const auto answer = random_answer(chance, 5);
    bytes += answer;
    ASSERT_EQ(redisReaderFeed(reference.get(), answer.data(), answer.size()), REDIS_OK);
    void* reply = nullptr;
    ASSERT_EQ(redisReaderGetReply(reference.get(), &reply), REDIS_OK);
    ASSERT_NE(reply, nullptr);
    expected.push_back(shown(*static_cast<redisReply*>(reply)));
    freeReplyObject(reply);
  }
  RespParser parser;
  std::size_t heard = 0;
  for (std::string_view rest = bytes; !rest.empty();) {
    const auto piece = rest.substr(0, 1 + chance.below(chance.below(2) == 0 ? 7 : 9'000));
    std::ranges::copy(piece, parser.room(piece.size()).begin());
    parser.fill(piece.size());
    rest.remove_prefix(piece.size());
    for (;;) {
      const auto whole = parser.next();
      ASSERT_TRUE(whole) << whole.error();
      if (!*whole) break;
      auto walk = parser.walk();
      ASSERT_EQ(shown(walk), expected[heard]) << "answer " << heard;
      ++heard;
    }
  }
  EXPECT_EQ(heard, expected.size());
}

TEST(Resp, CommandsAreThoseOfHiredis) {
  Prng chance{7};
  for (int i = 0; i < 200; ++i) {
    std::vector<std::string> words{"XADD"};
    for (auto more = chance.below(6); more > 0; --more) words.push_back(random_text(chance));
    std::vector<std::string_view> views{words.begin(), words.end()};
    std::vector<const char*> starts;
    std::vector<std::size_t> sizes;
    for (const auto& word : words) {
      starts.push_back(word.data());
      sizes.push_back(word.size());
    }
    char* reference = nullptr;
    const int size =
        redisFormatCommandArgv(&reference, static_cast<int>(words.size()), starts.data(), sizes.data());
    std::string out;
    append_command(out, views);
    EXPECT_EQ(out, (std::string_view{reference, static_cast<std::size_t>(size)}));
    redisFreeCommand(reference);
  }
}

TEST(Resp, NonsenseIsAnErrorNotAWait) {
  for (const std::string_view bad :
       {"hello\r\n", "\r\n", ":x\r\n", "$1x\r\n", "*9999999\r\n", "$99999999999\r\n"}) {
    RespParser parser;
    std::ranges::copy(bad, parser.room(bad.size()).begin());
    parser.fill(bad.size());
    EXPECT_FALSE(parser.next()) << bad;
  }
}

/// What a log should hold, number by number.
TEST(RedisLog, ItSendsEveryRecordInOrderWhateverTheServerLosesOrRefuses) {
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    Prng chance{seed};
    RedisLog log{"a", 1};
    std::vector<std::uint64_t> server;  // numbers that are in the stream
    const auto number_in = [](const std::string& command) {
      const auto dash = command.find("1-");
      return std::stoull(command.substr(dash + 2));
    };
    std::uint64_t most_retained = 0;
    for (int step = 0; step < 2'000; ++step) {
      switch (chance.below(7)) {
        case 0:
        case 1:
          log.push({}, std::string(chance.below(50), 'x'));
          break;
        case 2:
        case 3:
        case 4:  // one goes out and is taken at once
          if (const auto* next = log.send_next(); next != nullptr) {
            const auto number = number_in(*next);
            ASSERT_EQ(number, log.sent());
            ASSERT_TRUE(server.empty() || number > server.back());
            server.push_back(number);
            log.take(number);
          }
          break;
        case 5:  // the server forgets its tail, or nothing
          if (chance.below(20) == 0) {
            server.resize(server.size() - chance.below(std::min<std::size_t>(server.size(), 5) + 1));
            log.place(server.empty() ? 0 : server.back());
          }
          break;
        default:
          if (chance.below(10) == 0) log.give_up_half();
          if (chance.below(3) == 0) log.forget_oldest();
          break;
      }
      most_retained = std::max<std::uint64_t>(most_retained, log.retained_bytes());
    }
    while (const auto* next = log.send_next()) {
      server.push_back(number_in(*next));
      log.take(server.back());
    }
    log.give_up(log.last());
    EXPECT_EQ(log.delivered() + log.dropped(), log.last()) << "each is counted once";
    EXPECT_FALSE(log.has_waiting());
    EXPECT_EQ(log.waiting_bytes(), 0u);
    while (log.forget_oldest()) {
    }
    EXPECT_EQ(log.retained_bytes(), 0u);
    EXPECT_TRUE(std::ranges::is_sorted(server));
  }
}

}  // namespace
}  // namespace mlbot::io::bus
