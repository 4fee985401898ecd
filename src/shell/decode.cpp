// `mlbot decode`: Bybit's messages, one a line, as we understand them; for bug reports, and to show us a
// message that we have not seen. A line longer than 16 MiB is refused.
#include <fmt/format.h>

#include <fstream>
#include <iostream>

#include "shell/commands.h"
#include "shell/decode_message.h"
#include "venue/bybit/rest_decode.h"

namespace mlbot::shell {
namespace {

constexpr std::size_t line_bytes_max = 16 * 1024 * 1024;

/// The next line without its end; false at the end. A longer one than fits is cut and told by `whole`.
bool next_line(std::istream& in, std::vector<char>& buffer, std::string_view& line, bool& whole) {
  in.getline(buffer.data(), static_cast<std::streamsize>(buffer.size()));
  const auto read = static_cast<std::size_t>(in.gcount());
  if (read == 0) return false;
  whole = !in.fail();
  if (!whole) {
    in.clear();
    in.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
  }
  // gcount counts the line end; at the end of the file there is none.
  line = {buffer.data(), whole && !in.eof() ? read - 1 : read};
  if (line.ends_with('\r')) line.remove_suffix(1);
  return true;
}

Result<std::vector<Instrument>, std::string> read_instruments(const std::string& file) {
  std::ifstream in{file};
  if (!in) return std::unexpected{"cannot read " + file};
  std::vector<Instrument> all;
  venue::bybit::DecodeScratch scratch;
  for (std::string line; std::getline(in, line);) {
    if (line.empty()) continue;
    const auto page = venue::bybit::decode_instruments(line, scratch);
    if (!page)
      return std::unexpected{fmt::format("{}: {}: {}; wanted is a body of /v5/market/instruments-info", file,
                                         page.error().where, page.error().what)};
    for (Instrument instrument : page->list) {
      instrument.id = {static_cast<std::uint16_t>(all.size())};
      const bool known =
          std::ranges::any_of(all, [&](const Instrument& other) { return other.name == instrument.name; });
      if (!known && all.size() < UINT16_MAX) all.push_back(instrument);
    }
  }
  if (all.empty()) return std::unexpected{file + " names no USDT perpetual that trades"};
  return all;
}

}  // namespace

ExitCode decode(const Console& console, const DecodeOptions& options) {
  MessageContracts contracts;
  if (!options.instruments.empty()) {
    auto known = read_instruments(options.instruments);
    if (!known) return console.fail(ExitCode::data, known.error());
    contracts = MessageContracts{std::move(*known)};
  }
  std::ifstream file;
  if (options.file != "-") {
    file.open(options.file);
    if (!file) return console.fail(ExitCode::data, "cannot read " + options.file);
  }
  std::istream& in = options.file == "-" ? std::cin : file;
  venue::bybit::DecodeScratch scratch;
  std::vector<char> buffer(line_bytes_max + 1);
  std::size_t lines = 0, undecoded = 0;
  bool whole = true;
  for (std::string_view line; next_line(in, buffer, line, whole);) {
    ++lines;
    if (line.empty()) continue;
    Json out;
    if (whole) {
      out = decode_message(line, options.kind, options.path, contracts, scratch);
    } else {
      out["error"] = {{"where", "message"}, {"what", fmt::format("longer than {} bytes", line_bytes_max)}};
    }
    if (is_undecoded(out)) {
      ++undecoded;
      out["line"] = lines;
    }
    console.print(out.dump(-1, ' ', false, Json::error_handler_t::replace));
  }
  if (undecoded == 0) return ExitCode::done;
  return console.fail(ExitCode::failed, fmt::format("{} of {} lines were not understood", undecoded, lines));
}

}  // namespace mlbot::shell
