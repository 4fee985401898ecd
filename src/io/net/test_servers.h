// For tests and benchmarks: servers that do as a script says, byte by byte, and certificates of every kind
// made on the spot. The client has no switch that would make it trust them: a good case names its authority
// through SSL_CERT_FILE, which OpenSSL itself reads.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/assert.h"
#include "io/net/links.h"

namespace mlbot::io::net {

/// Takes connections one after the other on a thread of its own; each is handed to the script, then closed.
/// A script's reads end after five seconds at the latest.
class ScriptedServer {
 public:
  using Script = std::function<void(int connection)>;

  explicit ScriptedServer(Script script)
      : script_{std::move(script)}, listening_{socket(AF_INET, SOCK_STREAM, 0)} {
    std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes to connections that may be gone
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    MLBOT_ASSERT(bind(listening_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    MLBOT_ASSERT(listen(listening_, 64) == 0);
    getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { serve(); }};
  }
  ~ScriptedServer() {
    shutdown(listening_, SHUT_RDWR);
    thread_.join();
    ::close(listening_);
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  std::uint16_t port() const { return port_; }
  Url url(const std::string& scheme, const std::string& host = "127.0.0.1",
          const std::string& target = "/secret") const {
    return parse_url(scheme + "://" + host + ":" + std::to_string(port_) + target).value();
  }

 private:
  void serve() {
    for (;;) {
      const int connection = accept(listening_, nullptr, nullptr);
      if (connection < 0) return;
      const timeval patience{.tv_sec = 5, .tv_usec = 0};
      setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
      script_(connection);
      ::close(connection);
    }
  }

  Script script_;
  int listening_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// False when the peer is gone.
inline bool send_all(int connection, std::string_view bytes) {
  while (!bytes.empty()) {
    const auto sent = ::send(connection, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

/// Reads until the bytes hold `mark`, or the peer has closed.
inline std::string read_until(int connection, std::string_view mark) {
  std::string bytes;
  char part[4096];
  while (bytes.find(mark) == std::string::npos) {
    const auto got = recv(connection, part, sizeof part, 0);
    if (got <= 0) break;
    bytes.append(part, static_cast<std::size_t>(got));
  }
  return bytes;
}

inline void read_to_end(int connection) {
  char part[4096];
  while (recv(connection, part, sizeof part, 0) > 0) {
  }
}

/// The answer to a WebSocket upgrade request, by OpenSSL's SHA-1 and base64 rather than ours.
inline std::string upgrade_answer(std::string_view request) {
  constexpr std::string_view name = "Sec-WebSocket-Key: ";
  const auto at = request.find(name);
  std::string key{at == std::string_view::npos ? "" : request.substr(at + name.size(), 24)};
  key += "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  unsigned char digest[20];
  EVP_Digest(key.data(), key.size(), digest, nullptr, EVP_sha1(), nullptr);
  unsigned char text[32];
  EVP_EncodeBlock(text, digest, sizeof digest);
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         std::string{reinterpret_cast<const char*>(text)} + "\r\n\r\n";
}

struct CertificateWishes {
  std::string common_name = "server";
  std::string alternative_names;  ///< as OpenSSL writes them: "DNS:localhost,IP:127.0.0.1"
  std::string raw_dns_name;       ///< a name that may hold any byte
  std::string constraints;        ///< basicConstraints, e.g. "critical,CA:TRUE"
  std::string extended_use;       ///< extendedKeyUsage, e.g. "clientAuth"
  long valid_from_s = -3600;      ///< from now
  long valid_until_s = 3600;
  unsigned rsa_bits = 0;  ///< 0: an elliptic key on P-256
  const EVP_MD* digest = EVP_sha256();
};

/// A key and its certificate.
class Identity {
 public:
  /// Signed by `issuer`, or by itself.
  explicit Identity(const CertificateWishes& wishes, const Identity* issuer = nullptr)
      : key_{wishes.rsa_bits == 0 ? EVP_EC_gen("P-256") : EVP_RSA_gen(wishes.rsa_bits)},
        certificate_{X509_new()} {
    static std::atomic<long> serial{1};
    const Identity& signer = issuer != nullptr ? *issuer : *this;
    X509_set_version(certificate_, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate_), serial++);
    X509_gmtime_adj(X509_getm_notBefore(certificate_), wishes.valid_from_s);
    X509_gmtime_adj(X509_getm_notAfter(certificate_), wishes.valid_until_s);
    X509_set_pubkey(certificate_, key_);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate_), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(wishes.common_name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate_, X509_get_subject_name(signer.certificate_));
    add_extension(signer, NID_basic_constraints, wishes.constraints);
    add_extension(signer, NID_ext_key_usage, wishes.extended_use);
    add_extension(signer, NID_subject_alt_name, wishes.alternative_names);
    if (!wishes.raw_dns_name.empty()) add_raw_dns_name(wishes.raw_dns_name);
    MLBOT_ASSERT(X509_sign(certificate_, signer.key_, wishes.digest) > 0);
  }
  ~Identity() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  EVP_PKEY* key() const { return key_; }
  X509* certificate() const { return certificate_; }

 private:
  void add_extension(const Identity& signer, int kind, const std::string& value) {
    if (value.empty()) return;
    X509V3_CTX context;
    X509V3_set_ctx_nodb(&context);
    X509V3_set_ctx(&context, signer.certificate_, certificate_, nullptr, nullptr, 0);
    X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
    MLBOT_ASSERT(extension != nullptr);
    X509_add_ext(certificate_, extension, -1);
    X509_EXTENSION_free(extension);
  }
  void add_raw_dns_name(const std::string& name) {
    GENERAL_NAMES* const names = GENERAL_NAMES_new();
    GENERAL_NAME* const entry = GENERAL_NAME_new();
    ASN1_IA5STRING* const text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, name.data(), static_cast<int>(name.size()));
    GENERAL_NAME_set0_value(entry, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, entry);
    X509_add1_ext_i2d(certificate_, NID_subject_alt_name, names, 0, 0);
    GENERAL_NAMES_free(names);
  }

  EVP_PKEY* key_;
  X509* certificate_;
};

inline std::unique_ptr<Identity> make_authority() {
  return std::make_unique<Identity>(
      CertificateWishes{.common_name = "test authority", .constraints = "critical,CA:TRUE"});
}

/// Lets OpenSSL trust one authority for as long as it lives.
class Trusting {
 public:
  explicit Trusting(const Identity& authority)
      : path_{std::filesystem::temp_directory_path() /
              ("mlbot_tls_test_" + std::to_string(getpid()) + ".pem")} {
    FILE* const file = fopen(path_.c_str(), "w");
    PEM_write_X509(file, authority.certificate());
    fclose(file);
    setenv("SSL_CERT_FILE", path_.c_str(), 1);
  }
  ~Trusting() {
    unsetenv("SSL_CERT_FILE");
    std::filesystem::remove(path_);
  }
  Trusting(const Trusting&) = delete;
  Trusting& operator=(const Trusting&) = delete;

 private:
  std::filesystem::path path_;
};

/// A TLS server's settings, as lax as OpenSSL can be made: what is refused is refused by the client.
class TlsSettings {
 public:
  explicit TlsSettings(const Identity& identity, const std::vector<const Identity*>& chain = {},
                       int max_version = 0, const char* ciphers = "ALL")
      : context_{SSL_CTX_new(TLS_server_method())} {
    SSL_CTX_set_security_level(context_, 0);
    SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context_, max_version);
    MLBOT_ASSERT(SSL_CTX_set_cipher_list(context_, ciphers) == 1);
    MLBOT_ASSERT(SSL_CTX_use_certificate(context_, identity.certificate()) == 1);
    MLBOT_ASSERT(SSL_CTX_use_PrivateKey(context_, identity.key()) == 1);
    for (const Identity* const link : chain) SSL_CTX_add1_chain_cert(context_, link->certificate());
  }
  ~TlsSettings() { SSL_CTX_free(context_); }
  TlsSettings(const TlsSettings&) = delete;
  TlsSettings& operator=(const TlsSettings&) = delete;

  /// Shakes hands on the connection and, if the client agrees, lets `talk` use it.
  void serve(int connection, const std::function<void(SSL*)>& talk) const {
    SSL* const ssl = SSL_new(context_);
    SSL_set_fd(ssl, connection);
    if (SSL_accept(ssl) == 1) talk(ssl);
    SSL_free(ssl);
  }

 private:
  SSL_CTX* context_;
};

}  // namespace mlbot::io::net
