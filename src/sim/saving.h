// One description of a structure's fields for both ways: `fields(io, thing)` writes with a Saver and reads
// with a Loader. Times are kept relative to the instant of saving, so that a run can go on later.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>

#include "base/bytes.h"
#include "base/prng.h"
#include "domain/units.h"

namespace mlbot::sim {

class Saver {
 public:
  Saver(ByteWriter& out, Instant now) : out_{out}, now_{now} {}
  static constexpr bool loads = false;

  void operator()(std::integral auto& value) { out_.zigzag(static_cast<std::int64_t>(value)); }
  void operator()(std::uint64_t& value) { out_.varint(value); }
  void operator()(double& value) { out_.number(value); }
  void operator()(std::string& value) { out_.text(value); }
  void operator()(Instant& value) {
    const bool absolute = value == Instant{} || value == distant_future;
    out_.u8(absolute ? 1 : 0);
    out_.zigzag(absolute ? value.ns : value.ns - now_.ns);
  }
  void size(std::uint64_t count, std::uint64_t) { out_.varint(count); }
  void fail() {}

 private:
  ByteWriter& out_;
  Instant now_;
};

class Loader {
 public:
  Loader(ByteReader& in, Instant now) : in_{in}, now_{now} {}
  static constexpr bool loads = true;

  void operator()(std::integral auto& value) {
    const std::int64_t read = in_.zigzag();
    value = static_cast<std::remove_reference_t<decltype(value)>>(read);
    if (static_cast<std::int64_t>(value) != read) in_.fail();
  }
  void operator()(std::uint64_t& value) { value = in_.varint(); }
  void operator()(double& value) { value = in_.number(); }
  void operator()(std::string& value) { value = std::string{in_.text()}; }
  void operator()(Instant& value) {
    const bool absolute = in_.u8() != 0;
    value.ns = in_.zigzag() + (absolute ? 0 : now_.ns);
  }
  /// A count of things to follow; more than `most` is damage.
  std::uint64_t count(std::uint64_t most) {
    const std::uint64_t read = in_.varint();
    if (read > most) in_.fail();
    return in_.ok() ? read : 0;
  }
  void fail() { in_.fail(); }
  bool ok() const { return in_.ok(); }

 private:
  ByteReader& in_;
  Instant now_;
};

template <class Io>
void fields(Io& io, E8& value) {
  io(value.count);
}
template <class Io>
void fields(Io& io, Lots& value) {
  io(value.count);
}
template <class Io>
void fields(Io& io, PriceTicks& value) {
  io(value.count);
}
template <class Io>
void fields(Io& io, SymbolId& value) {
  io(value.index);
}
template <class Io>
void fields(Io& io, std::uint64_t& value) {
  io(value);
}
template <class Io>
void fields(Io& io, Instant& value) {
  io(value);
}

/// An enum whose last value is `last`.
template <class Io, class Enum>
void choice(Io& io, Enum& value, Enum last) {
  auto number = static_cast<std::uint64_t>(value);
  io(number);
  if (number > static_cast<std::uint64_t>(last)) {
    io.fail();
    number = 0;
  }
  if constexpr (Io::loads) value = static_cast<Enum>(number);
}

template <class Io, std::size_t Capacity>
void fields(Io& io, InlineText<Capacity>& value) {
  std::string text = value.str();
  io(text);
  if (!InlineText<Capacity>::fits(text)) return io.fail();
  if constexpr (Io::loads) value = InlineText<Capacity>{std::string_view{text}};
}

template <class Io, class T>
void fields(Io& io, std::optional<T>& value) {
  bool has = value.has_value();
  io(has);
  if (!has) return value.reset();
  if (!value) value.emplace();
  fields(io, *value);
}

/// A sequence of at most `most` things.
template <class Io, class Sequence>
void list(Io& io, Sequence& values, std::uint64_t most) {
  if constexpr (Io::loads) {
    values.clear();
    const std::uint64_t count = io.count(most);
    for (std::uint64_t i = 0; i < count && io.ok(); ++i) fields(io, values.emplace_back());
  } else {
    io.size(values.size(), most);
    for (auto& value : values) fields(io, value);
  }
}

template <class Io>
void fields(Io& io, Prng& prng) {
  Prng::State state = prng.state();
  for (std::uint64_t& word : state.words) io(word);
  io(state.spare);
  io(state.has_spare);
  if constexpr (Io::loads) prng.set_state(state);
}

}  // namespace mlbot::sim
