// docs/reference/bus.md says byte by byte what a record is: its tables are made from the structs themselves,
// so a consumer in another language reads what is written today. MLBOT_WRITE=1 writes them anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>

#include "io/bus/redis_schema.h"

namespace mlbot::io::bus {
namespace {

std::string text_of_file(const std::string& name) {
  std::ifstream in{std::string{MLBOT_SOURCE_DIR} + "/" + name};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// Everything that src/domain says, without comments, on one line.
std::string domain_headers() {
  std::string all;
  for (const char* name :
       {"units", "instrument", "settings", "reason", "event", "command", "decision", "route", "frame", "record"})
    all += text_of_file("src/domain/" + std::string{name} + ".h") + "\n";
  all = std::regex_replace(all, std::regex{"//[^\n]*"}, "");
  return std::regex_replace(all, std::regex{"\\s+"}, " ");
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  std::stringstream in{text};
  for (std::string part; std::getline(in, part, ',');)
    if (part = std::regex_replace(part, std::regex{"^\\s+|\\s+$"}, ""); !part.empty()) parts.push_back(part);
  return parts;
}

/// How bus.md calls the form of a C++ type.
std::string form_of(std::string type) {
  static const std::map<std::string, std::string> forms{{"bool", "bool"},
                                                        {"std::uint8_t", "u8"},
                                                        {"double", "f64"},
                                                        {"std::uint16_t", "varint"},
                                                        {"std::uint32_t", "varint"},
                                                        {"std::uint64_t", "varint"},
                                                        {"std::int32_t", "zigzag"},
                                                        {"std::int64_t", "zigzag"},
                                                        {"E8", "e8"},
                                                        {"PriceTicks", "ticks"},
                                                        {"Lots", "lots"},
                                                        {"Instant", "time"},
                                                        {"Duration", "zigzag"},
                                                        {"SymbolId", "symbol"},
                                                        {"Sequence", "varint"},
                                                        {"SymbolName", "text"},
                                                        {"ClientOrderId", "text"},
                                                        {"VenueId", "text"},
                                                        {"VenueText", "text"}};
  std::smatch inside;
  if (type.starts_with("InlineText<")) return "text";
  if (std::regex_match(type, inside, std::regex{"std::optional<(.*)>"})) return form_of(inside[1]) + "?";
  if (type == "std::span<const BookLevel>") return "levels";
  if (std::regex_match(type, inside, std::regex{"std::span<const (.*)>"}))
    return "[" + form_of(inside[1]) + "]";
  if (std::regex_match(type, inside, std::regex{"std::array<(.*), (.*)>"}))
    return form_of(inside[1]) + " x " + (inside[2] == "feature_count" ? "142" : inside[2].str());
  const auto known = forms.find(type);
  return known != forms.end() ? known->second : type;
}

/// Name to form, of every struct's fields.
std::map<std::string, std::map<std::string, std::string>> fields_of_structs(std::string headers) {
  headers = std::regex_replace(headers, std::regex{R"(\{[^{};]*\}(?=[,;]))"}, "");  // what fields begin with
  headers = std::regex_replace(headers, std::regex{" = [^,;]*"}, "");
  std::map<std::string, std::map<std::string, std::string>> structs;
  const std::regex structure{R"(struct (\w+) \{(.*?)\};)"};
  const std::regex field{R"(((?:std::)?\w+(?:<[^;{}=]*>)?) ((?:\w+(?:, )?)+);)"};
  for (std::sregex_iterator at{headers.begin(), headers.end(), structure}, end; at != end; ++at) {
    const std::string body = (*at)[2];
    for (std::sregex_iterator f{body.begin(), body.end(), field}; f != end; ++f)
      for (const auto& name : split((*f)[2])) structs[(*at)[1]][name] = form_of((*f)[1]);
  }
  return structs;
}

std::string tables() {
  const auto headers = domain_headers();
  const auto structs = fields_of_structs(headers);
  std::string codec = std::regex_replace(text_of_file("src/domain/record.cpp"), std::regex{"\\s+"}, " ");
  std::map<std::string, std::string> rows;
  std::string order;
  const std::regex listed{R"(is_same_v<S, (\w+)>\) (?:a\(([^;]*)\)|\(void\)a);)"};
  const auto add = [&](const std::string& name, const std::string& list) {
    std::string row;
    for (auto field : split(list)) {
      field = field.substr(field.find('.') + 1);
      const auto structure = structs.find(name);
      const bool known = structure != structs.end() && structure->second.contains(field);
      EXPECT_TRUE(known) << name << "." << field << " was not found in src/domain";
      row += (row.empty() ? "" : ", ") + field + " " + (known ? structure->second.at(field) : "");
    }
    order += "| " + name + " | " + (row.empty() ? "nothing" : row) + " |\n";
  };
  for (std::sregex_iterator at{codec.begin(), codec.end(), listed}, end; at != end; ++at)
    add((*at)[1], (*at)[2]);
  add("BookUpdate", "v.symbol, v.kind, v.update_id, v.cross_sequence, v.matched_at, v.bids, v.asks");

  std::string out = "### What an event or a command may be\n\n| number | event | command |\n|---|---|---|\n";
  const auto alternatives = [&](const std::string& name) {
    std::smatch found;
    EXPECT_TRUE(std::regex_search(headers, found, std::regex{"using " + name + " = std::variant<([^>]*)>"}));
    return split(found[1]);
  };
  const auto events = alternatives("Event"), commands = alternatives("Command");
  for (std::size_t i = 0; i < std::max(events.size(), commands.size()); ++i)
    out += "| " + std::to_string(i) + " | " + (i < events.size() ? events[i] : "") + " | " +
           (i < commands.size() ? commands[i] : "") + " |\n";
  out += "\n### Fields, in the order in which they are written\n\n| struct | fields |\n|---|---|\n" + order;
  out += "\n### Words that are one byte\n\n| word | values from 0 on |\n|---|---|\n";
  const std::regex words{R"(enum class (\w+) : std::uint8_t \{([^}]*)\})"};
  for (std::sregex_iterator at{headers.begin(), headers.end(), words}, end; at != end; ++at) {
    if ((*at)[1] == "FrameTrigger") continue;  // bits, said in the text
    std::string row;
    for (const auto& word : split((*at)[2])) row += (row.empty() ? "" : ", ") + word;
    out += "| " + (*at)[1].str() + " | " + row + " |\n";
  }
  return out;
}

TEST(BusReference, ItsTablesAreTheStructsOfToday) {
  const std::string file = "docs/reference/bus.md";
  const std::string page = text_of_file(file), begin = "<!-- tables -->\n", end = "<!-- end of tables -->";
  const auto from = page.find(begin), to = page.find(end);
  ASSERT_NE(from, page.npos) << file;
  ASSERT_NE(to, page.npos) << file;
  const auto made = page.substr(0, from + begin.size()) + tables() + page.substr(to);
  if (made != page && std::getenv("MLBOT_WRITE") != nullptr)
    std::ofstream{std::string{MLBOT_SOURCE_DIR} + "/" + file} << made;
  else
    EXPECT_TRUE(made == page) << file << " is not what src/domain says; write it anew: MLBOT_WRITE=1 "
                              << "build/release/bin/mlbot_io_bus_test --gtest_filter='BusReference.*'";
}

TEST(BusReference, TheSchemasNameAndTheFirstByteAreOneVersion) {
  std::string bytes;
  encode(Record{Decision{}}, bytes);
  EXPECT_EQ("mlbot.record." + std::to_string(bytes.front()), record_schema)
      << "the encoding of domain/record.cpp changed: change io/bus/redis_schema.h with it";
}

}  // namespace
}  // namespace mlbot::io::bus
