// A small TLS server of OpenSSL's own and certificates made on the spot; the client has no switch that would
// make it trust them, so the one good case names its authority through SSL_CERT_FILE, which OpenSSL reads.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <optional>
#include <thread>

#include "io/net/links.h"
#include "io/net/test_loop.h"

namespace mlbot::io::net {
namespace {

struct Identity {
  EVP_PKEY* key = EVP_EC_gen("P-256");
  X509* certificate = X509_new();
  Identity() = default;
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  ASSERT_NE(extension, nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// Signed by `authority`, or by itself.
std::unique_ptr<Identity> make_identity(const char* name, const std::string& alternative_names,
                                        const Identity* authority = nullptr) {
  auto made = std::make_unique<Identity>();
  X509* const certificate = made->certificate;
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), authority != nullptr ? 2 : 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
  X509_set_pubkey(certificate, made->key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name), -1, -1, 0);
  X509* const issuer = authority != nullptr ? authority->certificate : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  if (authority == nullptr) add_extension(certificate, issuer, NID_basic_constraints, "critical,CA:TRUE");
  if (!alternative_names.empty()) add_extension(certificate, issuer, NID_subject_alt_name, alternative_names);
  X509_sign(certificate, authority != nullptr ? authority->key : made->key, EVP_sha256());
  return made;
}

/// Takes connections one after the other: shakes hands and answers one HTTP request.
class TlsServer {
 public:
  explicit TlsServer(const Identity& identity, int max_version = 0)
      : context_{SSL_CTX_new(TLS_server_method())} {
    SSL_CTX_use_certificate(context_, identity.certificate);
    SSL_CTX_use_PrivateKey(context_, identity.key);
    if (max_version != 0) {
      SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context_, max_version);
      SSL_CTX_set_cipher_list(context_, "ALL:@SECLEVEL=0");
    }
    listening_ = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    bind(listening_, reinterpret_cast<sockaddr*>(&address), size);
    listen(listening_, 8);
    getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread{[this] { serve(); }};
  }
  ~TlsServer() {
    shutdown(listening_, SHUT_RDWR);
    thread_.join();
    close(listening_);
    SSL_CTX_free(context_);
  }
  Url url(const std::string& scheme, const std::string& host) const {
    return parse_url(scheme + "://" + host + ":" + std::to_string(port_) + "/secret").value();
  }

 private:
  void serve() {
    for (;;) {
      const int fd = accept(listening_, nullptr, nullptr);
      if (fd < 0) return;
      SSL* const ssl = SSL_new(context_);
      SSL_set_fd(ssl, fd);
      char request[4096];
      if (SSL_accept(ssl) == 1 && SSL_read(ssl, request, sizeof request) > 0) {
        const std::string_view answer =
            "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nsafe";
        SSL_write(ssl, answer.data(), static_cast<int>(answer.size()));
        SSL_shutdown(ssl);
      }
      SSL_free(ssl);
      close(fd);
    }
  }

  SSL_CTX* context_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

/// Lets OpenSSL trust one authority for as long as it lives.
class Trusting {
 public:
  explicit Trusting(const Identity& authority)
      : path_{std::filesystem::temp_directory_path() /
              ("mlbot_tls_test_" + std::to_string(getpid()) + ".pem")} {
    FILE* const file = fopen(path_.c_str(), "w");
    PEM_write_X509(file, authority.certificate);
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

Result<HttpAnswer, NetError> get(const Url& url) {
  EventLoop loop;
  HttpLink link{loop, url};
  std::optional<Result<HttpAnswer, NetError>> got;
  link.request({.target = url.target}, 8s, [&](auto answer) { got = std::move(answer); });
  EXPECT_TRUE(run_until(loop, [&] { return got.has_value(); }));
  return *got;
}

NetError refused_websocket(const Url& url) {
  EventLoop loop;
  std::optional<NetError> error;
  WebSocketLink link{
      loop, {}, {[] { FAIL() << "opened"; }, [](auto) {}, [&](const NetError& e) { error = e; }}};
  link.open(url);
  EXPECT_TRUE(run_until(loop, [&] { return error.has_value(); }));
  return *error;
}

TEST(Tls, a_trusted_certificate_of_the_right_name_is_welcome) {
  const auto authority = make_identity("test authority", "");
  const auto identity = make_identity("server", "DNS:localhost,IP:127.0.0.1", authority.get());
  const Trusting trusting{*authority};
  TlsServer server{*identity};
  const auto by_name = get(server.url("https", "localhost"));
  ASSERT_TRUE(by_name) << by_name.error().what;
  EXPECT_EQ(by_name->response.body, "safe");
  const auto by_number = get(server.url("https", "127.0.0.1"));
  ASSERT_TRUE(by_number) << by_number.error().what;
  EXPECT_EQ(by_number->response.body, "safe");
}

TEST(Tls, a_certificate_for_another_name_is_refused) {
  const auto authority = make_identity("test authority", "");
  const auto identity = make_identity("server", "DNS:elsewhere.example", authority.get());
  const Trusting trusting{*authority};
  TlsServer server{*identity};
  for (const char* host : {"localhost", "127.0.0.1"}) {
    const auto answer = get(server.url("https", host));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().fault, NetFault::tls);
    EXPECT_NE(answer.error().what.find("mismatch"), std::string::npos) << answer.error().what;
    const auto refused = refused_websocket(server.url("wss", host));
    EXPECT_EQ(refused.fault, NetFault::tls);
    EXPECT_NE(refused.what.find(host), std::string::npos) << refused.what;
  }
}

TEST(Tls, a_self_signed_certificate_is_refused) {
  const auto identity = make_identity("localhost", "DNS:localhost,IP:127.0.0.1");
  TlsServer server{*identity};
  const auto answer = get(server.url("https", "127.0.0.1"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, NetFault::tls);
  EXPECT_NE(answer.error().what.find("is not trusted: self-signed certificate"), std::string::npos)
      << answer.error().what;
  EXPECT_EQ(refused_websocket(server.url("wss", "127.0.0.1")).fault, NetFault::tls);
}

TEST(Tls, an_older_version_than_1_2_is_refused) {
  const auto authority = make_identity("test authority", "");
  const auto identity = make_identity("server", "IP:127.0.0.1", authority.get());
  const Trusting trusting{*authority};
  TlsServer server{*identity, TLS1_1_VERSION};
  const auto answer = get(server.url("https", "127.0.0.1"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().fault, NetFault::tls) << answer.error().what;
}

TEST(Tls, plain_http_gets_no_answer_from_a_tls_server) {
  const auto identity = make_identity("x", "IP:127.0.0.1");
  TlsServer server{*identity};
  const auto answer = get(server.url("http", "127.0.0.1"));
  ASSERT_FALSE(answer);
  EXPECT_NE(answer.error().what.find("127.0.0.1"), std::string::npos) << answer.error().what;
}

}  // namespace
}  // namespace mlbot::io::net
