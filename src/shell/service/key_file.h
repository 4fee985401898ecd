// The file that holds an API key: read once at the start, by its owner alone, for one environment.
//
//   environment = "testnet"
//   key = "..."
//   secret = "..."
//
// A key must never be seen: nothing of the file's contents is in an error, whatever is wrong with it; the
// environment's name is.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace mlbot::shell {

struct ApiKey {
  std::string environment, key, secret;
};

struct KeyFileError {
  std::string what;  ///< names the file and the remedy, never a value
};

/// @param environment  that the run trades on: "mainnet", "testnet" or "demo".
/// @error KeyFileError when the file is not there, is readable by others than its owner, is no TOML of
/// exactly these three texts, or names another environment.
Result<ApiKey, KeyFileError> load_key_file(const std::filesystem::path& file, std::string_view environment);

}  // namespace mlbot::shell
