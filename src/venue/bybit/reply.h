// One REST body under reading: its result object, and the first fault. For this folder's decoders only.
#pragma once

#include <fmt/format.h>

#include "venue/bybit/json_reader.h"
#include "venue/bybit/words.h"

namespace mlbot::venue::bybit {

struct Reply {
  Reply(std::string_view body, DecodeScratch& scratch) {
    root = open_document(padded_copy(body, scratch.impl().padded), scratch, reading);
    result = object_of(root, "result", "reply", reading);
  }
  /// Scalars beside the list.
  Row row() { return {result, "result", reading}; }
  dom::array list(std::string_view key) { return list_of(result, key, "result", reading); }
  template <class Read>
  void each(std::string_view key, Read&& read) {
    each_object(list(key), fmt::format("result.{}", key), reading, read);
  }
  std::string cursor() {
    Row beside = row();
    return std::string{beside.text_or_empty("nextPageCursor")};
  }
  /// Lists of what is traded here say so, or nothing.
  void must_be_linear() {
    Row beside = row();
    const std::string_view category = beside.text_or_empty("category");
    if (!category.empty() && category != category_linear)
      reading.fail("result.category", fmt::format("'{}' was not asked for", category));
  }

  Reading reading;
  dom::object root, result;
};

template <class T>
Result<T, DecodeError> answer(Reply& reply, T value) {
  if (!reply.reading.ok()) return std::unexpected{reply.reading.take()};
  return value;
}

/// The texts of an array: a kline or a book level. False for fewer, or for what is no text.
template <std::size_t Count>
bool read_texts(const dom::element& item, std::array<std::string_view, Count>& texts) {
  dom::array parts;
  if (item.get_array().get(parts)) return false;
  std::size_t found = 0;
  for (const dom::element part : parts) {
    if (found == Count) break;
    if (part.get_string().get(texts[found])) return false;
    ++found;
  }
  return found == Count;
}

/// Milliseconds of a bar's start; an exponent has been seen in these columns.
inline std::optional<Instant> bar_start(std::string_view text) {
  const auto ms = parse_number(text);
  if (!ms || *ms < 0 || *ms > static_cast<double>(time_ms_max / 2)) return std::nullopt;
  return Instant::from_ms(static_cast<std::int64_t>(*ms));
}

}  // namespace mlbot::venue::bybit
