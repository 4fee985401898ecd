// simdjson without exceptions and with one memory for faults: the first thing that is wrong in a message is
// kept with its place, everything after it reads as empty, and the caller asks once at the end.
//
// The whole text is validated before anything is read. On-Demand is not used: it trusts the text between the
// values that it visits, and a frame with crossed brackets ends the process there (fuzzing finds one in
// seconds). The frames that are many are read by book_scan.h before any parser sees them. Known to this
// folder's decoders only.
#pragma once

#include <simdjson.h>

#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>

#include "base/decimal.h"
#include "venue/bybit/message.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {

namespace dom = simdjson::dom;

struct DecodeScratch::Impl {
  dom::parser parser;
  std::string padded;  ///< copy of text that came without spare bytes
};

class Reading {
 public:
  bool ok() const { return !error_; }
  void fail(std::string where, std::string what) {
    if (!error_) error_ = DecodeError{std::move(where), std::move(what)};
  }
  void fail(std::string where, simdjson::error_code error) {
    const bool missing = error == simdjson::NO_SUCH_FIELD, other_type = error == simdjson::INCORRECT_TYPE;
    fail(std::move(where), missing      ? "missing"
                           : other_type ? "of another JSON type"
                                        : simdjson::error_message(error));
  }
  DecodeError take() { return std::move(*error_); }

 private:
  std::optional<DecodeError> error_;
};

/// Where the text stops being UTF-8.
inline std::size_t first_bad_byte(std::string_view text) {
  std::size_t good = 0;
  while (good < text.size()) {
    const auto lead = static_cast<unsigned char>(text[good]);
    const std::size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (good + length > text.size() || !simdjson::validate_utf8(text.data() + good, length)) break;
    good += length;
  }
  return good;
}

/// Parses a whole message, which must be an object; a fault names the message, a byte that is no UTF-8 its
/// place. The object lives until the next parse.
inline dom::object open_document(PaddedText bytes, DecodeScratch& scratch, Reading& reading) {
  dom::object root;
  const auto* text = reinterpret_cast<const std::uint8_t*>(bytes.text.data());
  const auto error = scratch.impl().parser.parse(text, bytes.text.size(), false).get_object().get(root);
  if (error == simdjson::UTF8_ERROR) {
    reading.fail("message[" + std::to_string(first_bad_byte(bytes.text)) + "]", "a byte that is no UTF-8");
  } else if (error) {
    reading.fail("message", error);
  }
  return root;
}
inline PaddedText padded_copy(std::string_view text, std::string& buffer) {
  buffer.assign(text);
  buffer.append(simdjson::SIMDJSON_PADDING, ' ');
  return {std::string_view{buffer}.substr(0, text.size())};
}

/// The list under a key; a fault names `place`.key.
inline dom::array list_of(const dom::object& object, std::string_view key, std::string_view place,
                          Reading& reading) {
  dom::array out;
  if (!reading.ok()) return out;
  if (const auto error = object.at_key(key).get_array().get(out)) {
    reading.fail(std::string{place} + "." + std::string{key}, error);
  }
  return out;
}
inline dom::object object_of(const dom::object& object, std::string_view key, std::string_view place,
                             Reading& reading) {
  dom::object out;
  if (!reading.ok()) return out;
  if (const auto error = object.at_key(key).get_object().get(out)) {
    reading.fail(std::string{place} + "." + std::string{key}, error);
  }
  return out;
}
/// Calls read(object, index) for every object of a list; stops at the first fault.
template <class Read>
void each_object(const dom::array& list, std::string_view place, Reading& reading, Read&& read) {
  if (!reading.ok()) return;
  std::size_t index = 0;
  for (const dom::element item : list) {
    dom::object object;
    if (const auto error = item.get_object().get(object)) {
      return reading.fail(std::string{place} + "[" + std::to_string(index) + "]", error);
    }
    read(object, index++);
    if (!reading.ok()) return;
  }
}

/// A finite number; for turnover and other figures that are only ever estimates to us.
inline std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

/// Text of a scalar: a string, a boolean, a number; "" for null. Numbers are written into `buffer`; one with
/// a point in its shortest form, which is exact for up to 15 digits (the venue sends money as text).
using NumberBuffer = std::array<char, 32>;
inline simdjson::error_code scalar_text(const dom::element& value, NumberBuffer& buffer,
                                        std::string_view& out) {
  const auto written = [&](auto number) {
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number).ptr;
    out = {buffer.data(), static_cast<std::size_t>(end - buffer.data())};
    return simdjson::SUCCESS;
  };
  switch (value.type()) {
    case dom::element_type::STRING:
      return value.get_string().get(out);
    case dom::element_type::BOOL:
      out = value.get_bool().value_unsafe() ? "true" : "false";
      return simdjson::SUCCESS;
    case dom::element_type::NULL_VALUE:
      out = {};
      return simdjson::SUCCESS;
    case dom::element_type::INT64:
      return written(value.get_int64().value_unsafe());
    case dom::element_type::UINT64:
      return written(value.get_uint64().value_unsafe());
    case dom::element_type::DOUBLE:
      return written(value.get_double().value_unsafe());
    default:
      return simdjson::INCORRECT_TYPE;
  }
}

inline constexpr std::int64_t time_ms_max = INT64_MAX / 1'000'000;

/// One object of named scalars: a row of a list, or `data` itself. `place` outlives the row.
class Row {
 public:
  Row(dom::object object, std::string_view place, std::size_t index, Reading& reading)
      : object_{object}, place_{place}, index_{index}, reading_{reading} {}
  /// An object that stands alone, not in a list.
  Row(dom::object object, std::string_view place, Reading& reading)
      : object_{object}, place_{place}, reading_{reading} {}

  /// Text of a number lives until the next question, and no longer than the row.
  bool has_text(std::string_view key, std::string_view& out) {
    out = {};
    if (!reading_.ok()) return false;
    dom::element value;
    auto error = object_.at_key(key).get(value);
    if (error == simdjson::NO_SUCH_FIELD) return false;
    if (!error) error = scalar_text(value, number_, out);
    if (error) fail(key, error);
    return !error;
  }
  std::string_view text(std::string_view key) & {
    std::string_view out;
    if (!has_text(key, out)) fail(key, "missing");
    return out;
  }
  std::string_view text_or_empty(std::string_view key) & {
    std::string_view out;
    has_text(key, out);
    return out;
  }
  std::string_view text(std::string_view key) && = delete;
  std::string_view text_or_empty(std::string_view key) && = delete;
  /// Exact; "" and null are nothing.
  std::optional<E8> optional_e8(std::string_view key) { return money(key, text_or_empty(key), parse_e8); }
  E8 e8(std::string_view key) { return needed(key, money(key, text(key), parse_e8)); }
  /// Averages and computed money, cut at the eighth decimal; 0 where the venue leaves it empty or out.
  E8 e8_or_zero(std::string_view key) {
    return money(key, text_or_empty(key), parse_e8_truncated).value_or(E8{});
  }
  /// As e8, but digits past the eighth decimal are cut off: for what the venue computes.
  E8 e8_truncated(std::string_view key) { return needed(key, money(key, text(key), parse_e8_truncated)); }
  double number_or_zero(std::string_view key) { return text_or_empty(key).empty() ? 0 : number(key); }
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
  Instant time_ms(std::string_view key) { return in_time(key, integer(key)); }
  /// The epoch where the venue leaves it empty or out.
  Instant time_ms_or_zero(std::string_view key) { return in_time(key, optional_integer(key).value_or(0)); }
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
  const dom::object& object() const { return object_; }
  Reading& reading() { return reading_; }
  std::string where(std::string_view key) const {
    const std::string number = index_ ? "[" + std::to_string(*index_) + "]" : "";
    return std::string{place_} + number + "." + std::string{key};
  }

 private:
  template <class Parse>
  std::optional<E8> money(std::string_view key, std::string_view value, Parse parse) {
    if (value.empty()) return std::nullopt;
    const auto parsed = parse(value);
    if (!parsed) fail(key, "'" + std::string{value} + "' is no decimal of at most 8 places within 64 bits");
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

  Instant in_time(std::string_view key, std::int64_t ms) {
    if (ms >= 0 && ms <= time_ms_max) return Instant::from_ms(ms);
    fail(key, "no time in milliseconds");
    return {};
  }

  dom::object object_;
  std::string_view place_;
  std::optional<std::size_t> index_;
  Reading& reading_;
  NumberBuffer number_{};
};

}  // namespace mlbot::venue::bybit
