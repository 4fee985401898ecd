#include "shell/data/manifest.h"

#include <fmt/format.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <utility>

#include "base/json.h"
#include "base/sha256_stream.h"
#include "io/files/files.h"

namespace mlbot::shell {
namespace {

constexpr std::string_view manifest_name = "manifest.json";

/// Reads one entry; a member of the wrong kind makes it nothing.
class EntryReader {
 public:
  explicit EntryReader(const Json& json) : json_{json} {}
  bool good() const { return good_; }

  std::string text(const char* key) {
    const Json* found = get(key, &Json::is_string);
    return found != nullptr ? found->get<std::string>() : "";
  }
  std::int64_t number(const char* key) {
    const Json* found = get(key, &Json::is_number_integer);
    return found != nullptr ? found->get<std::int64_t>() : 0;
  }
  bool flag(const char* key) {
    const Json* found = get(key, &Json::is_boolean);
    return found != nullptr && found->get<bool>();
  }
  const Json* list(const char* key) { return get(key, &Json::is_array); }

 private:
  const Json* get(const char* key, bool (Json::*is_kind)() const noexcept) {
    const auto found = json_.find(key);
    if (found != json_.end() && ((*found).*is_kind)()) return &*found;
    good_ = false;
    return nullptr;
  }
  const Json& json_;
  bool good_ = true;
};

std::optional<std::pair<std::string, ManifestEntry>> entry_in(const Json& json) {
  if (!json.is_object()) return std::nullopt;
  EntryReader read{json};
  std::string file = read.text("file");
  ManifestEntry entry{.url = read.text("url"),
                      .bytes = static_cast<std::uint64_t>(read.number("bytes")),
                      .sha256 = read.text("sha256"),
                      .etag = read.text("etag"),
                      .fetched_at = Instant::from_ms(read.number("fetched_at_ms")),
                      .day = std::nullopt};
  if (json.contains("rows")) {
    DayRows day{.rows = read.number("rows"), .over = read.flag("day_over"), .gaps = {}};
    const Json* gaps = read.list("gaps");
    for (std::size_t i = 0; gaps != nullptr && i < gaps->size(); ++i) {
      if (!(*gaps)[i].is_object()) return std::nullopt;
      EntryReader gap{(*gaps)[i]};
      day.gaps.push_back({Instant::from_ms(gap.number("from_ms")), gap.number("rows")});
      if (!gap.good()) return std::nullopt;
    }
    entry.day = std::move(day);
  }
  if (!read.good()) return std::nullopt;
  return std::pair{std::move(file), std::move(entry)};
}

Json json_of(const std::string& file, const ManifestEntry& entry) {
  Json out{{"file", file},
           {"url", entry.url},
           {"bytes", entry.bytes},
           {"sha256", entry.sha256},
           {"etag", entry.etag},
           {"fetched_at", to_rfc3339(entry.fetched_at)},
           {"fetched_at_ms", entry.fetched_at.ms()}};
  if (!entry.day) return out;
  out["rows"] = entry.day->rows;
  out["day_over"] = entry.day->over;
  out["gaps"] = Json::array();
  for (const auto& gap : entry.day->gaps)
    out["gaps"].push_back({{"from", to_rfc3339(gap.from)}, {"from_ms", gap.from.ms()}, {"rows", gap.rows}});
  return out;
}

}  // namespace

Result<Manifest, std::string> Manifest::open(const std::string& directory) {
  if (const auto made = io::files::make_directories(directory); !made)
    return std::unexpected{made.error().what};
  const std::string path = directory + "/.lock";
  auto lock = io::files::FileLock::take(path);
  if (!lock && lock.error().held())
    return std::unexpected{
        fmt::format("another process ({}) fetches into {}: let it finish, or name another directory",
                    lock.error().holder, directory)};
  if (!lock) return std::unexpected{io::files::file_error(lock.error().error_number, "lock", path).what};
  Manifest manifest{directory, std::move(*lock)};
  if (auto read = manifest.read(); !read) return std::unexpected{read.error()};
  return manifest;
}

Result<void, std::string> Manifest::read() {
  const std::string path = path_of(std::string{manifest_name});
  const auto bytes = io::files::read_file(path);
  if (!bytes && bytes.error().fault == io::files::FileFault::not_found) return {};
  if (!bytes) return std::unexpected{bytes.error().what};
  const auto json = Json::parse(*bytes, nullptr, false);
  const auto damaged = [&](std::string_view what) {
    return std::unexpected{fmt::format(
        "{} is damaged ({}): repair it, or delete it and everything is fetched again", path, what)};
  };
  if (!json.is_object() || !json.contains("files") || !json["files"].is_array()) return damaged("no files");
  for (const auto& item : json["files"]) {
    auto entry = entry_in(item);
    if (!entry) return damaged("an entry lacks a member: " + item.dump().substr(0, 80));
    entries_.insert(std::move(*entry));
  }
  return {};
}

const ManifestEntry* Manifest::find_whole(const std::string& file, bool verify) const {
  const auto found = entries_.find(file);
  if (found == entries_.end()) return nullptr;
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path_of(file), error);
  if (error || bytes != found->second.bytes) return nullptr;
  if (verify && sha256_of_file(path_of(file)).value_or("") != found->second.sha256) return nullptr;
  return &found->second;
}

Result<void, std::string> Manifest::put(const std::string& file, ManifestEntry entry) {
  entries_.insert_or_assign(file, std::move(entry));
  Json files = Json::array();
  for (const auto& [name, kept] : entries_) files.push_back(json_of(name, kept));
  const Json out{{"schema_version", 1}, {"files", std::move(files)}};
  const auto written =
      io::files::write_file_atomically(path_of(std::string{manifest_name}), out.dump(1) + "\n");
  if (!written) return std::unexpected{written.error().what};
  return {};
}

Result<std::string, std::string> sha256_of_file(const std::string& path) {
  std::ifstream in{path, std::ios::binary};
  std::string piece(1 << 20, '\0');
  Sha256Stream digest;
  while (in) {
    in.read(piece.data(), static_cast<std::streamsize>(piece.size()));
    digest.add(std::string_view{piece}.substr(0, static_cast<std::size_t>(in.gcount())));
  }
  if (!in.eof()) return std::unexpected{io::files::file_error(errno, "read", path).what};
  return to_hex(digest.finish());
}

}  // namespace mlbot::shell
