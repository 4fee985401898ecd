#include "base/tls_session.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <climits>

#include "base/assert.h"

namespace mlbot {
namespace {

std::string last_error() {
  const auto code = ERR_get_error();
  ERR_clear_error();
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "TLS failed without a reason";
}

}  // namespace

Result<std::shared_ptr<TlsContext>, std::string> TlsContext::client(const TlsFiles& files) {
  ERR_clear_error();
  SSL_CTX* raw = SSL_CTX_new(TLS_client_method());
  MLBOT_ASSERT(raw != nullptr);
  std::shared_ptr<TlsContext> context{new TlsContext{raw}};
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_verify(raw, SSL_VERIFY_PEER, nullptr);
  if (files.authorities.empty()) {
    SSL_CTX_set_default_verify_paths(raw);
  } else if (SSL_CTX_load_verify_locations(raw, files.authorities.c_str(), nullptr) != 1) {
    return std::unexpected{"no authorities in " + files.authorities + ": " + last_error()};
  }
  if (files.certificate.empty()) return context;
  if (SSL_CTX_use_certificate_chain_file(raw, files.certificate.c_str()) != 1)
    return std::unexpected{"no certificate in " + files.certificate + ": " + last_error()};
  if (SSL_CTX_use_PrivateKey_file(raw, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return std::unexpected{"no key of the certificate in " + files.key + ": " + last_error()};
  return context;
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsSession::TlsSession(std::shared_ptr<TlsContext> context, const std::string& host)
    : context_{std::move(context)}, session_{SSL_new(context_->context_)} {
  MLBOT_ASSERT(session_ != nullptr);
  SSL_set_bio(session_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_set_connect_state(session_);
  if (X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session_), host.c_str()) != 1) {
    SSL_set1_host(session_, host.c_str());
    SSL_set_tlsext_host_name(session_, host.c_str());
  }
  ERR_clear_error();
}

TlsSession::~TlsSession() { SSL_free(session_); }

Result<bool, std::string> TlsSession::handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(session_);
  if (done == 1) return true;
  if (SSL_get_error(session_, done) == SSL_ERROR_WANT_READ) return false;
  const long verified = SSL_get_verify_result(session_);
  if (verified != X509_V_OK)
    return std::unexpected{std::string{"its certificate is not to be trusted, "} +
                           X509_verify_cert_error_string(verified)};
  return std::unexpected{last_error()};
}

void TlsSession::feed(std::string_view raw) {
  while (!raw.empty()) {
    const int taken = BIO_write(SSL_get_rbio(session_), raw.data(),
                                static_cast<int>(std::min<std::size_t>(raw.size(), INT_MAX)));
    MLBOT_ASSERT(taken > 0);  // memory takes all
    raw.remove_prefix(static_cast<std::size_t>(taken));
  }
}

Result<std::size_t, std::string> TlsSession::read(std::span<char> out) {
  ERR_clear_error();
  std::size_t got = 0;
  const int done = SSL_read_ex(session_, out.data(), out.size(), &got);
  if (done == 1) return got;
  switch (SSL_get_error(session_, done)) {
    case SSL_ERROR_WANT_READ:
      return std::size_t{0};
    case SSL_ERROR_ZERO_RETURN:
      return std::unexpected{"it closed the connection"};
    default:
      return std::unexpected{last_error()};
  }
}

Result<void, std::string> TlsSession::write(std::string_view plain) {
  if (plain.empty()) return {};
  ERR_clear_error();
  std::size_t taken = 0;
  if (SSL_write_ex(session_, plain.data(), plain.size(), &taken) != 1) return std::unexpected{last_error()};
  MLBOT_ASSERT(taken == plain.size());  // memory takes all
  return {};
}

std::string& TlsSession::raw() {
  BIO* out = SSL_get_wbio(session_);
  const std::size_t waiting = BIO_ctrl_pending(out);
  if (waiting > 0) {
    const std::size_t before = raw_.size();
    raw_.resize(before + waiting);
    const int got = BIO_read(out, raw_.data() + before, static_cast<int>(waiting));
    MLBOT_ASSERT(got == static_cast<int>(waiting));
  }
  return raw_;
}

}  // namespace mlbot
