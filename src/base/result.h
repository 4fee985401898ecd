// The outside world may fail; a failure is a value.
#pragma once

#include <expected>

namespace mlbot {

template <class T, class E>
using Result = std::expected<T, E>;

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};
template <class... Visitors>
Overloaded(Visitors...) -> Overloaded<Visitors...>;

}  // namespace mlbot
