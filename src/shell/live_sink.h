// What the core decided, made to happen: kept first, then sent, then shown.
#pragma once

#include <functional>
#include <string>

#include "core/orders/order_id.h"
#include "domain/outbox.h"
#include "io/bus/bus.h"
#include "io/bus/streams.h"
#include "io/journal/journal.h"
#include "shell/run_digest.h"

namespace mlbot::shell {

class LiveSink {
 public:
  struct Setup {
    io::journal::JournalWriter* journal = nullptr;
    io::bus::Bus* bus = nullptr;
    io::bus::Bus* second_bus = nullptr;              ///< Redis, when chosen; nullptr otherwise
    core::AccountTag order_tag;                      ///< of the ids that are leased; empty: none is
    std::function<void(const Stamped&)> keep_state;  ///< of trading, before anything of the step takes effect
    std::function<void(const Command&)> carry_out;   ///< REST
    std::function<void(SymbolId)> resubscribe_book;
    std::function<void(const Stamped&, const Outbox&)> observer;
  };
  explicit LiveSink(Setup setup) : setup_{std::move(setup)} {}

  void take(const Stamped& event, const Outbox& out);
  const RunDigest& digest() const { return digest_; }
  RunDigest& digest() { return digest_; }
  /// What the journal could not keep; commands are not carried out from then on.
  const std::string& error() const { return error_; }

 private:
  template <class T>
  void keep(const T& derived);
  void lease_ids(const Outbox& out);
  void show(Sequence sequence, const Record& record);

  Setup setup_;
  io::bus::StreamNames streams_;
  RunDigest digest_;
  std::string bytes_;
  std::string error_;
};

}  // namespace mlbot::shell
