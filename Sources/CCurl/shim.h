/* First, so that Swift's Glibc and libcurl agree on fd_set (see CLibevent's shim). */
#include <sys/select.h>

/* Its macros stand in the way of the functions below. */
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

/* Swift cannot call variadic functions: one form for each type of argument. */
static inline CURLcode martlet_easy_set_long(CURL *easy, CURLoption option, long value) {
  return curl_easy_setopt(easy, option, value);
}
/* libcurl copies the text. */
static inline CURLcode martlet_easy_set_text(CURL *easy, CURLoption option, const char *text) {
  return curl_easy_setopt(easy, option, text);
}
static inline CURLcode martlet_easy_set_pointer(CURL *easy, CURLoption option, void *pointer) {
  return curl_easy_setopt(easy, option, pointer);
}
/* libcurl copies the octets. */
static inline CURLcode martlet_easy_set_blob(
    CURL *easy, CURLoption option, const void *octets, size_t count) {
  struct curl_blob blob = {.data = (void *)octets, .len = count, .flags = CURL_BLOB_COPY};
  return curl_easy_setopt(easy, option, &blob);
}
static inline CURLcode martlet_easy_set_write(
    CURL *easy, CURLoption option, curl_write_callback function) {
  return curl_easy_setopt(easy, option, function);
}
static inline CURLcode martlet_easy_set_sockopt(CURL *easy, curl_sockopt_callback function) {
  return curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, function);
}

static inline CURLcode martlet_easy_get_long(CURL *easy, CURLINFO info, long *value) {
  return curl_easy_getinfo(easy, info, value);
}
/* The text belongs to libcurl. */
static inline CURLcode martlet_easy_get_text(CURL *easy, CURLINFO info, const char **text) {
  return curl_easy_getinfo(easy, info, text);
}
static inline CURLcode martlet_easy_get_pointer(CURL *easy, CURLINFO info, void **pointer) {
  return curl_easy_getinfo(easy, info, pointer);
}

static inline CURLMcode martlet_multi_set_long(CURLM *multi, CURLMoption option, long value) {
  return curl_multi_setopt(multi, option, value);
}
static inline CURLMcode martlet_multi_set_socket(
    CURLM *multi, curl_socket_callback function, void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
  return code ? code : curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
}
static inline CURLMcode martlet_multi_set_timer(
    CURLM *multi, curl_multi_timer_callback function, void *context) {
  CURLMcode code = curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
  return code ? code : curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
}

/* A finished transfer and its result, out of the union that Swift cannot read; NULL: no more. */
static inline CURL *martlet_multi_next_done(CURLM *multi, CURLcode *result) {
  int left = 0;
  for (CURLMsg *message; (message = curl_multi_info_read(multi, &left));) {
    if (message->msg != CURLMSG_DONE) continue;
    *result = message->data.result;
    return message->easy_handle;
  }
  return NULL;
}
