// One walk over a part's state serves three travellers: the hash, the checkpoint that is written, and the one
// that is read back.
//
// A part names its members once:
//   template <class Self, class Visitor>
//   static void walk(Self& self, Visitor& visit) { visit(self.a_, self.b_); }
// Numbers, instants, prices, optionals, arrays, vectors (whose length never changes) and rings need no walk
// of their own. Long rows of numbers are written as differences, which are small.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/ring.h"
#include "base/state_hash.h"
#include "domain/event.h"
#include "domain/frame.h"

namespace mlbot::core {

__extension__ using Int128 = __int128;
__extension__ using UInt128 = unsigned __int128;

template <class T>
concept Scalar = std::is_arithmetic_v<T> || std::is_enum_v<T> || std::is_same_v<T, Int128>;

template <class T>
struct ElementOf {
  static constexpr bool flat = Scalar<T>;
  using Type = T;
  static constexpr std::size_t count = 1;
};
template <class T, std::size_t N>
struct ElementOf<std::array<T, N>> {
  static constexpr bool flat = Scalar<T>;
  using Type = T;
  static constexpr std::size_t count = N;
};

/// Sends each value of a state to Derived::scalar() or, for rows of numbers, Derived::numbers().
template <class Derived>
class StateVisitor {
 public:
  template <class... T>
  void operator()(T&... values) {
    (one(values), ...);
  }
  /// What must hold of a state; only a reader has doubts.
  void require(bool) {}

 private:
  Derived& self() { return static_cast<Derived&>(*this); }

  template <class T>
  void one(T& value) {
    using Plain = std::remove_const_t<T>;
    if constexpr (Scalar<Plain>)
      self().scalar(value);
    else if constexpr (requires { Plain::walk(value, self()); })
      Plain::walk(value, self());
    else if constexpr (requires { value.ns; })
      self().scalar(value.ns);
    else if constexpr (requires { value.count + 0; })
      self().scalar(value.count);
    else
      compound(value);
  }
  template <class T>
  void compound(std::optional<T>& value) {
    bool there = value.has_value();
    self().scalar(there);
    if (there && !value) value.emplace();
    if (!there) value.reset();
    if (value) one(*value);
  }
  template <class T>
  void compound(const std::optional<T>& value) {
    const bool there = value.has_value();
    self().scalar(there);
    if (value) one(*value);
  }
  template <class T, std::size_t N>
  void compound(std::array<T, N>& values) {
    row(values.data(), N);
  }
  template <class T, std::size_t N>
  void compound(const std::array<T, N>& values) {
    row(values.data(), N);
  }
  template <class T>
  void compound(std::vector<T>& values) {
    row(values.data(), values.size());
  }
  template <class T>
  void compound(const std::vector<T>& values) {
    row(values.data(), values.size());
  }
  /// `count` values side by side: flat numbers travel together.
  template <class T>
  void row(T* values, std::size_t count) {
    using Element = ElementOf<std::remove_const_t<T>>;
    using Number =
        std::conditional_t<std::is_const_v<T>, const typename Element::Type, typename Element::Type>;
    if constexpr (Element::flat)
      self().template numbers<Element::count>(reinterpret_cast<Number*>(values), count * Element::count);
    else
      for (std::size_t i = 0; i < count; ++i) one(values[i]);
  }
  template <class T>
  void compound(const Ring<T>& ring) {
    std::uint64_t size = ring.size();
    self().scalar(size);
    for (std::size_t i = 0; i < ring.size(); ++i) one(ring[i]);
  }
  template <class T>
  void compound(Ring<T>& ring) {
    std::uint64_t size = ring.size();
    self().scalar(size);
    self().require(size <= ring.capacity());
    if (size != ring.size()) {  // read back: as long as what was written
      ring.clear();
      for (std::uint64_t i = 0; i < size && i < ring.capacity(); ++i) ring.push_back({});
    }
    for (std::size_t i = 0; i < ring.size(); ++i) one(ring[i]);
  }
  template <class T>
    requires requires(T& t) { t.price, t.size; }
  void compound(T& level) {
    one(level.price), one(level.size);
  }
  template <class T>
    requires requires(T& t) { t.bid_size, t.synced; }
  void compound(T& top) {
    (*this)(top.bid, top.ask, top.bid_size, top.ask_size, top.synced);
  }
  template <class T>
    requires requires(T& t) { t.open_interest; }
  void compound(T& ticker) {
    (*this)(ticker.last_price, ticker.mark_price, ticker.index_price, ticker.open_interest,
            ticker.open_interest_value, ticker.turnover_24h, ticker.funding_rate, ticker.next_funding,
            ticker.funding_interval_hours);
  }
};

class HashVisitor : public StateVisitor<HashVisitor> {
 public:
  explicit HashVisitor(StateHash& hash) : hash_{hash} {}

 private:
  friend class StateVisitor<HashVisitor>;
  template <Scalar T>
  void scalar(const T& value) {
    if constexpr (std::is_same_v<T, double>)
      hash_.add(value);
    else if constexpr (sizeof(T) > 8)
      hash_.add(bytes_of(value));
    else
      hash_.add(static_cast<std::uint64_t>(value));
  }
  template <std::size_t, Scalar T>
  void numbers(const T* values, std::size_t count) {
    hash_.add(std::string_view{reinterpret_cast<const char*>(values), count * sizeof(T)});
  }
  StateHash& hash_;
};

class StateWriter : public StateVisitor<StateWriter> {
 public:
  explicit StateWriter(std::string& out) : out_{out} {}

 private:
  friend class StateVisitor<StateWriter>;
  static constexpr std::size_t bytes_max = 19;  ///< of one number

  template <Scalar T>
  void scalar(const T& value) {
    char raw[bytes_max];
    out_.raw({raw, put(raw, value, T{})});
  }
  /// Block by block: a checkpoint is some hundred thousand numbers, and mostly rows.
  template <std::size_t Stride, Scalar T>
  void numbers(const T* values, std::size_t count) {
    char block[2'048];
    char* to = block;
    for (std::size_t i = 0; i < count; ++i) {
      if (block + sizeof block - to < static_cast<std::ptrdiff_t>(bytes_max)) {
        out_.raw({block, to});
        to = block;
      }
      to = put(to, values[i], i < Stride ? T{} : values[i - Stride]);
    }
    out_.raw({block, to});
  }
  template <Scalar T>
  static char* put(char* to, T value, T before) {
    if constexpr (std::is_floating_point_v<T>) {
      // Equal doubles give 0, near ones share their high bytes: turned round, those are the varint's last.
      return put_varint(
          to, std::byteswap(std::bit_cast<std::uint64_t>(value) ^ std::bit_cast<std::uint64_t>(before)));
    } else if constexpr (sizeof(T) > 8) {
      const auto wide = static_cast<UInt128>(value) - static_cast<UInt128>(before);
      const UInt128 small = wide << 1 ^ static_cast<UInt128>(static_cast<Int128>(wide) >> 127);
      return small >> 64 == 0 ? put_varint(to, static_cast<std::uint64_t>(small)) : put_varint(to, small);
    } else {
      return put_varint(to, folded(static_cast<std::int64_t>(static_cast<std::uint64_t>(value) -
                                                             static_cast<std::uint64_t>(before))));
    }
  }
  ByteWriter out_;
};

class StateReader : public StateVisitor<StateReader> {
 public:
  explicit StateReader(std::string_view in) : in_{in} {}
  void require(bool holds) {
    if (!holds) in_.fail();
  }
  /// Everything was there, nothing is left over.
  bool complete() const { return in_.ok() && in_.done(); }

 private:
  friend class StateVisitor<StateReader>;
  template <Scalar T>
  void scalar(T& value) {
    value = next(T{});
  }
  template <std::size_t Stride, Scalar T>
  void numbers(T* values, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) values[i] = next(i < Stride ? T{} : values[i - Stride]);
  }
  template <Scalar T>
  T next(T before) {
    if constexpr (std::is_floating_point_v<T>) {
      return std::bit_cast<T>(std::byteswap(in_.varint()) ^ std::bit_cast<std::uint64_t>(before));
    } else if constexpr (sizeof(T) > 8) {
      const auto small = in_.varint_of<UInt128>();
      const UInt128 wide = small >> 1 ^ (UInt128{0} - (small & 1));
      return static_cast<T>(static_cast<UInt128>(before) + wide);
    } else {
      return static_cast<T>(static_cast<std::uint64_t>(before) + static_cast<std::uint64_t>(in_.zigzag()));
    }
  }
  ByteReader in_;
};

}  // namespace mlbot::core
