#include "shell/service/key_file.h"

#include <fmt/format.h>

#include <toml++/toml.h>

#include "io/files/files.h"

namespace mlbot::shell {

namespace filesystem = std::filesystem;

Result<ApiKey, KeyFileError> load_key_file(const filesystem::path& file, std::string_view environment) {
  const auto fail = [&](std::string_view what) {
    return std::unexpected{KeyFileError{fmt::format("key file {}: {}", file.string(), what)}};
  };
  std::error_code error;
  const auto status = filesystem::status(file, error);
  if (error || !filesystem::exists(status))
    return fail("it is not there; exchange.key_file names it, and it holds environment, key and secret");
  if (!filesystem::is_regular_file(status)) return fail("it is no regular file");
  constexpr auto owner_only = filesystem::perms::owner_read | filesystem::perms::owner_write;
  if ((status.permissions() & ~owner_only) != filesystem::perms::none)
    return fail(fmt::format("its mode is {:04o}, others may read it; chmod 600 {}",
                            static_cast<unsigned>(status.permissions()), file.string()));
  const auto text = io::files::read_file(file);
  if (!text) return fail("it cannot be read");
  const auto table = [&]() -> std::optional<toml::table> {
    try {
      return toml::parse(*text);
    } catch (const toml::parse_error&) {
      return std::nullopt;  // what the parser says would quote the text
    }
  }();
  if (!table)
    return fail(
        "it is no TOML; three lines are wanted: environment = \"...\", key = \"...\", secret = \"...\"");
  ApiKey out;
  for (const auto& [name, field] : {std::pair{"environment", &out.environment}, std::pair{"key", &out.key},
                                    std::pair{"secret", &out.secret}}) {
    const auto value = (*table)[name].value<std::string>();
    if (!value || value->empty()) return fail(fmt::format("{} = \"...\" is missing", name));
    *field = *value;
  }
  constexpr std::size_t lines_wanted = 3;
  if (table->size() != lines_wanted) return fail("it holds more than environment, key and secret");
  if (out.environment != environment)
    return fail(
        fmt::format("it is for {}, the run is for {}; nothing is started with the key of another place",
                    out.environment, environment));
  return out;
}

}  // namespace mlbot::shell
