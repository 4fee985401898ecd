#include "shell/guard/beat.h"

#include <cstring>

#include "base/digest.h"
#include "base/json.h"
#include "io/files/files.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t trouble_max = 400;

template <class Number>
bool read(const Json& json, const char* key, Number& out) {
  const auto found = json.find(key);
  if (found == json.end() || !found->is_number_integer()) return false;
  out = found->get<Number>();
  return true;
}

}  // namespace

std::string to_message(const Beat& beat) {
  return Json{{"process", beat.process},
              {"number", beat.number},
              {"sequence", beat.sequence},
              {"leaving", beat.leaving}}
      .dump();
}

std::string to_message(const BeatAnswer& answer) {
  return Json{{"number", answer.number},         {"build", answer.build},
              {"cancels", answer.cancels},       {"closes", answer.closes},
              {"silence_ms", answer.silence_ms}, {"trouble", answer.trouble.substr(0, trouble_max)}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<Beat> read_beat(std::string_view message) {
  const Json json = Json::parse(message, nullptr, false);
  Beat out;
  if (!json.is_object() || !read(json, "process", out.process) || !read(json, "number", out.number) ||
      !read(json, "sequence", out.sequence))
    return std::nullopt;
  out.leaving = json.contains("leaving") && json["leaving"] == true;
  return out;
}

std::optional<BeatAnswer> read_answer(std::string_view message) {
  const Json json = Json::parse(message, nullptr, false);
  BeatAnswer out;
  if (!json.is_object() || !read(json, "number", out.number) || !read(json, "build", out.build) ||
      !read(json, "cancels", out.cancels) || !read(json, "closes", out.closes) ||
      !read(json, "silence_ms", out.silence_ms))
    return std::nullopt;
  if (json.contains("trouble") && json["trouble"].is_string())
    out.trouble = json["trouble"].get<std::string>();
  return out;
}

std::uint64_t own_build() {
  static const std::uint64_t build = [] {
    const auto program = io::files::read_file("/proc/self/exe", 4ULL << 30);
    if (!program) return std::uint64_t{0};
    const auto hash = sha256(*program);
    std::uint64_t out = 0;
    std::memcpy(&out, hash.data(), sizeof(out));
    return out;
  }();
  return build;
}

}  // namespace mlbot::shell
