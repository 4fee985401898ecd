// Model bundles on disk, each in a directory named by its content, and aliases that say which one is used.
//
//   <root>/<content hash>/model.json ...     written beside, then renamed: a directory is whole or not there
//   <root>/aliases/champion                  the hash in one line, replaced atomically
// A directory left by a crash starts with a dot; it is not listed, and the next put() of that bundle replaces
// it.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "io/files/files.h"

namespace mlbot::io::files {

inline constexpr std::string_view champion = "champion";

class BundleStore {
 public:
  using Files = std::map<std::string, std::string>;  ///< file name -> bytes

  /// @param root  e.g. "data/models"; made at the first put().
  explicit BundleStore(std::filesystem::path root);

  /// Keeps a bundle under its content hash (64 hex digits). One that is there already is left as it is.
  Result<void, FileError> put(const std::string& content_hash, const Files& files);
  /// @param name  a hash, an unmistakable beginning of one (6 digits or more), or an alias.
  Result<std::string, FileError> resolve(std::string_view name) const;
  /// All files of a bundle; `name` as for resolve().
  Result<Files, FileError> get(std::string_view name) const;
  /// Content hashes in order; empty where nothing was ever put.
  Result<std::vector<std::string>, FileError> list() const;

  /// Alias -> hash, in order of name.
  Result<std::map<std::string, std::string>, FileError> aliases() const;
  /// Moves an alias to a bundle that is in the store; `name` as for resolve().
  Result<void, FileError> set_alias(std::string_view alias, std::string_view name);

  std::filesystem::path directory_of(const std::string& content_hash) const { return root_ / content_hash; }

 private:
  std::filesystem::path root_;
};

}  // namespace mlbot::io::files
