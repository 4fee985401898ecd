// The guard's only way to the venue. It can look, cancel an order that a look showed, close a position that a
// look showed, and take the stops of a symbol that was proved flat. It has no word for anything else: there
// is no price, side or size that a caller could choose so that a position opens or grows.
//
// A close is reduce-only, of the opposite side, and at most as large as what was held; the venue holds it to
// that as well. The client underneath is private and stays so (reducing_client_test.cpp holds this type to
// its words).
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/bybit/endpoints.h"
#include "io/bybit/key_check.h"
#include "io/bybit/rest_client.h"
#include "shell/guard/account_look.h"
#include "shell/service/key_file.h"

namespace mlbot::shell {

class ReducingClient {
 public:
  enum class Look : std::uint8_t { orders, everything };
  struct Handlers {
    /// Bytes that are about to leave to change something.
    std::function<void(std::string_view path, std::string_view body)> on_send;
    std::function<void(const RequestAnswer&)> on_answer;
  };
  using Done = std::function<void(Result<void, std::string>)>;

  /// @error what is wrong with the address
  static Result<std::unique_ptr<ReducingClient>, std::string> create(io::net::EventLoop& loop,
                                                                     const io::bybit::Endpoints& endpoints,
                                                                     const ApiKey& key, Handlers handlers);

  /// The venue's clock, its contracts and the key's rights. Again after an error.
  void start(Done done);
  bool ready() const { return ready_; }
  /// One at a time.
  void look(Look what, std::function<void(Result<AccountLook, std::string>)> done);

  void cancel(const RestingOrder& entry);
  /// @param size        > 0; more than is held is cut to it
  /// @param collar_bps  of the mark price beyond which it must not fill; 0: however far
  void close(const HeldPosition& position, Lots size, int collar_bps);
  void cancel_stops(const FlatSymbol& flat);

  std::string name_of(SymbolId symbol) const;

 private:
  ReducingClient() = default;
  void know_contracts(Done done);
  void check_rights(Done done);

  std::unique_ptr<io::bybit::BybitRestClient> rest_;
  bool ready_ = false, contracts_known_ = false;
  std::uint64_t boot_ = 0, closes_ = 0;  ///< of our order ids
};

}  // namespace mlbot::shell
