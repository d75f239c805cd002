// First, so that Swift's Glibc agrees on fd_set (see CLibevent's shim).
#include <sys/select.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
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

// What OpenSSL reads from files alone, from memory: with the same rules and errors.

// Whether what was read of PEM has come to its end, rather than to something broken.
static inline int copenssl_is_end_of_pem(void) {
  unsigned long error = ERR_peek_last_error();
  if (ERR_GET_LIB(error) != ERR_LIB_PEM || ERR_GET_REASON(error) != PEM_R_NO_START_LINE) return 0;
  ERR_clear_error();
  return 1;
}

// SSL_CTX_load_verify_locations.
static inline int copenssl_trust(SSL_CTX *context, const void *pem, int count) {
  BIO *source = BIO_new_mem_buf(pem, count);
  if (source == NULL) return 0;
  X509_STORE *store = SSL_CTX_get_cert_store(context);
  int taken = 0, isBroken = 0;
  for (X509 *found; !isBroken && (found = PEM_read_bio_X509_AUX(source, NULL, copenssl_no_password, NULL));) {
    isBroken = !X509_STORE_add_cert(store, found);
    X509_free(found);
    taken++;
  }
  BIO_free(source);
  if (taken == 0) return 0;
  return !isBroken && copenssl_is_end_of_pem();
}

// SSL_CTX_use_certificate_chain_file.
static inline int copenssl_present(SSL_CTX *context, const void *pem, int count) {
  BIO *source = BIO_new_mem_buf(pem, count);
  if (source == NULL) return 0;
  X509 *first = PEM_read_bio_X509_AUX(source, NULL, copenssl_no_password, NULL);
  int isTaken = first != NULL && SSL_CTX_use_certificate(context, first);
  X509_free(first);
  if (isTaken) isTaken = (int)SSL_CTX_clear_chain_certs(context);
  for (X509 *next; isTaken && (next = PEM_read_bio_X509(source, NULL, copenssl_no_password, NULL));) {
    isTaken = (int)SSL_CTX_add0_chain_cert(context, next);
    if (!isTaken) X509_free(next);
  }
  BIO_free(source);
  return isTaken && copenssl_is_end_of_pem();
}

// SSL_CTX_use_PrivateKey_file.
static inline int copenssl_use_key(SSL_CTX *context, const void *pem, int count) {
  BIO *source = BIO_new_mem_buf(pem, count);
  if (source == NULL) return 0;
  EVP_PKEY *key = PEM_read_bio_PrivateKey(source, NULL, copenssl_no_password, NULL);
  BIO_free(source);
  int isTaken = key != NULL && SSL_CTX_use_PrivateKey(context, key);
  EVP_PKEY_free(key);
  return isTaken;
}
