#include "shell/service/system_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <filesystem>

#include <toml++/toml.h>

#include "base/nearest.h"

namespace mlbot::shell {
namespace {

using Texts = std::vector<std::string>;

std::string full_name(const ConfigKey& key) { return fmt::format("{}.{}", key.section, key.key); }

const ConfigKey* find_key(std::string_view name) {
  for (const auto& key : config_keys())
    if (full_name(key) == name) return &key;
  return nullptr;
}

std::string unknown_key(std::string_view name) {
  std::vector<std::string> known;
  for (const auto& key : config_keys()) known.push_back(full_name(key));
  const auto near = nearest_name(name, known);
  return fmt::format("unknown key {}{}", name,
                     near.empty() ? "; `mlbot config show` lists all keys" : "; did you mean " + near + "?");
}

std::string_view type_name(const ConfigValue& value) {
  static constexpr std::string_view names[] = {"true or false", "a whole number", "a number", "a text",
                                               "a list of texts"};
  return names[value.index()];
}

/// Nothing when the value is fine, otherwise what is wrong with it.
std::string objection(const ConfigKey& key, const ConfigValue& value) {
  const auto outside = [&](double x) {
    return x >= key.low && x <= key.high
               ? std::string{}
               : fmt::format("{} is {}, allowed are {} to {}", full_name(key), x, key.low, key.high);
  };
  const auto misspelt = [&](const std::string& word) {
    if (key.words.empty() || std::find(key.words.begin(), key.words.end(), word) != key.words.end())
      return std::string{};
    return fmt::format("{} is \"{}\", allowed are {}", full_name(key), word, fmt::join(key.words, ", "));
  };
  return std::visit(Overloaded{[](bool) { return std::string{}; },
                               [&](std::int64_t x) { return outside(static_cast<double>(x)); },
                               [&](double x) { return outside(x); }, misspelt,
                               [&](const Texts& list) {
                                 if (list.empty()) return full_name(key) + " must not be empty";
                                 for (const auto& word : list)
                                   if (auto wrong = misspelt(word); !wrong.empty()) return wrong;
                                 return std::string{};
                               }},
                    value);
}

/// Reads flag and environment text as the type of the key's default.
Result<ConfigValue, ConfigError> parse_text(const ConfigKey& key, const std::string& text) {
  const auto wrong = [&] {
    return std::unexpected{
        ConfigError{fmt::format("{} is \"{}\", expected {}", full_name(key), text, type_name(key.fallback))}};
  };
  const auto whole = [&]<class T>(T value) -> Result<ConfigValue, ConfigError> {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return wrong();
    return ConfigValue{value};
  };
  switch (key.fallback.index()) {
    case 0:
      if (text == "true") return ConfigValue{true};
      if (text == "false") return ConfigValue{false};
      return wrong();
    case 1:
      return whole(std::int64_t{0});
    case 2:
      return whole(0.0);
    case 3:
      return ConfigValue{text};
    default: {
      Texts list;
      for (std::size_t from = 0; from <= text.size();) {
        const auto comma = std::min(text.find(',', from), text.size());
        list.push_back(text.substr(from, comma - from));
        from = comma + 1;
      }
      return ConfigValue{list};
    }
  }
}

std::optional<ConfigValue> from_toml(const ConfigKey& key, const toml::node& node) {
  switch (key.fallback.index()) {
    case 0:
      if (const auto* v = node.as_boolean()) return ConfigValue{v->get()};
      break;
    case 1:
      if (const auto* v = node.as_integer()) return ConfigValue{v->get()};
      break;
    case 2:
      if (const auto* v = node.as_floating_point()) return ConfigValue{v->get()};
      if (const auto* v = node.as_integer()) return ConfigValue{static_cast<double>(v->get())};
      break;
    case 3:
      if (const auto* v = node.as_string()) return ConfigValue{v->get()};
      break;
    default:
      if (const auto* array = node.as_array()) {
        Texts list;
        for (const auto& item : *array) {
          const auto* text = item.as_string();
          if (text == nullptr) return std::nullopt;
          list.push_back(text->get());
        }
        return ConfigValue{list};
      }
  }
  return std::nullopt;
}

using Found = std::map<std::string, std::pair<ConfigValue, std::string>>;  // key -> value, origin

std::optional<ConfigError> read_file(const std::string& path, Found& found) {
  if (!std::filesystem::exists(path))
    return ConfigError{fmt::format("{}: no such file; `mlbot config init --file {}` writes one", path, path)};
  toml::table table;
  try {
    table = toml::parse_file(path);
  } catch (const toml::parse_error& error) {
    const auto& at = error.source().begin;
    return ConfigError{fmt::format("{}:{}:{}: {}", path, at.line, at.column, error.description())};
  }
  for (const auto& [section, content] : table) {
    const auto place = [&](const toml::source_region& region) {
      return fmt::format("{}:{}:{}", path, region.begin.line, region.begin.column);
    };
    const auto* keys = content.as_table();
    if (keys == nullptr)
      return ConfigError{
          fmt::format("{}: {} stands outside a [section]", place(section.source()), section.str())};
    for (const auto& [name, node] : *keys) {
      const auto full = fmt::format("{}.{}", section.str(), name.str());
      const auto* key = find_key(full);
      if (key == nullptr) return ConfigError{fmt::format("{}: {}", place(name.source()), unknown_key(full))};
      const auto value = from_toml(*key, node);
      if (!value)
        return ConfigError{
            fmt::format("{}: {} must be {}", place(node.source()), full, type_name(key->fallback))};
      if (const auto wrong = objection(*key, *value); !wrong.empty())
        return ConfigError{fmt::format("{}: {}", place(node.source()), wrong)};
      found[full] = {*value, fmt::format("file {}:{}", path, name.source().begin.line)};
    }
  }
  return std::nullopt;
}

std::optional<ConfigError> read_overrides(const Overrides& overrides, bool from_environment, Found& found) {
  for (const auto& [name, text] : overrides) {
    std::string origin = "flag";
    if (from_environment) {
      origin = "environment MLBOT__" + name;
      if (const auto dot = origin.find('.'); dot != std::string::npos) origin.replace(dot, 1, "__");
      std::transform(origin.begin() + 12, origin.end(), origin.begin() + 12,
                     [](unsigned char c) { return std::toupper(c); });
    }
    const auto* key = find_key(name);
    if (key == nullptr) return ConfigError{fmt::format("{}: {}", origin, unknown_key(name))};
    const auto value = parse_text(*key, text);
    if (!value) return ConfigError{fmt::format("{}: {}", origin, value.error().what)};
    if (const auto wrong = objection(*key, *value); !wrong.empty())
      return ConfigError{fmt::format("{}: {}", origin, wrong)};
    found[name] = {*value, origin};
  }
  return std::nullopt;
}

}  // namespace

std::string to_text(const ConfigValue& value) {
  return std::visit(Overloaded{[](bool x) { return std::string{x ? "true" : "false"}; },
                               [](std::int64_t x) { return fmt::format("{}", x); },
                               [](double x) { return fmt::format("{:#}", x); },
                               [](const std::string& x) { return fmt::format("\"{}\"", x); },
                               [](const Texts& x) {
                                 std::string out;
                                 for (const auto& word : x)
                                   out += (out.empty() ? "\"" : ", \"") + word + "\"";
                                 return "[" + out + "]";
                               }},
                    value);
}

Overrides overrides_from_environment(const char* const* environment) {
  Overrides out;
  for (; environment != nullptr && *environment != nullptr; ++environment) {
    std::string_view entry{*environment};
    constexpr std::string_view prefix = "MLBOT__";
    if (!entry.starts_with(prefix)) continue;
    entry.remove_prefix(prefix.size());
    const auto equals = entry.find('=');
    std::string name{entry.substr(0, equals)};
    if (const auto separator = name.find("__"); separator != std::string::npos)
      name.replace(separator, 2, ".");
    std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
    out.emplace_back(name, equals == std::string_view::npos ? "" : std::string{entry.substr(equals + 1)});
  }
  return out;
}

Result<DynamicSystemConfig, ConfigError> DynamicSystemConfig::load(ConfigSources sources) {
  Found found;
  if (sources.file)
    if (const auto error = read_file(*sources.file, found)) return std::unexpected{*error};
  if (const auto error = read_overrides(sources.environment, true, found)) return std::unexpected{*error};
  if (const auto error = read_overrides(sources.flags, false, found)) return std::unexpected{*error};
  DynamicSystemConfig out;
  out.sources_ = std::move(sources);
  for (const auto& key : config_keys()) {
    const auto at = found.find(full_name(key));
    out.effective_.push_back(at == found.end() ? Effective{&key, key.fallback, "default"}
                                               : Effective{&key, at->second.first, at->second.second});
    key.apply(out.config_, out.effective_.back().value);
  }
  return out;
}

Result<std::vector<ConfigDifference>, ConfigError> DynamicSystemConfig::reload() {
  auto fresh = load(sources_);
  if (!fresh) return std::unexpected{fresh.error()};
  std::vector<ConfigDifference> differences;
  bool applied = false;
  for (std::size_t i = 0; i < effective_.size(); ++i) {
    auto& mine = effective_[i];
    const auto& theirs = fresh->effective_[i];
    if (mine.value == theirs.value) continue;
    const auto& key = *mine.key;
    differences.push_back({full_name(key), to_text(mine.value), to_text(theirs.value), !key.reloadable});
    if (!key.reloadable) continue;
    mine = theirs;
    key.apply(config_, mine.value);
    applied = true;
  }
  if (applied) ++version_;
  return differences;
}

std::string default_config_toml() {
  std::string out =
      "# MLBot configuration. Every key stands at its default; delete what you do not change.\n";
  std::string_view section;
  for (const auto& key : config_keys()) {
    if (key.section != section) out += fmt::format("\n[{}]\n", section = key.section);
    out += fmt::format("# {}{}{}\n{} = {}\n", key.meaning,
                       key.words.empty() ? "" : fmt::format(" ({})", fmt::join(key.words, ", ")),
                       key.reloadable ? "; may change while running" : "", key.key, to_text(key.fallback));
  }
  return out;
}

}  // namespace mlbot::shell
