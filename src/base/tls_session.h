// One side of a TLS connection, without a socket: raw bytes from the peer in, raw bytes for the peer out,
// plain bytes between. Whoever owns the socket carries them.
//
// The peer's certificate is always verified, against the given authorities and the name that was dialled.
// TLS 1.2 at least. Threads: one a session; a context may be shared.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

struct ssl_ctx_st;
struct ssl_st;

namespace mlbot {

struct TlsFiles {
  std::string authorities;  ///< PEM; empty: those of the system
  std::string certificate;  ///< PEM, our own, when the peer asks for one; empty: none
  std::string key;          ///< PEM, of that certificate
  bool operator==(const TlsFiles&) const = default;
};

class TlsContext {
 public:
  /// @error names the file that could not be used
  static Result<std::shared_ptr<TlsContext>, std::string> client(const TlsFiles& files);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

 private:
  friend class TlsSession;
  explicit TlsContext(ssl_ctx_st* context) : context_{context} {}
  ssl_ctx_st* context_;
};

class TlsSession {
 public:
  /// @param host  name or address that the peer's certificate must bear
  TlsSession(std::shared_ptr<TlsContext> context, const std::string& host);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  /// Goes on with the handshake; true when it is over. To be called until then, with what came in between.
  Result<bool, std::string> handshake();
  /// Raw bytes from the peer.
  void feed(std::string_view raw);
  /// Plain bytes into `out`; 0 when more raw bytes are needed. @error also when the peer has closed
  Result<std::size_t, std::string> read(std::span<char> out);
  /// Plain bytes for the peer; afterwards they stand in `raw()`.
  Result<void, std::string> write(std::string_view plain);
  /// Raw bytes for the peer; whoever sends them takes them out.
  std::string& raw();

 private:
  std::shared_ptr<TlsContext> context_;
  ssl_st* session_;
  std::string raw_;
};

}  // namespace mlbot
