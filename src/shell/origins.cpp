#include "shell/origins.h"

#include <fmt/format.h>

#include <sstream>

#include "io/files/files.h"
#include "shell/markets.h"

namespace mlbot::shell {

std::vector<io::archive::Origin> read_origins(const std::string& file) {
  std::vector<io::archive::Origin> out;
  const auto text = io::files::read_file(file);
  if (!text) return out;
  std::istringstream lines{*text};
  std::uint64_t first = 0;
  for (std::string word; lines >> first >> word;) out.push_back({{first}, word});
  return out;
}

Result<void, std::string> note_origin(const std::string& file, Sequence first, const std::string& source) {
  auto origins = read_origins(file);
  if ((origins.empty() ? "live" : origins.back().source) == source) return {};
  origins.push_back({first, source});
  std::string text;
  for (const auto& origin : origins) text += fmt::format("{} {}\n", origin.first.number, origin.source);
  if (auto written = io::files::write_file_atomically(file, text); !written)
    return std::unexpected{written.error().what};
  return {};
}

std::string source_of_market(const std::string& venue, const std::string& market) {
  if (venue.starts_with("sim:")) return "generated";
  if (venue != "sim") return "live";
  return is_made_up(market) ? "generated" : "archive";
}

}  // namespace mlbot::shell
