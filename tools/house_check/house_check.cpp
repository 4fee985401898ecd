#include "house_check/house_check.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <regex>
#include <span>
#include <string_view>

namespace mlbot::house {
namespace {

namespace fs = std::filesystem;
using Names = std::vector<std::string_view>;

/// A room and the rooms whose headers it may include; its own are always allowed. The longest matching room
/// counts.
const std::map<std::string_view, Names> may_know{
    {"base", {}},
    {"domain", {"base"}},
    {"core/book", {"base", "domain"}},
    {"core/intake", {"base", "domain", "core/book"}},
    {"core/features", {"base", "domain", "core/book"}},
    {"core/models", {"base", "domain"}},
    {"core/account", {"base", "domain"}},
    {"core/orders", {"base", "domain", "core/account"}},
    {"core/trading", {"base", "domain", "core/models", "core/orders", "core/account"}},
    {"core", {"base", "domain", "core"}},
    {"venue/bybit", {"base", "domain"}},
    {"sim", {"base", "domain"}},
    {"lab", {"base", "domain", "core/features", "core/models"}},
    {"io", {"base", "domain", "venue", "io"}},
    {"shell", {"base", "domain", "core", "venue", "sim", "lab", "io", "shell"}},
};

/// A dependency and the one folder that may include it.
const std::vector<std::pair<std::string_view, std::string_view>> touched_by{
    {"openssl/", "base"},     {"sleef", "base"},           {"xxhash", "base"},
    {"nlohmann/", "base"},    {"simdjson", "venue/bybit"}, {"boost/", "io/net"},
    {"duckdb", "io/archive"}, {"zlib", "io/archive"},      {"hiredis/", "io/bus"},
    {"zstd", "io/journal"},   {"xgboost/", "lab"},         {"toml++/", "shell/service"},
    {"CLI/", "shell"},
};

struct Ban {
  Names rooms;
  const char* pattern;
  std::string_view why;
};
const Names deterministic{"core", "sim", "lab", "domain", "venue"};
const std::vector<Ban> bans{
    {deterministic, R"(\b(system_clock|steady_clock|high_resolution_clock|gettimeofday|clock_gettime)\b)",
     "time arrives with the event; it is never fetched"},
    {deterministic, R"(\b(random_device|mt19937|srand)\b|\brand\(\))",
     "chance comes from a seeded stream (base/prng.h)"},
    {deterministic, R"(\bstd::(thread|jthread|mutex|async)\b)", "no threads in this room"},
    {deterministic, R"(\bgetenv\b)", "settings arrive as values"},
    {{"core", "sim", "lab"},
     R"(\bstd::(exp|log|log2|log10|pow|tanh|sin|cos|sincos)\()",
     "transcendental functions come from base/exact_math.h"},
    {{"core", "sim", "lab"}, R"(\bstd::unordered_)", "iteration order must not depend on hashing"},
    {{"core", "domain", "sim"}, R"(\b(std::cout|std::cerr|printf|fprintf)\b)", "this room does not print"},
    {{"core", "domain", "sim", "lab", "base"}, R"(\b[Bb]ybit\b)", "this room has never heard of a venue"},
    {{"base"}, R"(\b(Bid|Ask|Trade|Order|Symbol)\b)", "base knows no market word"},
    {{""}, R"(\b(TODO|FIXME|XXX|HACK)\b)", "finish it or write it down in docs/"},
};

constexpr int line_limit = 800;
constexpr int readme_limit = 25;

bool below(std::string_view room, std::string_view of) {
  return of.empty() || room == of || (room.starts_with(of) && room[of.size()] == '/');
}

template <class Map>
std::string_view longest_room(const Map& rooms, std::string_view path) {
  std::string_view best;
  for (const auto& [room, ignored] : rooms)
    if (below(path, room) && room.size() >= best.size()) best = room;
  return best;
}

std::vector<std::string> lines_of(const fs::path& file) {
  std::ifstream in{file};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// Comments explain in any words; rules are about code.
std::string without_comment(const std::string& line) {
  const auto at = line.find("//");
  return at == std::string::npos ? line : line.substr(0, at);
}

class Checker {
 public:
  explicit Checker(const fs::path& root) : root_{root} {
    for (const auto& ban : bans) patterns_.emplace_back(ban.pattern);
  }

  std::vector<Finding> run() {
    if (!fs::is_directory(root_ / "src")) {
      findings_.push_back({(root_ / "src").string(), 0, "no src folder here: the check could not run"});
      return findings_;
    }
    for (const auto* top : {"src", "tests", "bench", "tools", "web/src"})
      if (fs::is_directory(root_ / top))
        for (auto entry = fs::recursive_directory_iterator{root_ / top}; entry != fs::end(entry); ++entry) {
          if (entry->path().filename() == "node_modules")
            entry.disable_recursion_pending();  // others' work
          else if (entry->is_regular_file())
            check_file(entry->path());
        }
    for (const auto& [room, ignored] : may_know) check_readme(room);
    std::sort(findings_.begin(), findings_.end(), [](const Finding& a, const Finding& b) {
      return std::tie(a.file, a.line) < std::tie(b.file, b.line);
    });
    return findings_;
  }

 private:
  void check_file(const fs::path& path) {
    static const std::array<std::string_view, 6> sources{".h", ".cpp", ".ts", ".css", ".mjs", ".html"};
    const auto extension = path.extension().string();
    if (std::find(sources.begin(), sources.end(), extension) == sources.end()) return;
    const auto name = fs::relative(path, root_).generic_string();
    if (name.starts_with("tools/house_check")) return;  // it must name what it forbids
    const auto lines = lines_of(path);
    if (lines.size() > line_limit)
      findings_.push_back({name, line_limit + 1, "a file has at most 800 lines: split it by purpose"});
    const bool in_src = name.starts_with("src/");
    const std::string room = in_src ? fs::path{name.substr(4)}.parent_path().generic_string() : "";
    const bool is_test = name.ends_with("_test.cpp") || name.ends_with("_bench.cpp") ||
                         name.ends_with("_fuzz.cpp") || for_tests(name);
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const int number = static_cast<int>(i) + 1;
      if (in_src && !is_test) check_include(name, number, room, lines[i]);
      check_words(name, number, room, in_src, is_test, lines[i]);
    }
  }

  /// test_*.h and naive_*.h stand beside the code and serve its tests alone.
  static bool for_tests(const fs::path& path) {
    const auto base = path.filename().string();
    return base.starts_with("test_") || base.starts_with("naive_");
  }

  void check_include(const std::string& file, int line, std::string_view room, const std::string& text) {
    static const std::regex include{R"(^\s*#\s*include\s*[<"]([^>"]+)[>"])"};
    std::smatch match;
    if (!std::regex_search(text, match, include)) return;
    const std::string header = match[1];
    for (const auto& [prefix, owner] : touched_by)
      if (header.starts_with(prefix) && !below(room, owner))
        findings_.push_back({file, line, "only " + std::string{owner} + " may include " + header});
    if (for_tests(header)) findings_.push_back({file, line, "only tests may include " + header});
    const auto target = fs::path{header}.parent_path().generic_string();
    static const std::array<std::string_view, 8> tops{"base", "domain", "core", "venue",
                                                      "sim",  "lab",    "io",   "shell"};
    if (std::none_of(tops.begin(), tops.end(), [&](auto top) { return below(target, top); })) return;
    const auto own = longest_room(may_know, room);
    const auto& allowed = may_know.find(own);
    const bool fine = below(target, room) || (allowed != may_know.end() &&
                                              std::any_of(allowed->second.begin(), allowed->second.end(),
                                                          [&](auto other) { return below(target, other); }));
    if (!fine) findings_.push_back({file, line, std::string{room} + " may not know " + header});
  }

  void check_words(const std::string& file, int line, std::string_view room, bool in_src, bool is_test,
                   const std::string& text) {
    const auto code = without_comment(text);
    for (std::size_t i = 0; i < bans.size(); ++i) {
      const auto& ban = bans[i];
      const bool everywhere = ban.rooms.front().empty();
      const bool applies =
          everywhere || (in_src && !is_test && std::any_of(ban.rooms.begin(), ban.rooms.end(), [&](auto of) {
                           return below(room, of);
                         }));
      if (applies && std::regex_search(everywhere ? text : code, patterns_[i]))
        findings_.push_back({file, line, std::string{ban.why}});
    }
  }

  void check_readme(std::string_view room) {
    const auto folder = root_ / "src" / room;
    if (!fs::is_directory(folder)) return;
    const auto readme = folder / "README.md";
    const auto name = fs::relative(readme, root_).generic_string();
    if (!fs::exists(readme))
      findings_.push_back(
          {name, 0, "a room says in a README what it is, what it may know, what it must never do"});
    else if (lines_of(readme).size() > readme_limit)
      findings_.push_back({name, readme_limit + 1, "a room's README has at most 25 lines"});
  }

  fs::path root_;
  std::vector<std::regex> patterns_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> check(const fs::path& root) { return Checker{root}.run(); }

}  // namespace mlbot::house
