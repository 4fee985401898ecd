#include "io/files/bundle_store.h"

#include <fmt/format.h>

#include <algorithm>

namespace mlbot::io::files {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t hash_digits = 64, prefix_digits_min = 6;

bool hexadecimal(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}
bool is_hash(std::string_view text) { return text.size() == hash_digits && hexadecimal(text); }

/// A plain name: no path can be built out of it.
bool is_name(std::string_view text) {
  return !text.empty() && text.size() <= 64 && text.front() != '.' &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
                  c == '-' || c == '.';
         });
}

std::unexpected<FileError> refuse(FileFault fault, std::string what) {
  return std::unexpected{FileError{fault, std::move(what)}};
}

/// Names in a directory, in order; none where there is no directory.
Result<std::vector<std::string>, FileError> names_in(const fs::path& directory,
                                                     bool (*wanted)(std::string_view)) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry{directory, error};
  if (error == std::errc::no_such_file_or_directory) return names;
  for (; !error && entry != fs::directory_iterator{}; entry.increment(error))
    if (std::string name = entry->path().filename().string(); wanted(name)) names.push_back(std::move(name));
  if (error) return std::unexpected{file_error(error.value(), "list", directory)};
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

BundleStore::BundleStore(fs::path root) : root_{std::move(root)} {}

Result<void, FileError> BundleStore::put(const std::string& content_hash, const Files& files) {
  if (!is_hash(content_hash))
    return refuse(FileFault::bad_name,
                  fmt::format("\"{}\" is no content hash of 64 hex digits", content_hash));
  for (const auto& [name, bytes] : files)
    if (!is_name(name)) return refuse(FileFault::bad_name, fmt::format("\"{}\" is no plain file name", name));
  std::error_code error;
  if (fs::exists(directory_of(content_hash), error)) return {};
  const fs::path beside = root_ / ("." + content_hash);
  fs::remove_all(beside, error);
  if (auto ok = make_directories(beside); !ok) return ok;
  for (const auto& [name, bytes] : files)
    if (auto ok = write_file_atomically(beside / name, bytes); !ok) {
      fs::remove_all(beside, error);
      return ok;
    }
  fs::rename(beside, directory_of(content_hash), error);
  if (error) return std::unexpected{file_error(error.value(), "rename", beside)};
  return sync_directory(root_);
}

Result<std::string, FileError> BundleStore::resolve(std::string_view name) const {
  const auto hashes = list();
  if (!hashes) return std::unexpected{hashes.error()};
  std::string wanted{name};
  if (is_name(name)) {
    std::error_code error;
    if (const fs::path alias = root_ / "aliases" / wanted; fs::exists(alias, error)) {
      auto hash = read_file(alias, 1024);
      if (!hash) return hash;
      wanted = hash->substr(0, hash->find('\n'));
      if (!is_hash(wanted))
        return refuse(
            FileFault::failed,
            fmt::format("{} does not hold a content hash; `mlbot train` makes a model and sets it again",
                        alias.string()));
      // Not "not found": somebody chose a model, and another one must not quietly take its place.
      if (std::find(hashes->begin(), hashes->end(), wanted) == hashes->end())
        return refuse(
            FileFault::failed,
            fmt::format("{} names model {}, which is not there; copy it back, or train another with "
                        "`mlbot train`",
                        alias.string(), wanted));
    }
  }
  std::vector<std::string> matches;
  if (hexadecimal(wanted) && wanted.size() >= prefix_digits_min)
    std::copy_if(hashes->begin(), hashes->end(), std::back_inserter(matches),
                 [&](const std::string& hash) { return hash.starts_with(wanted); });
  if (matches.size() == 1) return matches.front();
  if (matches.size() > 1)
    return refuse(FileFault::bad_name, fmt::format("\"{}\" is the beginning of {} models; give more digits",
                                                   name, matches.size()));
  return refuse(FileFault::not_found,
                fmt::format("no model \"{}\" in {}; see `mlbot model list`, or train one with "
                            "`mlbot train`",
                            name, root_.string()));
}

Result<BundleStore::Files, FileError> BundleStore::get(std::string_view name) const {
  const auto hash = resolve(name);
  if (!hash) return std::unexpected{hash.error()};
  const auto names = names_in(directory_of(*hash), is_name);
  if (!names) return std::unexpected{names.error()};
  Files files;
  for (const std::string& file : *names) {
    auto bytes = read_file(directory_of(*hash) / file);
    if (!bytes) return std::unexpected{bytes.error()};
    files[file] = std::move(*bytes);
  }
  return files;
}

Result<std::vector<std::string>, FileError> BundleStore::list() const { return names_in(root_, is_hash); }

Result<std::map<std::string, std::string>, FileError> BundleStore::aliases() const {
  const auto names = names_in(root_ / "aliases", is_name);
  if (!names) return std::unexpected{names.error()};
  std::map<std::string, std::string> out;
  for (const std::string& name : *names) {
    const auto bytes = read_file(root_ / "aliases" / name, 1024);
    if (!bytes) return std::unexpected{bytes.error()};
    out[name] = bytes->substr(0, bytes->find('\n'));
  }
  return out;
}

Result<void, FileError> BundleStore::set_alias(std::string_view alias, std::string_view name) {
  if (!is_name(alias) || hexadecimal(alias))
    return refuse(FileFault::bad_name,
                  fmt::format("\"{}\" cannot be an alias; use letters, such as champion", alias));
  const auto hash = resolve(name);
  if (!hash) return std::unexpected{hash.error()};
  return write_file_atomically(root_ / "aliases" / std::string{alias}, *hash + "\n");
}

}  // namespace mlbot::io::files
