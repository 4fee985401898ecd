#include "io/journal/manifest.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.h"
#include "base/json.h"
#include "io/files/crash_point.h"
#include "io/files/files.h"

namespace mlbot::io::journal {
namespace {

constexpr std::uint64_t manifest_bytes_max = 256ULL << 20;
constexpr std::string_view manifest_format = "mlbot-journal-manifest";
constexpr std::array<std::string_view, 3> state_words{"kept", "removed", "missing"};

/// The unchanging part, in the one order that is hashed.
Json fixed_part(const ManifestRow& row) {
  return Json::array({row.name.number, row.facts.first.number, row.facts.last.number, row.facts.first_at.ns,
                      row.facts.last_at.ns, row.facts.epoch_first, row.facts.epoch_last, row.facts.records,
                      row.facts.events, row.facts.plain_bytes, row.facts.plain_sha256, row.damaged,
                      row.previous});
}

Json to_json(const ManifestRow& row) {
  return {{"segment", row.name.number},
          {"first", row.facts.first.number},
          {"last", row.facts.last.number},
          {"first_at_ns", row.facts.first_at.ns},
          {"last_at_ns", row.facts.last_at.ns},
          {"epoch_first", row.facts.epoch_first},
          {"epoch_last", row.facts.epoch_last},
          {"records", row.facts.records},
          {"events", row.facts.events},
          {"plain_bytes", row.facts.plain_bytes},
          {"plain_sha256", row.facts.plain_sha256},
          {"damaged", row.damaged},
          {"previous", row.previous},
          {"chain", row.chain},
          {"state", state_words[static_cast<std::size_t>(row.state)]},
          {"file", row.file},
          {"file_bytes", row.file_bytes},
          {"file_sha256", row.file_sha256},
          {"why", row.why},
          {"changed_at_ns", row.changed_at.ns}};
}

std::optional<ManifestRow> row_of(const Json& json) {
  const auto number = [&](const char* key) {
    const auto at = json.find(key);
    return at != json.end() && at->is_number_integer() ? std::optional{at->get<std::int64_t>()}
                                                       : std::nullopt;
  };
  const auto text = [&](const char* key) {
    const auto at = json.find(key);
    return at != json.end() && at->is_string() ? std::optional{at->get<std::string>()} : std::nullopt;
  };
  if (!json.is_object()) return std::nullopt;
  for (const char* key :
       {"segment", "first", "last", "first_at_ns", "last_at_ns", "epoch_first", "epoch_last", "records",
        "events", "plain_bytes", "damaged", "file_bytes", "changed_at_ns"})
    if (!number(key)) return std::nullopt;
  for (const char* key : {"plain_sha256", "previous", "chain", "state", "file", "file_sha256", "why"})
    if (!text(key)) return std::nullopt;
  const auto state = std::ranges::find(state_words, *text("state"));
  if (state == state_words.end() || text("file")->find('/') != std::string::npos) return std::nullopt;
  const auto count = [&](const char* key) { return static_cast<std::uint64_t>(*number(key)); };
  ManifestRow row;
  row.name = {count("segment")};
  row.facts.first = {count("first")};
  row.facts.last = {count("last")};
  row.facts.first_at = Instant{*number("first_at_ns")};
  row.facts.last_at = Instant{*number("last_at_ns")};
  row.facts.epoch_first = static_cast<std::uint32_t>(count("epoch_first"));
  row.facts.epoch_last = static_cast<std::uint32_t>(count("epoch_last"));
  row.facts.records = count("records");
  row.facts.events = count("events");
  row.facts.plain_bytes = count("plain_bytes");
  row.facts.plain_sha256 = *text("plain_sha256");
  row.damaged = count("damaged");
  row.previous = *text("previous");
  row.chain = *text("chain");
  row.state = static_cast<SegmentState>(state - state_words.begin());
  row.file = *text("file");
  row.file_bytes = count("file_bytes");
  row.file_sha256 = *text("file_sha256");
  row.why = *text("why");
  row.changed_at = Instant{*number("changed_at_ns")};
  return row;
}

}  // namespace

std::string chain_of(const ManifestRow& row) { return to_hex(sha256(fixed_part(row).dump())); }

Result<Manifest, JournalError> Manifest::load(const std::string& directory) {
  const std::string path = directory + "/" + std::string{manifest_name};
  const auto text = files::read_file(path, manifest_bytes_max);
  if (!text && text.error().fault == files::FileFault::not_found) return Manifest{};
  if (!text) return std::unexpected{JournalError{JournalFault::io, text.error().what}};
  return parse(*text, path);
}

Manifest Manifest::parse(std::string_view text, const std::string& path) {
  Manifest out;
  std::size_t line_number = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find('\n'), text.size());
    const auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    ++line_number;
    const auto json = Json::parse(line, nullptr, false);
    if (line_number == 1) {
      if (json.is_object() && json.value("format", Json{}) == manifest_format &&
          json.value("version", Json{}) == 1)
        continue;
      out.findings_.push_back(fmt::format(
          "{} is not a manifest that this build reads; it is made again from the segments", path));
      return out;
    }
    auto row = row_of(json);
    std::string what;
    if (!row) {
      what = "is no row";
    } else if (!out.rows_.empty() && row->name <= out.rows_.back().name) {
      what = "names a segment out of order";
    } else if (row->previous != (out.rows_.empty() ? "" : out.rows_.back().chain)) {
      what = "does not follow the row before it";
    } else if (row->chain != chain_of(*row)) {
      what = "was changed after it was written";
    }
    if (!what.empty()) {
      out.findings_.push_back(fmt::format(
          "{}, line {}: the row {}; the chain is broken there, and rows from there on are made again from "
          "the segments",
          path, line_number, what));
      return out;
    }
    out.rows_.push_back(std::move(*row));
  }
  return out;
}

const ManifestRow* Manifest::find(Sequence name) const {
  const auto at = std::ranges::lower_bound(rows_, name, {}, &ManifestRow::name);
  return at != rows_.end() && at->name == name ? &*at : nullptr;
}

void Manifest::add(ManifestRow row) {
  MLBOT_ASSERT(rows_.empty() || row.name > rows_.back().name);
  row.facts.damage.clear();
  row.previous = rows_.empty() ? "" : rows_.back().chain;
  row.chain = chain_of(row);
  rows_.push_back(std::move(row));
}

void Manifest::forget_from(Sequence name) {
  rows_.erase(std::ranges::lower_bound(rows_, name, {}, &ManifestRow::name), rows_.end());
}

std::string Manifest::text() const {
  std::string out = Json{{"format", manifest_format}, {"version", 1}}.dump() + "\n";
  for (const auto& row : rows_) out += to_json(row).dump() + "\n";
  return out;
}

Result<void, JournalError> Manifest::save(files::FileSystem& system, const std::string& directory) const {
  files::crash_point("keeper.before_manifest");
  const int failed = files::replace_file(system, directory, std::string{manifest_name}, text());
  files::crash_point("keeper.after_manifest");
  if (failed != 0)
    return std::unexpected{io_error(-failed, "write", directory + "/" + std::string{manifest_name})};
  return {};
}

}  // namespace mlbot::io::journal
