// simdjson On-Demand without exceptions and with one memory for faults: the first thing that is wrong in a
// message is kept with its place, everything after it reads as empty, and the caller asks once at the end.
//
// Known to this folder's decoders only. Lookups may come in any order; in the venue's own order they cost one
// pass.
#pragma once

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "venue/bybit/message.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {

namespace ondemand = simdjson::ondemand;

struct DecodeScratch::Impl {
  ondemand::parser parser;
  std::string padded;       ///< copy of text that came without spare bytes
  std::string padded_part;  ///< for a second document inside a message
};

class Reading {
 public:
  bool ok() const { return !error_; }
  void fail(std::string where, std::string what) {
    if (!error_) error_ = DecodeError{std::move(where), std::move(what)};
  }
  /// After most of the parser's own errors it stands nowhere: nothing more may be asked of it.
  void fail(std::string where, simdjson::error_code error) {
    const bool missing = error == simdjson::NO_SUCH_FIELD, other_type = error == simdjson::INCORRECT_TYPE;
    broken_ |= !missing && !other_type;
    fail(std::move(where), missing      ? "missing"
                           : other_type ? "of another JSON type"
                                        : simdjson::error_message(error));
  }
  bool broken() const { return broken_; }
  DecodeError take() { return std::move(*error_); }

 private:
  std::optional<DecodeError> error_;
  bool broken_ = false;
};

/// Starts a document; a fault names the whole message.
inline bool open_document(PaddedText bytes, DecodeScratch& scratch, Reading& reading,
                          ondemand::document& document, ondemand::object& root) {
  const simdjson::padded_string_view view{bytes.text.data(), bytes.text.size(),
                                          bytes.text.size() + simdjson::SIMDJSON_PADDING};
  auto error = scratch.impl().parser.iterate(view).get(document);
  if (!error) error = document.get_object().get(root);
  if (error) reading.fail("message", error);
  return !error;
}
inline PaddedText padded_copy(std::string_view text, std::string& buffer) {
  buffer.assign(text);
  buffer.append(simdjson::SIMDJSON_PADDING, ' ');
  return {std::string_view{buffer}.substr(0, text.size())};
}

/// Text of a scalar however it is written: string, number, boolean; "" for null.
inline simdjson::error_code scalar_text(ondemand::value& value, std::string_view& out) {
  ondemand::json_type type;
  if (const auto error = value.type().get(type)) return error;
  switch (type) {
    case ondemand::json_type::string:
      return value.get_string().get(out);
    case ondemand::json_type::null:
      out = {};
      return simdjson::SUCCESS;
    case ondemand::json_type::number:
    case ondemand::json_type::boolean:
      out = value.raw_json_token();
      while (!out.empty() && static_cast<unsigned char>(out.back()) <= ' ') out.remove_suffix(1);
      return simdjson::SUCCESS;
    default:
      return simdjson::INCORRECT_TYPE;
  }
}

/// A finite number; for turnover and other figures that are only ever estimates to us.
inline std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// One object of named scalars: a row of a list, or `data` itself. `place` outlives the row.
class Row {
 public:
  Row(ondemand::object object, std::string_view place, std::size_t index, Reading& reading)
      : object_{object}, place_{place}, index_{index}, reading_{reading} {}

  bool has_text(std::string_view key, std::string_view& out) {
    out = {};
    if (!reading_.ok()) return false;
    ondemand::value value;
    auto error = object_.find_field_unordered(key).get(value);
    if (error == simdjson::NO_SUCH_FIELD) return false;
    if (!error) error = scalar_text(value, out);
    if (error) fail(key, error);
    return !error;
  }
  std::string_view text(std::string_view key) {
    std::string_view out;
    if (!has_text(key, out)) fail(key, "missing");
    return out;
  }
  std::string_view text_or_empty(std::string_view key) {
    std::string_view out;
    has_text(key, out);
    return out;
  }
  /// Exact; "" and null are nothing.
  std::optional<E8> optional_e8(std::string_view key) { return money(key, text_or_empty(key), parse_e8); }
  E8 e8(std::string_view key) { return needed(key, money(key, text(key), parse_e8)); }
  /// Averages and computed money, cut at the eighth decimal; 0 where the venue leaves it empty or out.
  E8 e8_or_zero(std::string_view key) {
    return money(key, text_or_empty(key), parse_e8_truncated).value_or(E8{});
  }
  double number(std::string_view key) {
    const std::string_view value = text(key);
    const auto parsed = parse_number(value);
    if (!parsed) fail(key, "'" + std::string{value} + "' is no number");
    return parsed.value_or(0);
  }
  std::optional<std::int64_t> optional_integer(std::string_view key) {
    return whole(key, text_or_empty(key));
  }
  std::int64_t integer(std::string_view key) { return needed(key, whole(key, text(key))); }
  Instant time_ms(std::string_view key) {
    const std::int64_t ms = integer(key);
    if (ms < 0 || ms > INT64_MAX / 1'000'000) fail(key, "no time in milliseconds");
    return reading_.ok() ? Instant::from_ms(ms) : Instant{};
  }
  bool boolean(std::string_view key) {
    const std::string_view word = text(key);
    if (word != "true" && word != "false") fail(key, "'" + std::string{word} + "' is no boolean");
    return word == "true";
  }
  bool boolean_or_false(std::string_view key) { return text_or_empty(key) == "true"; }
  template <class Table>
  auto word(std::string_view key, const Table& table) {
    const std::string_view text_of_key = text(key);
    const auto value = value_of(table, text_of_key);
    if (!value) fail(key, "'" + std::string{text_of_key} + "' is not known");
    return value.value_or(table[0].value);
  }
  template <class Table, class Enum>
  Enum word_or(std::string_view key, const Table& table, Enum otherwise) {
    return value_of(table, text_or_empty(key)).value_or(otherwise);
  }
  template <class Text>
  Text inline_text(std::string_view key, std::string_view value) {
    if (Text::fits(value)) return Text{value};
    fail(key, "longer than " + std::to_string(Text::capacity) + " characters");
    return {};
  }

  void fail(std::string_view key, std::string what) { reading_.fail(where(key), std::move(what)); }
  void fail(std::string_view key, simdjson::error_code error) { reading_.fail(where(key), error); }
  bool ok() const { return reading_.ok(); }
  ondemand::object& object() { return object_; }
  std::string where(std::string_view key) const {
    return std::string{place_} + "[" + std::to_string(index_) + "]." + std::string{key};
  }

 private:
  template <class Parse>
  std::optional<E8> money(std::string_view key, std::string_view value, Parse parse) {
    if (value.empty()) return std::nullopt;
    const auto parsed = parse(value);
    if (!parsed) fail(key, "'" + std::string{value} + "' is no decimal of at most 8 places");
    return parsed;
  }
  std::optional<std::int64_t> whole(std::string_view key, std::string_view value) {
    if (value.empty()) return std::nullopt;
    std::int64_t out = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), out);
    if (error == std::errc{} && end == value.data() + value.size()) return out;
    fail(key, "'" + std::string{value} + "' is no whole number");
    return std::nullopt;
  }
  template <class T>
  T needed(std::string_view key, const std::optional<T>& value) {
    if (!value) fail(key, "empty");
    return value.value_or(T{});
  }

  ondemand::object object_;
  std::string_view place_;
  std::size_t index_;
  Reading& reading_;
};

}  // namespace mlbot::venue::bybit
