// First, so that Swift's Glibc agrees on fd_set (see CLibevent's shim).
#include <sys/select.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

// Macros, which Swift cannot call.
static inline int copenssl_require_tls12(SSL_CTX *context) {
  return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
}

// The owner keeps sessions itself; OpenSSL's own store is for servers.
static inline void copenssl_report_sessions(
    SSL_CTX *context, int (*report)(SSL *ssl, SSL_SESSION *session)) {
  SSL_CTX_set_session_cache_mode(
      context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, report);
}

static inline int copenssl_no_password(char *text, int size, int writing, void *context) {
  (void)text, (void)size, (void)writing, (void)context;
  return -1;
}

// An encrypted key is an error, never a question at the terminal.
static inline void copenssl_never_ask(SSL_CTX *context) {
  SSL_CTX_set_default_passwd_cb(context, copenssl_no_password);
}

static inline int copenssl_name_server(SSL *ssl, const char *name) {
  return (int)SSL_set_tlsext_host_name(ssl, name);
}
